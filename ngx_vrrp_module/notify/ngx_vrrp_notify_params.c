
/*
 * The parameters "name=value" of the notify* directives.  Rules about
 * several of them are in ngx_vrrp_notify_conf.c.
 */


#include "ngx_vrrp_notify_conf.h"


#define NGX_VRRP_NOTIFY_CURL                                                  \
    (NGX_VRRP_NOTIFY_EMAIL|NGX_VRRP_NOTIFY_WEBHOOKS)


typedef struct {
    ngx_str_t            name;
    ngx_int_t            value;
} ngx_vrrp_notify_name_t;


static ngx_uint_t ngx_vrrp_valid_prefix(ngx_str_t *value);
static ngx_int_t ngx_vrrp_set_events(void *values, ngx_vrrp_param_t *param,
    ngx_str_t *value);
static ngx_int_t ngx_vrrp_set_format(void *values, ngx_vrrp_param_t *param,
    ngx_str_t *value);
static ngx_vrrp_notify_name_t *ngx_vrrp_notify_name(
    ngx_vrrp_notify_name_t *names, u_char *data, size_t len);


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
      ngx_vrrp_param_any(ngx_vrrp_notify_params_t, format, ngx_vrrp_set_format,
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
      ngx_vrrp_param_any(ngx_vrrp_notify_params_t, events, ngx_vrrp_set_events,
                         NGX_CONF_UNSET,
                         "must be a list of state, tracker, upstream and "
                         "split_brain, as in \"state,split_brain\"") },

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


static ngx_vrrp_notify_name_t  ngx_vrrp_notify_events[] = {
    { ngx_string("state"), VRRP_CORE_EVENT_STATE },
    { ngx_string("tracker"), VRRP_CORE_EVENT_TRACKER },
    { ngx_string("upstream"), VRRP_CORE_EVENT_UPSTREAM },
    { ngx_string("split_brain"), VRRP_CORE_EVENT_SPLIT_BRAIN },
    { ngx_null_string, 0 }
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


u_char *
ngx_vrrp_webhook_list(u_char *list, size_t flag, const char *conjunction)
{
    u_char                      *p, *last;
    size_t                       i;
    const char                  *name;
    vrrp_core_webhook_format_t   format;

    p = list;
    last = list + NGX_VRRP_WEBHOOK_LIST_LEN;
    name = NULL;

    for (i = 0; vrrp_core_webhook_format(i, &format) == VRRP_CORE_OK; i++) {

        if (flag != NGX_VRRP_ALL_FORMATS && !((u_char *) &format)[flag]) {
            continue;
        }

        if (name) {
            p = ngx_slprintf(p, last, "%s%s", (p == list) ? "" : ", ", name);
        }

        name = format.name;
    }

    ngx_slprintf(p, last, " %s %s%Z", conjunction, name);

    return list;
}


static ngx_uint_t
ngx_vrrp_valid_prefix(ngx_str_t *value)
{
    return value->len <= 100 && ngx_vrrp_valid_line(value);
}


static ngx_int_t
ngx_vrrp_set_events(void *values, ngx_vrrp_param_t *param, ngx_str_t *value)
{
    ngx_vrrp_notify_params_t  *params = values;

    u_char                  *p, *end, *comma;
    ngx_vrrp_notify_name_t  *event;

    params->events = 0;

    end = value->data + value->len;

    for (p = value->data; p <= end; p = comma + 1) {

        comma = ngx_strlchr(p, end, ',');

        if (comma == NULL) {
            comma = end;
        }

        event = ngx_vrrp_notify_name(ngx_vrrp_notify_events, p, comma - p);

        if (event == NULL) {
            return NGX_ERROR;
        }

        params->events |= event->value;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_vrrp_set_format(void *values, ngx_vrrp_param_t *param, ngx_str_t *value)
{
    ngx_vrrp_notify_params_t  *params = values;

    size_t                      i;
    vrrp_core_webhook_format_t  format;

    static u_char  list[NGX_VRRP_WEBHOOK_LIST_LEN];
    static u_char  expected[sizeof("must be ") + NGX_VRRP_WEBHOOK_LIST_LEN];

    for (i = 0; vrrp_core_webhook_format(i, &format) == VRRP_CORE_OK; i++) {

        if (ngx_strcmp(value->data, format.name) == 0) {
            params->format = i;
            return NGX_OK;
        }
    }

    ngx_sprintf(expected, "must be %s%Z",
                ngx_vrrp_webhook_list(list, NGX_VRRP_ALL_FORMATS, "or"));

    param->bounds.expected = (const char *) expected;

    return NGX_ERROR;
}


static ngx_vrrp_notify_name_t *
ngx_vrrp_notify_name(ngx_vrrp_notify_name_t *names, u_char *data, size_t len)
{
    ngx_vrrp_notify_name_t  *name;

    for (name = names; name->name.len; name++) {

        if (name->name.len == len
            && ngx_strncmp(name->name.data, data, len) == 0)
        {
            return name;
        }
    }

    return NULL;
}
