
/*
 * Where nginx's life meets the module's: each cycle has a configuration, and
 * then processes, which begin in ngx_vrrp_helper.c.
 */


#include "ngx_vrrp_lifecycle.h"
#include "ngx_vrrp_checks.h"
#include "ngx_vrrp_notify_conf.h"
#include "ngx_vrrp_fifo.h"
#include "ngx_vrrp_helper.h"
#include "ngx_vrrp_ipc.h"
#include "ngx_vrrp_master.h"
#include "ngx_vrrp_names.h"
#include "ngx_vrrp_ownership.h"
#include "ngx_vrrp_upstream.h"


static void ngx_vrrp_begin_generation(ngx_vrrp_conf_t *vcf);
static void ngx_vrrp_report_other_build(ngx_cycle_t *cycle);


/* when nginx was started; an upgraded one was long ago */
static int64_t  ngx_vrrp_started_at;


void *
ngx_vrrp_create_conf(ngx_cycle_t *cycle)
{
    ngx_vrrp_conf_t  *vcf;

    ngx_vrrp_module.commands = ngx_vrrp_recorded_commands();

    vcf = ngx_pcalloc(cycle->pool, sizeof(ngx_vrrp_conf_t));

    if (vcf == NULL
        || ngx_array_init(&vcf->instances, cycle->pool, 2,
                          sizeof(vrrp_core_instance_conf_t))
           != NGX_OK
        || ngx_array_init(&vcf->pools, cycle->pool, 4,
                          sizeof(ngx_vrrp_pool_t *))
           != NGX_OK
        || ngx_array_init(&vcf->unchecked, cycle->pool, 4,
                          sizeof(ngx_vrrp_unchecked_t))
           != NGX_OK
        || ngx_array_init(&vcf->matches, cycle->pool, 4,
                          sizeof(ngx_vrrp_match_t))
           != NGX_OK
        || ngx_array_init(&vcf->trackers, cycle->pool, 2,
                          sizeof(ngx_vrrp_trackers_t))
           != NGX_OK
        || ngx_array_init(&vcf->channels, cycle->pool, 4,
                          sizeof(ngx_vrrp_channel_t))
           != NGX_OK
        || ngx_array_init(&vcf->upstreams, cycle->pool, 4,
                          sizeof(vrrp_core_upstream_conf_t))
           != NGX_OK
        || ngx_array_init(&vcf->certificates, cycle->pool, 4,
                          sizeof(vrrp_core_certificate_conf_t))
           != NGX_OK
        || ngx_array_init(&vcf->groups, cycle->pool, 2,
                          sizeof(ngx_vrrp_group_t))
           != NGX_OK)
    {
        return NULL;
    }

    if (ngx_vrrp_ownership_inherit(cycle, vcf) != NGX_OK) {
        return NULL;
    }

    vcf->core.wake_fd = -1;
    vcf->core.demand_fd = -1;
    vcf->core.event_fds[0] = -1;
    vcf->core.event_fds[1] = -1;
    vcf->core.icmp_fds[0] = -1;
    vcf->core.icmp_fds[1] = -1;

    return vcf;
}


ngx_int_t
ngx_vrrp_init_module(ngx_cycle_t *cycle)
{
    int               checked;
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    if (ngx_is_init_cycle(cycle->old_cycle) && !ngx_inherited) {
        ngx_vrrp_started_at = vrrp_core_now();
    }

    if (!vcf->configured
        || ngx_test_config
        || ngx_process == NGX_PROCESS_SIGNALLER)
    {
        /* a binary before this one may have passed it on */

        if (vcf->core.ownership_fd != -1 && !ngx_test_config) {
            vrrp_core_ownership_start(vcf->core.ownership_fd, 0);
        }

        ngx_vrrp_ownership_close(vcf, cycle->log);

        return NGX_OK;
    }

    ngx_vrrp_freebind_commit(cycle);

    ngx_vrrp_report_other_build(cycle);

    if (ngx_vrrp_memory_create(cycle) != NGX_OK) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                      "vrrp: no shared memory, VRRP and health checks are "
                      "disabled, nginx keeps serving");
        return NGX_OK;
    }

    /* a worker watches the master process, beside "worker_connections" */

    cycle->connection_n++;

    ngx_vrrp_begin_generation(vcf);

    ngx_vrrp_resolve_begin(cycle);

    checked = vrrp_core_checks_begin(vcf->memory, &vcf->core);

    if (ngx_is_init_cycle(cycle->old_cycle)
        && ngx_vrrp_prepare_master(cycle) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_vrrp_ipc_open(cycle);
    ngx_vrrp_make_fifos(cycle);

    ngx_vrrp_helper_start(cycle, &ngx_vrrp_router_helper);
    ngx_vrrp_helper_start(cycle, &ngx_vrrp_notifier_helper);

    if (checked == VRRP_CORE_OK) {
        ngx_vrrp_mark_pools(cycle);
        ngx_vrrp_helper_start(cycle, &ngx_vrrp_checker_helper);
        ngx_vrrp_helper_start(cycle, &ngx_vrrp_runner_helper);

    } else {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                      "vrrp: no memory for check results, health checks are "
                      "disabled");
    }

    /* it is unmapped next: one that is respawned has nobody to tell */

    vcf->core.previous = NULL;

    return NGX_OK;
}


/*
 * Tells the processes of the old cycle that a reload is what ends them, not a
 * quit.
 */

static void
ngx_vrrp_begin_generation(ngx_vrrp_conf_t *vcf)
{
    vcf->core.generation = vrrp_core_begin_generation(vcf->memory,
                                                      vcf->core.previous);
    vcf->core.configured_at_ns = vrrp_core_now();

    /* a reload or a respawned process does not begin anew */

    if (vcf->startup_delay_ns && ngx_vrrp_started_at) {
        vcf->core.not_before_ns = ngx_vrrp_started_at
                                  + vcf->startup_delay_ns;
    }

    /* the clock starts at boot; a reload does not end the delay */

    if (vcf->delay_after_boot_ns > vcf->core.not_before_ns) {
        vcf->core.not_before_ns = vcf->delay_after_boot_ns;
        vcf->core.after_boot = 1;
    }
}


/* dlopen() of a file that was replaced returns the loaded one */

static void
ngx_vrrp_report_other_build(ngx_cycle_t *cycle)
{
    int   rc;
    char  builds[128];

    rc = vrrp_core_module_changed(builds, sizeof(builds));

    if (rc == VRRP_CORE_DECLINED) {
        ngx_log_error(NGX_LOG_WARN, cycle->log, 0,
                      "vrrp: the module file has changed (%s), this nginx runs "
                      "the old one until it is upgraded (USR2) or restarted",
                      builds);
    }
}


/*
 * A binary without this module has our descriptors, too, and does not close
 * them: a name that it keeps must not look like one of a living nginx.  The
 * binary that has started this one needs them again when this one ends first.
 */

void
ngx_vrrp_exit_master(ngx_cycle_t *cycle)
{
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    if (ngx_inherited && getppid() == ngx_parent) {
        return;
    }

    if (vcf && vcf->core.ownership_fd != -1
        && vrrp_core_ownership_passed_on(vcf->core.ownership_fd, ngx_pid)
           == VRRP_CORE_DECLINED)
    {
        ngx_vrrp_names_end(vcf);
    }
}
