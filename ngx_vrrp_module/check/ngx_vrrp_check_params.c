
/*
 * The parameters "name=value" of checks and trackers.  Rules about several of
 * them are in ngx_vrrp_check_conf.c and ngx_vrrp_track_conf.c.
 */


#include "ngx_vrrp_check_params.h"


#define NGX_VRRP_PROBES                                                       \
    (NGX_VRRP_CHECKS|NGX_VRRP_TRACK_HTTP|NGX_VRRP_TRACK_HTTPS                 \
     |NGX_VRRP_TRACK_TCP|NGX_VRRP_TRACK_PING|NGX_VRRP_TRACK_SCRIPT)

#define NGX_VRRP_EVERYONE  (NGX_VRRP_CHECKS|NGX_VRRP_TRACKERS)


static ngx_int_t ngx_vrrp_set_weight(void *values, ngx_vrrp_param_t *param,
    ngx_str_t *value);
static ngx_int_t ngx_vrrp_set_min_up(void *values, ngx_vrrp_param_t *param,
    ngx_str_t *value);


#define ngx_vrrp_number(field, parse, low, high, expected)                    \
    ngx_vrrp_param_number(ngx_vrrp_check_params_t, field, parse, low, high,   \
                          expected)

#define ngx_vrrp_text(field, valid, expected)                                 \
    ngx_vrrp_param_text(ngx_vrrp_check_params_t, field, valid, expected)


/* in the order in which messages list them */

static ngx_vrrp_param_t  ngx_vrrp_check_param_table[] = {

    { ngx_string("uri="),
      NGX_VRRP_CHECK_HTTP|NGX_VRRP_CHECK_HTTPS,
      ngx_vrrp_text(uri, ngx_vrrp_valid_uri,
                    "must begin with \"/\" and contain no spaces, or be \"*\" "
                    "with method=OPTIONS") },

    { ngx_string("host="),
      NGX_VRRP_HTTP,
      ngx_vrrp_text(host, ngx_vrrp_valid_host,
                    "must be the value of the \"Host\" header") },

    { ngx_string("method="),
      NGX_VRRP_HTTP,
      ngx_vrrp_text(method, ngx_vrrp_valid_method,
                    "must be GET, HEAD or OPTIONS") },

    { ngx_string("keepalive="),
      NGX_VRRP_HTTP,
      ngx_vrrp_number(keepalive, ngx_vrrp_parse_flag, 0, 1,
                      "must be \"on\" or \"off\"") },

    { ngx_string("status="),
      NGX_VRRP_TRACK_HTTP|NGX_VRRP_TRACK_HTTPS,
      ngx_vrrp_text(status, ngx_vrrp_valid_text,
                    "must be a list of statuses or ranges, as in "
                    "\"200,204,300-399\"") },

    { ngx_string("match="),
      NGX_VRRP_HTTP|NGX_VRRP_CHECK_SEND_EXPECT,
      ngx_vrrp_text(match, ngx_vrrp_valid_name, NGX_VRRP_NAME_EXPECTED) },

    { ngx_string("port="),
      NGX_VRRP_CHECKS,
      ngx_vrrp_number(port, ngx_vrrp_parse_number, 1, 65535,
                      "must be 1-65535") },

    { ngx_string("min_up="),
      NGX_VRRP_TRACK_UPSTREAM,
      ngx_vrrp_param_any(ngx_vrrp_check_params_t, min_up, ngx_vrrp_set_min_up,
                        "must be a number of servers, or a percentage of them "
                        "from 1% to 100%") },

    { ngx_string("count="),
      NGX_VRRP_TRACK_PING,
      ngx_vrrp_number(count, ngx_vrrp_parse_number, 1, 64,
                      "must be a number of pings from 1 to 64") },

    { ngx_string("loss="),
      NGX_VRRP_TRACK_PING,
      ngx_vrrp_number(loss, ngx_vrrp_parse_percent, 1, 100,
                      "must be 1%-100%") },

    { ngx_string("user="),
      NGX_VRRP_TRACK_SCRIPT,
      ngx_vrrp_text(user, ngx_vrrp_valid_text,
                    "must be \"user\" or \"user:group\"") },

    { ngx_string("interval="),
      NGX_VRRP_EVERYONE,
      ngx_vrrp_number(interval, ngx_vrrp_parse_msec, 10, 3600000,
                      "must be a time from 10ms to 1h") },

    { ngx_string("timeout="),
      NGX_VRRP_PROBES,
      ngx_vrrp_number(timeout, ngx_vrrp_parse_msec, 1, 3600000,
                      "must be a time from 1ms to 1h") },

    { ngx_string("fall="),
      NGX_VRRP_EVERYONE,
      ngx_vrrp_number(fall, ngx_vrrp_parse_number, 1, 1000,
                      "must be 1-1000") },

    { ngx_string("rise="),
      NGX_VRRP_EVERYONE,
      ngx_vrrp_number(rise, ngx_vrrp_parse_number, 1, 1000,
                      "must be 1-1000") },

    { ngx_string("fastinter="),
      NGX_VRRP_PROBES,
      ngx_vrrp_number(fastinter, ngx_vrrp_parse_msec, 10, 3600000,
                      "must be a time from 10ms to 1h") },

    { ngx_string("downinter="),
      NGX_VRRP_PROBES,
      ngx_vrrp_number(downinter, ngx_vrrp_parse_msec, 10, 3600000,
                      "must be a time from 10ms to 1h") },

    { ngx_string("jitter="),
      NGX_VRRP_PROBES,
      ngx_vrrp_number(jitter, ngx_vrrp_parse_percent, 0, 50,
                      "must be 0%-50% of the interval") },

    { ngx_string("mandatory"),
      NGX_VRRP_CHECKS,
      ngx_vrrp_param_flag(ngx_vrrp_check_params_t, mandatory) },

    { ngx_string("sni="),
      NGX_VRRP_TLS,
      ngx_vrrp_text(sni, ngx_vrrp_valid_sni,
                    "must be a host name, TLS does not allow IP addresses as "
                    "server names") },

    { ngx_string("verify="),
      NGX_VRRP_TLS,
      ngx_vrrp_number(verify, ngx_vrrp_parse_flag, 0, 1,
                      "must be \"on\" or \"off\"") },

    { ngx_string("ca="),
      NGX_VRRP_TLS,
      ngx_vrrp_text(ca, ngx_vrrp_valid_text, "must be the path of a file") },

    { ngx_string("cert="),
      NGX_VRRP_TLS,
      ngx_vrrp_text(certificate, ngx_vrrp_valid_text,
                    "must be the path of a file") },

    { ngx_string("key="),
      NGX_VRRP_TLS,
      ngx_vrrp_text(certificate_key, ngx_vrrp_valid_text,
                    "must be the path of a file") },

    { ngx_string("weight="),
      NGX_VRRP_TRACKERS,
      ngx_vrrp_param_any(ngx_vrrp_check_params_t, weighted, ngx_vrrp_set_weight,
                        "must be -253 to 253, but not 0: without \"weight=\" "
                        "a failure is a fault") },

    ngx_vrrp_last_param
};


static ngx_vrrp_directive_t  ngx_vrrp_check_directives[] = {
    { NGX_VRRP_CHECK_TCP, "vrrp_check tcp" },
    { NGX_VRRP_CHECK_HTTP, "vrrp_check http" },
    { NGX_VRRP_CHECK_HTTPS, "vrrp_check https" },
    { NGX_VRRP_CHECK_SEND_EXPECT, "vrrp_check send-expect" },
    { NGX_VRRP_TRACK_UPSTREAM, "track_upstream" },
    { NGX_VRRP_TRACK_HTTP, "track_http http://" },
    { NGX_VRRP_TRACK_HTTPS, "track_http https://" },
    { NGX_VRRP_TRACK_TCP, "track_tcp" },
    { NGX_VRRP_TRACK_PING, "track_ping" },
    { NGX_VRRP_TRACK_INTERFACE, "track_interface" },
    { NGX_VRRP_TRACK_FILE, "track_file" },
    { NGX_VRRP_TRACK_SCRIPT, "track_script" },
    { 0, NULL }
};


static ngx_vrrp_params_t  ngx_vrrp_check_param_list = {
    ngx_vrrp_check_param_table,
    ngx_vrrp_check_directives
};


char *
ngx_vrrp_check_params(ngx_conf_t *cf, ngx_vrrp_check_params_t *params,
    ngx_uint_t directive, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_memzero(params, sizeof(ngx_vrrp_check_params_t));

    params->directive = directive;

    return ngx_vrrp_params_read(cf, &ngx_vrrp_check_param_list, directive,
                                    params, args, nargs);
}


const char *
ngx_vrrp_check_directive(ngx_uint_t directive)
{
    return ngx_vrrp_params_directive(&ngx_vrrp_check_param_list, directive);
}


static ngx_int_t
ngx_vrrp_set_weight(void *values, ngx_vrrp_param_t *param, ngx_str_t *value)
{
    ngx_vrrp_check_params_t  *params = values;

    ngx_int_t   n;
    ngx_str_t   digits;
    ngx_uint_t  minus;

    digits = *value;
    minus = (digits.len && digits.data[0] == '-');

    if (minus || (digits.len && digits.data[0] == '+')) {
        digits.data++;
        digits.len--;
    }

    n = ngx_atoi(digits.data, digits.len);

    if (n < 1 || n > 253) {
        return NGX_ERROR;
    }

    params->weighted = 1;
    params->weight = minus ? -n : n;

    return NGX_OK;
}


static ngx_int_t
ngx_vrrp_set_min_up(void *values, ngx_vrrp_param_t *param, ngx_str_t *value)
{
    ngx_vrrp_check_params_t  *params = values;

    ngx_int_t  n;

    n = ngx_vrrp_parse_percent(value);

    if (n != NGX_ERROR) {
        params->min_up = n;
        params->min_up_percent = 1;
        return (n >= 1 && n <= 100) ? NGX_OK : NGX_ERROR;
    }

    n = ngx_vrrp_parse_number(value);

    params->min_up = n;
    return (n >= 1 && n <= 65535) ? NGX_OK : NGX_ERROR;
}
