
/*
 * The rights of our processes: each runs as the nginx user, with only the
 * capabilities that it needs.
 */


#include "ngx_vrrp_privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>


#define ngx_vrrp_cap(cap)  ((uint32_t) 1 << (cap))

/* addresses, raw sockets */

#define NGX_VRRP_ROUTER_CAPS                                                 \
    (ngx_vrrp_cap(CAP_NET_ADMIN) | ngx_vrrp_cap(CAP_NET_RAW))

/*
 * A script becomes its own user, and is killed when its time is over.  Before,
 * each folder above it is looked at, also where only that user may.
 */

#define NGX_VRRP_RUNNER_CAPS                                                  \
    (ngx_vrrp_cap(CAP_SETUID) | ngx_vrrp_cap(CAP_SETGID)                      \
     | ngx_vrrp_cap(CAP_KILL) | ngx_vrrp_cap(CAP_DAC_READ_SEARCH))


static void ngx_vrrp_notifier_scripts(ngx_cycle_t *cycle,
    ngx_uint_t *scripts, ngx_uint_t *others);
static ngx_int_t ngx_vrrp_drop_privileges(ngx_cycle_t *cycle, uint32_t wanted,
    uint32_t *granted);
static ngx_int_t ngx_vrrp_set_user(ngx_cycle_t *cycle);
static ngx_int_t ngx_vrrp_set_capabilities(ngx_cycle_t *cycle,
    uint32_t wanted, uint32_t *granted);
static ngx_int_t ngx_vrrp_no_new_privileges(ngx_cycle_t *cycle);


/* *reason: the missing capabilities */

ngx_int_t
ngx_vrrp_router_privileges(ngx_cycle_t *cycle, const char **reason)
{
    uint32_t  granted;

    if (ngx_vrrp_drop_privileges(cycle, NGX_VRRP_ROUTER_CAPS, &granted)
        != NGX_OK
        || ngx_vrrp_no_new_privileges(cycle) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (granted == NGX_VRRP_ROUTER_CAPS) {
        return NGX_OK;
    }

    if (granted & ngx_vrrp_cap(CAP_NET_RAW)) {
        *reason = "CAP_NET_ADMIN is missing: start nginx as root or with "
                  "CAP_NET_ADMIN and CAP_NET_RAW";

    } else if (granted & ngx_vrrp_cap(CAP_NET_ADMIN)) {
        *reason = "CAP_NET_RAW is missing: start nginx as root or with "
                  "CAP_NET_ADMIN and CAP_NET_RAW";

    } else {
        *reason = "CAP_NET_ADMIN and CAP_NET_RAW are missing: start nginx "
                  "as root or with these capabilities";
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_vrrp_checker_privileges(ngx_cycle_t *cycle)
{
    uint32_t  granted;

    if (ngx_vrrp_drop_privileges(cycle, 0, &granted) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_vrrp_no_new_privileges(cycle);
}


/*
 * CAP_SETUID does for scripts of any user, root too, what user 0 would do.  A
 * script that is not root's loses them all with its execve().
 *
 * Not without new privileges: ping and sudo, which scripts call, are nothing
 * without them.
 */

ngx_int_t
ngx_vrrp_runner_privileges(ngx_cycle_t *cycle)
{
    uint32_t  granted;

    if (ngx_vrrp_drop_privileges(cycle, NGX_VRRP_RUNNER_CAPS, &granted)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return (granted == NGX_VRRP_RUNNER_CAPS) ? NGX_OK : NGX_DECLINED;
}


/*
 * As the runner process, if there are scripts of other users.  Without any
 * scripts it runs no programs that could want new privileges.
 */

ngx_int_t
ngx_vrrp_notifier_privileges(ngx_cycle_t *cycle)
{
    uint32_t    wanted, granted;
    ngx_uint_t  scripts, others;

    ngx_vrrp_notifier_scripts(cycle, &scripts, &others);

    wanted = others ? NGX_VRRP_RUNNER_CAPS : 0;

    if (ngx_vrrp_drop_privileges(cycle, wanted, &granted) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!scripts && ngx_vrrp_no_new_privileges(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    return (granted == wanted) ? NGX_OK : NGX_DECLINED;
}


/* while the process is still that of the master's user */

static void
ngx_vrrp_notifier_scripts(ngx_cycle_t *cycle, ngx_uint_t *scripts,
    ngx_uint_t *others)
{
    uid_t                           uid;
    gid_t                           gid;
    size_t                          i;
    ngx_core_conf_t                *ccf;
    ngx_vrrp_conf_t                *vcf;
    const vrrp_core_notify_conf_t  *channel;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);
    vcf = ngx_vrrp_get_conf(cycle);

    uid = (geteuid() == 0) ? ccf->user : geteuid();
    gid = (geteuid() == 0) ? ccf->group : getegid();

    *scripts = 0;
    *others = 0;

    for (i = 0; i < vcf->core.nchannels; i++) {
        channel = &vcf->core.channels[i];

        if (channel->kind == VRRP_CORE_NOTIFY_SCRIPT) {
            *scripts = 1;
            *others |= (channel->uid != uid || channel->gid != gid);
        }
    }
}


/*
 * A master that is not root has handed down what only the vrrp process needs.
 * Threads that exist already keep it, so this comes before there are any.  The
 * ambient set never has what the inheritable one has not.
 */

void
ngx_vrrp_worker_privileges(ngx_cycle_t *cycle)
{
    uint32_t                         taken;
    ngx_core_conf_t                 *ccf;
    struct __user_cap_data_struct    data[2];
    struct __user_cap_header_struct  header;

    if (geteuid() == 0) {
        /*
         * nginx is configured to run as root; otherwise it has dropped all of
         * this itself
         */
        return;
    }

    ngx_memzero(&header, sizeof(struct __user_cap_header_struct));
    ngx_memzero(data, sizeof(data));

    header.version = _LINUX_CAPABILITY_VERSION_3;

    if (syscall(SYS_capget, &header, data) == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "capget() failed, this process may keep CAP_NET_ADMIN "
                      "and CAP_NET_RAW");
        return;
    }

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    taken = NGX_VRRP_ROUTER_CAPS;

    if (ccf->transparent) {
        /* "proxy_bind ... transparent" */
        taken &= ~ngx_vrrp_cap(CAP_NET_RAW);
    }

    if (((data[0].permitted | data[0].inheritable) & taken) == 0) {
        return;
    }

    data[0].effective &= ~taken;
    data[0].permitted &= ~taken;
    data[0].inheritable &= ~taken;

    if (syscall(SYS_capset, &header, data) == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "capset() failed, this process keeps CAP_NET_ADMIN and "
                      "CAP_NET_RAW");
    }
}


void
ngx_vrrp_report_scripts(ngx_cycle_t *cycle)
{
    ngx_log_error(NGX_LOG_ERR, cycle->log, 0,
                  "vrrp: scripts of other users may fail because CAP_SETUID, "
                  "CAP_SETGID, CAP_KILL or CAP_DAC_READ_SEARCH is missing: "
                  "start nginx as root or with these capabilities");
}


/* granted: those of the wanted that there are */

static ngx_int_t
ngx_vrrp_drop_privileges(ngx_cycle_t *cycle, uint32_t wanted,
    uint32_t *granted)
{
    if (ngx_vrrp_set_user(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_vrrp_set_capabilities(cycle, wanted, granted);
}


static ngx_int_t
ngx_vrrp_set_user(ngx_cycle_t *cycle)
{
    ngx_core_conf_t  *ccf;

    if (geteuid() != 0) {
        return NGX_OK;
    }

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    if (setgid(ccf->group) == -1) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_errno,
                      "setgid(%d) failed", ccf->group);
        return NGX_ERROR;
    }

    if (initgroups(ccf->username, ccf->group) == -1) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_errno,
                      "initgroups(%s, %d) failed",
                      ccf->username, ccf->group);
        return NGX_ERROR;
    }

    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == -1) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_errno,
                      "prctl(PR_SET_KEEPCAPS, 1) failed");
        return NGX_ERROR;
    }

    if (setuid(ccf->user) == -1) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_errno,
                      "setuid(%d) failed", ccf->user);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_vrrp_set_capabilities(ngx_cycle_t *cycle, uint32_t wanted,
    uint32_t *granted)
{
    struct __user_cap_data_struct    data[2];
    struct __user_cap_header_struct  header;

    ngx_memzero(&header, sizeof(struct __user_cap_header_struct));
    ngx_memzero(data, sizeof(data));

    header.version = _LINUX_CAPABILITY_VERSION_3;

    if (syscall(SYS_capget, &header, data) == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "capget() failed");
        return NGX_ERROR;
    }

    *granted = data[0].permitted & wanted;

    ngx_memzero(data, sizeof(data));

    data[0].permitted = *granted;
    data[0].effective = *granted;

    if (syscall(SYS_capset, &header, data) == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "capset() failed");
        return NGX_ERROR;
    }

    /* clearing the inheritable set has emptied the ambient one */

    return NGX_OK;
}


/* of the programs that it runs, none may have more than it has itself */

static ngx_int_t
ngx_vrrp_no_new_privileges(ngx_cycle_t *cycle)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "prctl(PR_SET_NO_NEW_PRIVS) failed");
        return NGX_ERROR;
    }

    return NGX_OK;
}
