
/*
 * Keeps the vrrp process on time on a busy machine: a realtime priority, and
 * memory that is never paged out.  Both are set while the process is still
 * privileged, and remain.  Without them the process continues.
 */


#include "ngx_vrrp_scheduling.h"

#include <link.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>


static ngx_int_t ngx_vrrp_set_realtime(ngx_int_t priority, ngx_log_t *log);
static ngx_int_t ngx_vrrp_lock_memory(ngx_log_t *log);
static int ngx_vrrp_lock_object(struct dl_phdr_info *info, size_t size,
    void *data);


void
ngx_vrrp_set_scheduling(ngx_cycle_t *cycle, vrrp_router_facts_t *facts)
{
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    if (vcf->realtime_priority
        && ngx_vrrp_set_realtime(vcf->realtime_priority, cycle->log) == NGX_OK)
    {
        facts->realtime_priority = (int) vcf->realtime_priority;
    }

    if (vcf->mlock && ngx_vrrp_lock_memory(cycle->log) == NGX_OK) {
        facts->mlock = 1;
    }
}


static ngx_int_t
ngx_vrrp_set_realtime(ngx_int_t priority, ngx_log_t *log)
{
    struct sched_param  param;

    ngx_memzero(&param, sizeof(struct sched_param));

    param.sched_priority = (int) priority;

    if (sched_setscheduler(0, SCHED_RR|SCHED_RESET_ON_FORK, &param) == -1) {
        ngx_log_error(NGX_LOG_WARN, log, ngx_errno,
                      "vrrp: sched_setscheduler(SCHED_RR, %i) failed, "
                      "continuing without \"realtime_priority\", which needs "
                      "CAP_SYS_NICE or RLIMIT_RTPRIO", priority);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * MCL_ONFAULT: the process maps all shared memory of nginx, and must not make
 * a cache of gigabytes resident that it never looks at.  What it may need in
 * a hurry, all of its code, is read in explicitly.
 *
 * The lock outlives CAP_IPC_LOCK, but from then on each new mapping and the
 * growth of the stack count against RLIMIT_MEMLOCK, together with all that is
 * mapped already: unless there is no limit, an allocation or a function call
 * could fail at any time.  No lock is better than such a lock.
 */

static ngx_int_t
ngx_vrrp_lock_memory(ngx_log_t *log)
{
    struct rlimit  rlmt;

    rlmt.rlim_cur = RLIM_INFINITY;
    rlmt.rlim_max = RLIM_INFINITY;

    if (setrlimit(RLIMIT_MEMLOCK, &rlmt) == -1) {
        ngx_log_error(NGX_LOG_WARN, log, ngx_errno,
                      "vrrp: setrlimit(RLIMIT_MEMLOCK, infinity) failed, "
                      "continuing without \"mlock\", which needs this limit "
                      "before nginx starts, or CAP_SYS_RESOURCE");
        return NGX_ERROR;
    }

    if (mlockall(MCL_CURRENT|MCL_FUTURE|MCL_ONFAULT) == -1) {
        ngx_log_error(NGX_LOG_WARN, log, ngx_errno,
                      "vrrp: mlockall() failed, continuing without \"mlock\"");
        return NGX_ERROR;
    }

    (void) dl_iterate_phdr(ngx_vrrp_lock_object, log);

    return NGX_OK;
}


/* all segments of a program or library, a page that is missing is read */

static int
ngx_vrrp_lock_object(struct dl_phdr_info *info, size_t size, void *data)
{
    ngx_log_t *log = data;

    ngx_uint_t   i;
    uintptr_t    start, end;

    for (i = 0; i < info->dlpi_phnum; i++) {

        if (info->dlpi_phdr[i].p_type != PT_LOAD) {
            continue;
        }

        start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        end = start + info->dlpi_phdr[i].p_memsz;

        /* mlock() rounds to pages */

        if (mlock((void *) start, end - start) == -1) {
            ngx_log_error(NGX_LOG_WARN, log, ngx_errno,
                          "vrrp: mlock() of %s failed, its code is loaded on "
                          "demand",
                          info->dlpi_name[0] ? info->dlpi_name : "nginx");
            return 1;
        }
    }

    return 0;
}
