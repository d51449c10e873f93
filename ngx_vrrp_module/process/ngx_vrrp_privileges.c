
/*
 * The rights of our processes: each runs as the nginx user, with only the
 * capabilities that it needs.
 */


#include "ngx_vrrp_privileges.h"

#include <sys/prctl.h>
#include <sys/syscall.h>


static ngx_int_t ngx_vrrp_set_user(ngx_cycle_t *cycle);
static ngx_int_t ngx_vrrp_set_capabilities(ngx_cycle_t *cycle,
    uint32_t wanted, uint32_t *granted);
static int ngx_vrrp_cap_call(long call, struct __user_cap_data_struct *data);


/*
 * A master that is not root has handed down what only the vrrp process needs.
 * Threads that exist already keep it, so this comes before there are any.  The
 * ambient set never has what the inheritable one has not.
 */

void
ngx_vrrp_worker_privileges(ngx_cycle_t *cycle)
{
    uint32_t                        taken;
    ngx_core_conf_t                *ccf;
    struct __user_cap_data_struct  data[2];

    if (geteuid() == 0) {
        /*
         * nginx is configured to run as root; otherwise it has dropped all of
         * this itself
         */
        return;
    }

    if (ngx_vrrp_cap_call(SYS_capget, data) == -1) {
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

    if (ngx_vrrp_cap_call(SYS_capset, data) == -1) {
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


ngx_int_t
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
    struct __user_cap_data_struct  data[2];

    if (ngx_vrrp_cap_call(SYS_capget, data) == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "capget() failed");
        return NGX_ERROR;
    }

    *granted = data[0].permitted & wanted;

    ngx_memzero(data, sizeof(data));

    data[0].permitted = *granted;
    data[0].effective = *granted;

    if (ngx_vrrp_cap_call(SYS_capset, data) == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "capset() failed");
        return NGX_ERROR;
    }

    /* clearing the inheritable set has emptied the ambient one */

    return NGX_OK;
}


static int
ngx_vrrp_cap_call(long call, struct __user_cap_data_struct *data)
{
    struct __user_cap_header_struct  header;

    ngx_memzero(&header, sizeof(struct __user_cap_header_struct));

    header.version = _LINUX_CAPABILITY_VERSION_3;

    return syscall(call, &header, data);
}


ngx_int_t
ngx_vrrp_no_new_privileges(ngx_cycle_t *cycle)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "prctl(PR_SET_NO_NEW_PRIVS) failed");
        return NGX_ERROR;
    }

    return NGX_OK;
}
