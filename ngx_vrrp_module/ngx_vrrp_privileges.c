
/*
 * What the vrrp process may do: be the nginx user, and change addresses and
 * open raw sockets, nothing else.
 */


#include "ngx_vrrp_process.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>


#define NGX_VRRP_CAPS                                                         \
    (((uint32_t) 1 << CAP_NET_ADMIN) | ((uint32_t) 1 << CAP_NET_RAW))


static ngx_int_t ngx_vrrp_set_user(ngx_cycle_t *cycle);
static ngx_int_t ngx_vrrp_set_capabilities(ngx_cycle_t *cycle,
    uint32_t *granted);


/*
 * NGX_ERROR: the process cannot shed what it must not have.  NGX_DECLINED: it
 * lacks what it needs, and *reason says what.
 */

ngx_int_t
ngx_vrrp_drop_privileges(ngx_cycle_t *cycle, const char **reason)
{
    uint32_t  granted;

    if (ngx_vrrp_set_user(cycle) != NGX_OK
        || ngx_vrrp_set_capabilities(cycle, &granted) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_errno,
                      "prctl(PR_SET_NO_NEW_PRIVS) failed");
        return NGX_ERROR;
    }

    if (granted == NGX_VRRP_CAPS) {
        return NGX_OK;
    }

    if (granted & ((uint32_t) 1 << CAP_NET_RAW)) {
        *reason = "CAP_NET_ADMIN is missing: start nginx as root or with "
                  "CAP_NET_ADMIN and CAP_NET_RAW";

    } else if (granted & ((uint32_t) 1 << CAP_NET_ADMIN)) {
        *reason = "CAP_NET_RAW is missing: start nginx as root or with "
                  "CAP_NET_ADMIN and CAP_NET_RAW";

    } else {
        *reason = "CAP_NET_ADMIN and CAP_NET_RAW are missing: start nginx "
                  "as root or with these capabilities";
    }

    return NGX_DECLINED;
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
ngx_vrrp_set_capabilities(ngx_cycle_t *cycle, uint32_t *granted)
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

    *granted = data[0].permitted & NGX_VRRP_CAPS;

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
