
/*
 * The parameters of a check together: their defaults, and the rules that join
 * two of them.
 */


#include "ngx_vrrp_check_conf.h"


/*
 * HAProxy's defaults for the servers of an upstream: 2s is often enough for a
 * balancer, and three failures are no accident.  A tracker makes an address
 * move, for which 2s are long.  What reports changes by itself, or is already
 * the result of several checks, is believed at once.
 */

typedef struct {
    ngx_uint_t           owners;
    ngx_int_t            interval;
    ngx_int_t            fall;
    ngx_int_t            rise;
} ngx_vrrp_timing_t;


static ngx_uint_t ngx_vrrp_check_kind(ngx_str_t *name);
static void ngx_vrrp_check_timing(ngx_vrrp_words_t *words,
    ngx_vrrp_check_t *check);
static char *ngx_vrrp_check_relations(ngx_conf_t *cf,
    ngx_vrrp_words_t *words);
static char *ngx_vrrp_check_http(ngx_conf_t *cf, ngx_vrrp_words_t *words,
    ngx_vrrp_check_t *check);
static char *ngx_vrrp_check_match(ngx_conf_t *cf, ngx_vrrp_words_t *words,
    ngx_vrrp_check_t *check);


static ngx_vrrp_timing_t  ngx_vrrp_timings[] = {
    { NGX_VRRP_CHECKS, 2000, 3, 2 },
    { NGX_VRRP_TRACK_HTTP|NGX_VRRP_TRACK_HTTPS|NGX_VRRP_TRACK_TCP
      |NGX_VRRP_TRACK_PING|NGX_VRRP_TRACK_SCRIPT, 1000, 3, 2 },
    { NGX_VRRP_TRACK_UPSTREAM|NGX_VRRP_TRACK_INTERFACE|NGX_VRRP_TRACK_FILE,
      1000, 1, 1 }
};


ngx_vrrp_check_t *
ngx_vrrp_check_create(ngx_conf_t *cf, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_str_t         what;
    ngx_uint_t        owner;
    ngx_vrrp_words_t  words;

    owner = ngx_vrrp_check_kind(&args[0]);

    if (owner == 0) {
        ngx_str_set(&what, "kind of check");
        (void) ngx_vrrp_conf_invalid(cf, &what, &args[0],
                                     "must be tcp, http, https or "
                                     "send-expect");
        return NULL;
    }

    if (ngx_vrrp_words_parse(cf, &words, owner, &args[1], nargs - 1)
        != NGX_CONF_OK)
    {
        return NULL;
    }

    if (ngx_vrrp_check_defaults(cf, &words) != NGX_CONF_OK) {
        return NULL;
    }

    return ngx_vrrp_check_from_words(cf, &words);
}


static ngx_uint_t
ngx_vrrp_check_kind(ngx_str_t *name)
{
    if (ngx_strcmp(name->data, "tcp") == 0) {
        return NGX_VRRP_CHECK_TCP;
    }

    if (ngx_strcmp(name->data, "http") == 0) {
        return NGX_VRRP_CHECK_HTTP;
    }

    if (ngx_strcmp(name->data, "https") == 0) {
        return NGX_VRRP_CHECK_HTTPS;
    }

    if (ngx_strcmp(name->data, "send-expect") == 0) {
        return NGX_VRRP_CHECK_SEND_EXPECT;
    }

    return 0;
}


ngx_vrrp_check_t *
ngx_vrrp_check_from_words(ngx_conf_t *cf, ngx_vrrp_words_t *words)
{
    ngx_vrrp_check_t  *check;

    check = ngx_pcalloc(cf->pool, sizeof(ngx_vrrp_check_t));
    if (check == NULL) {
        return NULL;
    }

    ngx_vrrp_conf_place(cf, &check->place);

    ngx_vrrp_check_timing(words, check);

    if (ngx_vrrp_check_http(cf, words, check) != NGX_CONF_OK
        || ngx_vrrp_check_match(cf, words, check) != NGX_CONF_OK
        || ngx_vrrp_check_tls(cf, words, check) != NGX_CONF_OK)
    {
        return NULL;
    }

    /* a server gets its requests until it fails, an address must be earned */

    check->core.initial = ((words->owner & NGX_VRRP_CHECKS)
                           && words->mandatory != 1)
                          ? VRRP_CORE_UP : VRRP_CORE_UNKNOWN;

    if (words->port != NGX_CONF_UNSET) {
        check->port = (in_port_t) words->port;
    }

    return check;
}


char *
ngx_vrrp_check_defaults(ngx_conf_t *cf, ngx_vrrp_words_t *words)
{
    ngx_vrrp_timing_t  *timing;

    timing = ngx_vrrp_timings;

    while (!(timing->owners & words->owner)) {
        timing++;
    }

    ngx_conf_init_value(words->interval, timing->interval);

    /* the next check should not have to wait for the end of this one */

    ngx_conf_init_value(words->timeout, ngx_min(words->interval, 1000));

    ngx_conf_init_value(words->fall, timing->fall);
    ngx_conf_init_value(words->rise, timing->rise);
    ngx_conf_init_value(words->jitter, 10);

    return ngx_vrrp_check_relations(cf, words);
}


static void
ngx_vrrp_check_timing(ngx_vrrp_words_t *words, ngx_vrrp_check_t *check)
{
    vrrp_core_check_conf_t  *core;

    core = &check->core;

    core->interval_ns = ngx_vrrp_msec_ns(words->interval);
    core->timeout_ns = ngx_vrrp_msec_ns(words->timeout);
    core->fall = (uint32_t) words->fall;
    core->rise = (uint32_t) words->rise;
    core->jitter_percent = (uint32_t) words->jitter;

    if (words->fastinter != NGX_CONF_UNSET) {
        core->fastinter_ns = ngx_vrrp_msec_ns(words->fastinter);
    }

    if (words->downinter != NGX_CONF_UNSET) {
        core->downinter_ns = ngx_vrrp_msec_ns(words->downinter);
    }
}


static char *
ngx_vrrp_check_relations(ngx_conf_t *cf, ngx_vrrp_words_t *words)
{
    if (words->fastinter > words->interval) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"fastinter\" is %ims, but must not be longer "
                           "than \"interval\" of %ims",
                           words->fastinter, words->interval);
        return NGX_CONF_ERROR;
    }

    if (words->timeout > words->interval) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"timeout\" is %ims, longer than \"interval\" "
                           "of %ims: the next check waits until this one "
                           "has ended",
                           words->timeout, words->interval);
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_check_http(ngx_conf_t *cf, ngx_vrrp_words_t *words,
    ngx_vrrp_check_t *check)
{
    vrrp_core_check_conf_t  *core;

    core = &check->core;

    if (!(words->owner & NGX_VRRP_HTTP)) {

        if (words->owner == NGX_VRRP_CHECK_SEND_EXPECT) {
            core->kind = VRRP_CORE_CHECK_SEND_EXPECT;
        }

        return NGX_CONF_OK;
    }

    if (words->uri.len == 0) {
        ngx_str_set(&words->uri, "/");
    }

    if (words->method.len == 0) {
        ngx_str_set(&words->method, "GET");
    }

    if (words->uri.data[0] == '*' && words->method.data[0] != 'O') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"uri=*\" needs \"method=OPTIONS\", "
                           "a %V request has a path", &words->method);
        return NGX_CONF_ERROR;
    }

    core->kind = VRRP_CORE_CHECK_HTTP;
    core->keepalive = (words->keepalive != 0);

    ngx_vrrp_core_str(&core->uri, &words->uri);
    ngx_vrrp_core_str(&core->method, &words->method);
    ngx_vrrp_core_str(&core->host, &words->host);

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_check_match(ngx_conf_t *cf, ngx_vrrp_words_t *words,
    ngx_vrrp_check_t *check)
{
    if (words->owner == NGX_VRRP_CHECK_SEND_EXPECT && words->match.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"vrrp_check send-expect\" needs \"match=\", the "
                           "name of a \"vrrp_match\" with \"send\" or "
                           "\"expect\"");
        return NGX_CONF_ERROR;
    }

    check->match = words->match;

    return NGX_CONF_OK;
}


/* "vrrp_check_panic N|N%|off" */

char *
ngx_vrrp_check_panic(ngx_conf_t *cf, ngx_uint_t *panic, ngx_uint_t *percent)
{
    ngx_int_t   n;
    ngx_str_t  *value;

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        *panic = 0;
        *percent = 0;
        return NGX_CONF_OK;
    }

    n = ngx_vrrp_parse_percent(&value[1]);
    *percent = (n != NGX_ERROR);

    if (n == NGX_ERROR) {
        n = ngx_vrrp_parse_number(&value[1]);
    }

    if (n < 1 || n > (*percent ? 100 : 65535)) {
        return ngx_vrrp_conf_invalid(cf, &value[0], &value[1],
                                     "must be a number of servers, a "
                                     "percentage of them from 1% to 100%, or "
                                     "\"off\"");
    }

    *panic = (ngx_uint_t) n;

    return NGX_CONF_OK;
}
