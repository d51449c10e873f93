
/*
 * The core's messages in nginx's error log.
 */


#include "ngx_vrrp_process.h"


/* in the order of vrrp_core_log_level_e */

static ngx_uint_t  ngx_vrrp_log_levels[] = {
    NGX_LOG_ALERT,
    NGX_LOG_CRIT,
    NGX_LOG_ERR,
    NGX_LOG_WARN,
    NGX_LOG_NOTICE,
    NGX_LOG_INFO,
    NGX_LOG_DEBUG
};


void
ngx_vrrp_log(void *data, vrrp_core_log_level_e level, const char *text,
    size_t len)
{
    ngx_vrrp_loop_t *loop = data;

    ngx_log_error(ngx_vrrp_log_levels[level], loop->log, 0,
                  "vrrp: %*s", len, text);
}
