
/*
 * The parameters "name=value" of the notify* directives.  Rules about
 * several of them are in ngx_vrrp_notify_conf.c.
 */


#include "ngx_vrrp_notify_conf.h"


#define NGX_VRRP_NOTIFY_CURL                                                  \
    (NGX_VRRP_NOTIFY_EMAIL|NGX_VRRP_NOTIFY_WEBHOOKS)


static ngx_uint_t ngx_vrrp_valid_prefix(ngx_str_t *value);
static ngx_int_t ngx_vrrp_set_names(void *values, ngx_vrrp_param_t *param,
    ngx_str_t *value);

#define ngx_vrrp_number(field, parse, low, high, expected)                    \
    ngx_vrrp_param_number(ngx_vrrp_notify_params_t, field, parse, low, high,  \
                          NGX_CONF_UNSET, expected)

#define ngx_vrrp_text(field, valid, expected)                                 \
    ngx_vrrp_param_text(ngx_vrrp_notify_params_t, field, valid, expected)


/* in the order in which messages list them */

static ngx_vrrp_param_t  ngx_vrrp_notify_table[] = {

    { ngx_string("to="),
      NGX_VRRP_NOTIFY_EMAIL,
      ngx_vrrp_text(to, ngx_vrrp_valid_mailboxes,
                    "must be a list of addresses, as in "
                    "\"ops@example.org,boss@example.org\"") },

    { ngx_string("from="),
      NGX_VRRP_NOTIFY_EMAIL,
      ngx_vrrp_text(from, ngx_vrrp_valid_mailbox,
                    "must be an address, as in \"nginx@example.org\"") },

    { ngx_string("smtp="),
      NGX_VRRP_NOTIFY_EMAIL,
      ngx_vrrp_text(smtp, ngx_vrrp_valid_text,
                    "must begin with \"smtp://host\" or \"smtps://host\"") },

    { ngx_string("starttls="),
      NGX_VRRP_NOTIFY_EMAIL,
      ngx_vrrp_number(starttls, ngx_vrrp_parse_flag, 0, 1,
                      "must be \"on\" or \"off\"") },

    { ngx_string("user="),
      NGX_VRRP_NOTIFY_SCRIPTS,
      ngx_vrrp_text(user, ngx_vrrp_valid_text,
                    "must be \"user\" or \"user:group\"") },

    { ngx_string("user="),
      NGX_VRRP_NOTIFY_EMAIL,
      ngx_vrrp_text(user, ngx_vrrp_valid_text,
                    "must be the name of the SMTP user") },

    { ngx_string("password_file="),
      NGX_VRRP_NOTIFY_EMAIL,
      ngx_vrrp_text(password_file, ngx_vrrp_valid_text,
                    "must be the path of a file") },

    { ngx_string("helo="),
      NGX_VRRP_NOTIFY_EMAIL,
      ngx_vrrp_text(helo, ngx_vrrp_valid_sni,
                    "must be a domain name, as in \"lb01.example.org\"") },

    { ngx_string("format="),
      NGX_VRRP_NOTIFY_WEBHOOKS,
      ngx_vrrp_param_any(ngx_vrrp_notify_params_t, format, ngx_vrrp_set_names,
                         NGX_CONF_UNSET, NULL) },

    { ngx_string("prefix="),
      NGX_VRRP_NOTIFY_WEBHOOKS,
      ngx_vrrp_text(prefix, ngx_vrrp_valid_prefix,
                    "must be at most 100 bytes of text") },

    { ngx_string("secret_file="),
      NGX_VRRP_NOTIFY_WEBHOOKS,
      ngx_vrrp_text(secret_file, ngx_vrrp_valid_text,
                    "must be the path of a file") },

    { ngx_string("ca="),
      NGX_VRRP_NOTIFY_EMAIL|NGX_VRRP_NOTIFY_HTTPS,
      ngx_vrrp_text(ca, ngx_vrrp_valid_text, "must be the path of a file") },

    { ngx_string("verify="),
      NGX_VRRP_NOTIFY_EMAIL|NGX_VRRP_NOTIFY_HTTPS,
      ngx_vrrp_number(verify, ngx_vrrp_parse_flag, 0, 1,
                      "must be \"on\" or \"off\"") },

    { ngx_string("events="),
      NGX_VRRP_NOTIFY_FIFO|NGX_VRRP_NOTIFY_CURL,
      ngx_vrrp_param_any(ngx_vrrp_notify_params_t, events, ngx_vrrp_set_names,
                         NGX_CONF_UNSET, NULL) },

    { ngx_string("timeout="),
      NGX_VRRP_NOTIFY_SCRIPTS|NGX_VRRP_NOTIFY_CURL,
      ngx_vrrp_number(timeout, ngx_vrrp_parse_msec, 100, 3600000,
                      "must be a time from 100ms to 1h") },

    { ngx_string("expire="),
      NGX_VRRP_NOTIFY_CURL,
      ngx_vrrp_number(expire, ngx_vrrp_parse_msec, 1000, 604800000,
                      "must be a time from 1s to 7d") },

    ngx_vrrp_last_param
};


static ngx_vrrp_directive_t  ngx_vrrp_notify_directives[] = {
    { "notify_master", NGX_VRRP_NOTIFY_MASTER },
    { "notify_backup", NGX_VRRP_NOTIFY_BACKUP },
    { "notify_fault", NGX_VRRP_NOTIFY_FAULT },
    { "notify_stop", NGX_VRRP_NOTIFY_STOP },
    { "notify_deleted", NGX_VRRP_NOTIFY_DELETED },
    { "notify_master_rx_lower_pri", NGX_VRRP_NOTIFY_RX_LOWER },
    { "notify", NGX_VRRP_NOTIFY },
    { "notify_fifo", NGX_VRRP_NOTIFY_FIFO },
    { "notify_email", NGX_VRRP_NOTIFY_EMAIL },
    { "notify_webhook http://", NGX_VRRP_NOTIFY_HTTP },
    { "notify_webhook https://", NGX_VRRP_NOTIFY_HTTPS },
    { NULL, 0 }
};


static ngx_vrrp_params_t  ngx_vrrp_notify_param_list = {
    ngx_vrrp_notify_table,
    ngx_vrrp_notify_directives,
    sizeof(ngx_vrrp_directive_t)
};


char *
ngx_vrrp_notify_params(ngx_conf_t *cf, ngx_vrrp_notify_params_t *params,
    ngx_uint_t directive, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_vrrp_directive_t  *d;

    ngx_memzero(params, sizeof(ngx_vrrp_notify_params_t));

    for (d = ngx_vrrp_notify_directives; d->groups != directive; d++) {
        /* void */
    }

    return ngx_vrrp_params_read(cf, &ngx_vrrp_notify_param_list, d, params,
                                args, nargs);
}


static ngx_uint_t
ngx_vrrp_valid_prefix(ngx_str_t *value)
{
    return value->len <= 100 && ngx_vrrp_valid_line(value);
}


/* "events=" and "format=": the core has the names */

static ngx_int_t
ngx_vrrp_set_names(void *values, ngx_vrrp_param_t *param, ngx_str_t *value)
{
    char  *p = values;

    int              rc;
    uint32_t         parsed;
    vrrp_core_str_t  names;

    static char  expected[NGX_MAX_CONF_ERRSTR];

    ngx_vrrp_core_str(&names, value);

    parsed = 0;
    param->bounds.expected = expected;

    if (param->offset == offsetof(ngx_vrrp_notify_params_t, events)) {
        rc = vrrp_core_parse_events(&names, &parsed, expected,
                                    sizeof(expected));

    } else {
        rc = vrrp_core_parse_webhook_format(&names, &parsed, expected,
                                            sizeof(expected));
    }

    *(int64_t *) (p + param->offset) = parsed;

    return (rc == VRRP_CORE_OK) ? NGX_OK : NGX_ERROR;
}
