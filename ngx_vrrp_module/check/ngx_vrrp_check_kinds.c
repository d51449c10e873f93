
/*
 * The kinds of checks and trackers, with their parameters and defaults.  A new
 * one is a row of ngx_vrrp_check_kinds, and its parameters, if it has some.
 */


#include "ngx_vrrp_check_conf.h"
#include "ngx_vrrp_conf.h"
#include "ngx_vrrp_ip.h"
#include "ngx_vrrp_program.h"

#include <net/if.h>


static ngx_vrrp_check_kind_t *ngx_vrrp_check_kind(ngx_str_t *value);
static char *ngx_vrrp_check_unknown(ngx_conf_t *cf, ngx_str_t *value);
static char *ngx_vrrp_check_complete(ngx_conf_t *cf, ngx_vrrp_check_t *check);
static ngx_uint_t ngx_vrrp_track_is_known(ngx_vrrp_instance_t *in,
    ngx_str_t *value);

static char *ngx_vrrp_track_ping(ngx_conf_t *cf, ngx_vrrp_check_t *check);
static char *ngx_vrrp_witness_ping(ngx_conf_t *cf, ngx_vrrp_check_t *check);
static char *ngx_vrrp_ping_address(ngx_conf_t *cf, ngx_vrrp_check_t *check,
    ngx_str_t *address);
static char *ngx_vrrp_track_interface(ngx_conf_t *cf,
    ngx_vrrp_check_t *check);
static char *ngx_vrrp_track_gateway(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_check_t *check);
static char *ngx_vrrp_track_file(ngx_conf_t *cf, ngx_vrrp_check_t *check);
static char *ngx_vrrp_track_presence(ngx_conf_t *cf,
    ngx_vrrp_check_t *check);
static char *ngx_vrrp_track_path(ngx_conf_t *cf, ngx_vrrp_check_t *check,
    ngx_str_t *path);
static char *ngx_vrrp_track_script(ngx_conf_t *cf, ngx_vrrp_check_t *check);
static char *ngx_vrrp_script_build(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_check_t *check);

static ngx_int_t ngx_vrrp_set_weight(void *values, ngx_vrrp_param_t *param,
    ngx_str_t *value);
static ngx_int_t ngx_vrrp_set_min_up(void *values, ngx_vrrp_param_t *param,
    ngx_str_t *value);


/* groups of parameters, besides those of the header */

#define NGX_VRRP_WEIGHT  0x0008
#define NGX_VRRP_PROBE   0x0010
#define NGX_VRRP_HTTP    0x0020
#define NGX_VRRP_URI     0x0040
#define NGX_VRRP_STATUS  0x0080
#define NGX_VRRP_MATCH   0x0100
#define NGX_VRRP_POOL    0x0200
#define NGX_VRRP_PING    0x0400
#define NGX_VRRP_SCRIPT  0x0800
#define NGX_VRRP_LATCH   0x1000
#define NGX_VRRP_BFD     0x2000

#define NGX_VRRP_CHECK_PARAMS  (NGX_VRRP_ALL|NGX_VRRP_PROBE|NGX_VRRP_SERVER)
#define NGX_VRRP_FILE_PARAMS   (NGX_VRRP_ALL|NGX_VRRP_WEIGHT)
#define NGX_VRRP_STATE_PARAMS  (NGX_VRRP_FILE_PARAMS|NGX_VRRP_LATCH)
#define NGX_VRRP_TRACK_PARAMS  (NGX_VRRP_STATE_PARAMS|NGX_VRRP_PROBE)
#define NGX_VRRP_HTTP_PARAMS   (NGX_VRRP_HTTP|NGX_VRRP_MATCH)


/*
 * Intervals and numbers for the servers of an upstream are HAProxy's: 2s is
 * often enough for a balancer, and three failures are not a coincidence.  A
 * tracker makes an address move, for which 2s are long.  Upstreams, interfaces
 * and files report changes by themselves, or are the result of several checks:
 * one result is enough.
 */

static ngx_vrrp_check_kind_t  ngx_vrrp_check_kinds[] = {

    { { "vrrp_check tcp", NGX_VRRP_CHECK_PARAMS },
      VRRP_CORE_CHECK_TCP, VRRP_CORE_TRACK_CHECK, 2000, 3, 2,
      NULL, NULL },

    { { "vrrp_check http",
        NGX_VRRP_CHECK_PARAMS|NGX_VRRP_HTTP_PARAMS|NGX_VRRP_URI },
      VRRP_CORE_CHECK_HTTP, VRRP_CORE_TRACK_CHECK, 2000, 3, 2,
      NULL, NULL },

    { { "vrrp_check https",
        NGX_VRRP_CHECK_PARAMS|NGX_VRRP_HTTP_PARAMS|NGX_VRRP_URI
        |NGX_VRRP_TLS },
      VRRP_CORE_CHECK_HTTP, VRRP_CORE_TRACK_CHECK, 2000, 3, 2,
      NULL, NULL },

    { { "vrrp_check send-expect", NGX_VRRP_CHECK_PARAMS|NGX_VRRP_MATCH },
      VRRP_CORE_CHECK_SEND_EXPECT, VRRP_CORE_TRACK_CHECK, 2000, 3, 2,
      NULL, NULL },

    { { "track_upstream", NGX_VRRP_STATE_PARAMS|NGX_VRRP_POOL },
      VRRP_CORE_CHECK_NONE, VRRP_CORE_TRACK_POOL, 1000, 1, 1,
      NULL, ngx_vrrp_track_find_pool },

    { { "track_http http://",
        NGX_VRRP_TRACK_PARAMS|NGX_VRRP_HTTP_PARAMS|NGX_VRRP_STATUS },
      VRRP_CORE_CHECK_HTTP, VRRP_CORE_TRACK_CHECK, 1000, 3, 2,
      ngx_vrrp_track_http, NULL },

    { { "track_http https://",
        NGX_VRRP_TRACK_PARAMS|NGX_VRRP_HTTP_PARAMS|NGX_VRRP_STATUS
        |NGX_VRRP_TLS },
      VRRP_CORE_CHECK_HTTP, VRRP_CORE_TRACK_CHECK, 1000, 3, 2,
      ngx_vrrp_track_http, NULL },

    { { "track_tcp", NGX_VRRP_TRACK_PARAMS },
      VRRP_CORE_CHECK_TCP, VRRP_CORE_TRACK_CHECK, 1000, 3, 2,
      ngx_vrrp_track_tcp, NULL },

    { { "track_ping", NGX_VRRP_TRACK_PARAMS|NGX_VRRP_PING },
      VRRP_CORE_CHECK_PING, VRRP_CORE_TRACK_CHECK, 1000, 3, 2,
      ngx_vrrp_track_ping, ngx_vrrp_track_gateway },

    { { "track_interface", NGX_VRRP_STATE_PARAMS },
      VRRP_CORE_CHECK_NONE, VRRP_CORE_TRACK_INTERFACE, 1000, 1, 1,
      ngx_vrrp_track_interface, NULL },

    { { "track_file exists=", NGX_VRRP_STATE_PARAMS },
      VRRP_CORE_CHECK_FILE, VRRP_CORE_TRACK_CHECK, 1000, 1, 1,
      ngx_vrrp_track_presence, NULL },

    { { "track_file absent=", NGX_VRRP_STATE_PARAMS },
      VRRP_CORE_CHECK_FILE, VRRP_CORE_TRACK_CHECK, 1000, 1, 1,
      ngx_vrrp_track_presence, NULL },

    { { "track_file", NGX_VRRP_FILE_PARAMS },
      VRRP_CORE_CHECK_FILE, VRRP_CORE_TRACK_FILE, 1000, 1, 1,
      ngx_vrrp_track_file, NULL },

    { { "track_script", NGX_VRRP_TRACK_PARAMS|NGX_VRRP_SCRIPT },
      VRRP_CORE_CHECK_SCRIPT, VRRP_CORE_TRACK_CHECK, 1000, 3, 2,
      ngx_vrrp_track_script, ngx_vrrp_script_build },

    { { "track_bfd", NGX_VRRP_WEIGHT|NGX_VRRP_LATCH|NGX_VRRP_BFD },
      VRRP_CORE_CHECK_NONE, VRRP_CORE_TRACK_BFD, 1000, 1, 1,
      ngx_vrrp_track_bfd, ngx_vrrp_track_bfd_build },

    /* the vrrp process asks for more when it needs them */

    { { "takeover_check ping=", 0 },
      VRRP_CORE_CHECK_PING, VRRP_CORE_TRACK_CHECK, 10000, 3, 1,
      ngx_vrrp_witness_ping, ngx_vrrp_track_gateway },

    { { "takeover_check http=", 0 },
      VRRP_CORE_CHECK_HTTP, VRRP_CORE_TRACK_CHECK, 10000, 3, 1,
      ngx_vrrp_witness_http, NULL },

    { { NULL, 0 },
      VRRP_CORE_CHECK_NONE, VRRP_CORE_TRACK_CHECK, 0, 0, 0,
      NULL, NULL }
};


#define ngx_vrrp_number(field, parse, low, high, initial, expected)           \
    ngx_vrrp_param_number(ngx_vrrp_check_t, field, parse, low, high, initial, \
                          expected)

#define ngx_vrrp_text(field, valid, expected)                                 \
    ngx_vrrp_param_text(ngx_vrrp_check_t, field, valid, expected)

#define ngx_vrrp_core_text(field, valid, expected)                            \
    ngx_vrrp_param_core_text(ngx_vrrp_check_t, field, valid, expected)


/* in the order in which messages list them */

static ngx_vrrp_param_t  ngx_vrrp_check_list[] = {

    { ngx_string("uri="),
      NGX_VRRP_URI,
      ngx_vrrp_core_text(core.uri, ngx_vrrp_valid_uri,
                         "must begin with \"/\" and contain no spaces, or be "
                         "\"*\" with method=OPTIONS") },

    { ngx_string("host="),
      NGX_VRRP_HTTP,
      ngx_vrrp_core_text(core.host, ngx_vrrp_valid_host,
                         "must be the value of the \"Host\" header") },

    { ngx_string("method="),
      NGX_VRRP_HTTP,
      ngx_vrrp_core_text(core.method, ngx_vrrp_valid_method,
                         "must be GET, HEAD or OPTIONS") },

    { ngx_string("keepalive="),
      NGX_VRRP_HTTP,
      ngx_vrrp_number(core.keepalive, ngx_vrrp_parse_flag, 0, 1, 1,
                      "must be \"on\" or \"off\"") },

    { ngx_string("status="),
      NGX_VRRP_STATUS,
      ngx_vrrp_text(status, ngx_vrrp_valid_text,
                    "must be a list of statuses or ranges, as in "
                    "\"200,204,300-399\"") },

    { ngx_string("match="),
      NGX_VRRP_MATCH,
      ngx_vrrp_text(match, ngx_vrrp_valid_name, NGX_VRRP_NAME_EXPECTED) },

    { ngx_string("port="),
      NGX_VRRP_SERVER,
      ngx_vrrp_number(port, ngx_vrrp_parse_number, 1, 65535, 0,
                      "must be 1-65535") },

    { ngx_string("min_up="),
      NGX_VRRP_POOL,
      ngx_vrrp_param_any(ngx_vrrp_check_t, tracker.min_up,
                         ngx_vrrp_set_min_up, 1,
                         "must be a number of servers, or a percentage of "
                         "them from 1% to 100%") },

    { ngx_string("count="),
      NGX_VRRP_PING,
      ngx_vrrp_number(core.window, ngx_vrrp_parse_number, 1, 64, 1,
                      "must be a number of pings from 1 to 64") },

    { ngx_string("loss="),
      NGX_VRRP_PING,
      ngx_vrrp_number(core.loss_percent, ngx_vrrp_parse_percent, 1, 100,
                      NGX_CONF_UNSET, "must be 1%-100%") },

    { ngx_string("user="),
      NGX_VRRP_SCRIPT,
      ngx_vrrp_text(user, ngx_vrrp_valid_text,
                    "must be \"user\" or \"user:group\"") },

    { ngx_string("local="),
      NGX_VRRP_BFD,
      ngx_vrrp_text(local, ngx_vrrp_valid_text,
                    "must be an IPv4 or IPv6 address of this node") },

    { ngx_string("min_tx="),
      NGX_VRRP_BFD,
      ngx_vrrp_number(tracker.bfd.min_tx_ns, ngx_vrrp_parse_ns,
                      10 * NGX_VRRP_MSEC, 60 * NGX_VRRP_SEC,
                      300 * NGX_VRRP_MSEC, "must be a time from 10ms to 60s") },

    { ngx_string("min_rx="),
      NGX_VRRP_BFD,
      ngx_vrrp_number(tracker.bfd.min_rx_ns, ngx_vrrp_parse_ns,
                      10 * NGX_VRRP_MSEC, 60 * NGX_VRRP_SEC,
                      300 * NGX_VRRP_MSEC, "must be a time from 10ms to 60s") },

    { ngx_string("multiplier="),
      NGX_VRRP_BFD,
      ngx_vrrp_number(tracker.bfd.multiplier, ngx_vrrp_parse_number, 1, 255, 3,
                      "must be 1-255") },

    { ngx_string("multihop"),
      NGX_VRRP_BFD,
      ngx_vrrp_param_flag(ngx_vrrp_check_t, tracker.bfd.multihop) },

    { ngx_string("passive"),
      NGX_VRRP_BFD,
      ngx_vrrp_param_flag(ngx_vrrp_check_t, tracker.bfd.passive) },

    { ngx_string("interval="),
      NGX_VRRP_ALL,
      ngx_vrrp_number(core.interval_ns, ngx_vrrp_parse_ns, 10 * NGX_VRRP_MSEC,
                      NGX_VRRP_HOUR, NGX_CONF_UNSET,
                      "must be a time from 10ms to 1h") },

    { ngx_string("timeout="),
      NGX_VRRP_PROBE,
      ngx_vrrp_number(core.timeout_ns, ngx_vrrp_parse_ns, NGX_VRRP_MSEC,
                      NGX_VRRP_HOUR, NGX_CONF_UNSET,
                      "must be a time from 1ms to 1h") },

    { ngx_string("fall="),
      NGX_VRRP_ALL,
      ngx_vrrp_number(core.fall, ngx_vrrp_parse_number, 1, 1000,
                      NGX_CONF_UNSET, "must be 1-1000") },

    { ngx_string("rise="),
      NGX_VRRP_ALL,
      ngx_vrrp_number(core.rise, ngx_vrrp_parse_number, 1, 1000,
                      NGX_CONF_UNSET, "must be 1-1000") },

    { ngx_string("fastinter="),
      NGX_VRRP_PROBE,
      ngx_vrrp_number(core.fastinter_ns, ngx_vrrp_parse_ns,
                      10 * NGX_VRRP_MSEC, NGX_VRRP_HOUR, 0,
                      "must be a time from 10ms to 1h") },

    { ngx_string("downinter="),
      NGX_VRRP_PROBE,
      ngx_vrrp_number(core.downinter_ns, ngx_vrrp_parse_ns,
                      10 * NGX_VRRP_MSEC, NGX_VRRP_HOUR, 0,
                      "must be a time from 10ms to 1h") },

    { ngx_string("jitter="),
      NGX_VRRP_PROBE,
      ngx_vrrp_number(core.jitter_percent, ngx_vrrp_parse_percent, 0, 50, 10,
                      "must be 0%-50% of the interval") },

    { ngx_string("mandatory"),
      NGX_VRRP_SERVER,
      ngx_vrrp_param_flag(ngx_vrrp_check_t, mandatory) },

    { ngx_string("sni="),
      NGX_VRRP_TLS,
      ngx_vrrp_text(sni, ngx_vrrp_valid_sni,
                    "must be a host name, TLS does not allow IP addresses as "
                    "server names") },

    { ngx_string("verify="),
      NGX_VRRP_TLS,
      ngx_vrrp_number(verify, ngx_vrrp_parse_flag, 0, 1, 0,
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
      NGX_VRRP_WEIGHT,
      ngx_vrrp_param_any(ngx_vrrp_check_t, tracker.weighted,
                         ngx_vrrp_set_weight, 0,
                         "must be -253 to 253, but not 0: without \"weight=\" "
                         "a failure is a fault") },

    { ngx_string("latch"),
      NGX_VRRP_LATCH,
      ngx_vrrp_param_flag(ngx_vrrp_check_t, tracker.latch) },

    ngx_vrrp_last_param
};


static ngx_vrrp_params_t  ngx_vrrp_check_params = {
    ngx_vrrp_check_list,
    ngx_vrrp_check_kinds,
    sizeof(ngx_vrrp_check_kind_t)
};


char *
ngx_vrrp_check_read(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    ngx_str_t              *value;
    ngx_vrrp_check_kind_t  *kind;

    value = cf->args->elts;

    kind = ngx_vrrp_check_kind(value);

    if (kind == NULL) {
        return ngx_vrrp_check_unknown(cf, value);
    }

    ngx_memzero(check, sizeof(ngx_vrrp_check_t));
    ngx_vrrp_conf_line(cf, &check->place);

    check->kind = kind;
    check->name = value[1];
    check->nparams = cf->args->nelts - 2;
    check->params = ngx_palloc(cf->pool, (check->nparams + 1)
                                         * sizeof(ngx_str_t));
    if (check->params == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memcpy(check->params, &value[2], check->nparams * sizeof(ngx_str_t));

    if (ngx_vrrp_params_read(cf, &ngx_vrrp_check_params, &kind->directive,
                             check, &value[2], cf->args->nelts - 2)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_vrrp_check_complete(cf, check);
}


/* by the directive and, if it has several kinds, its first argument */

static ngx_vrrp_check_kind_t *
ngx_vrrp_check_kind(ngx_str_t *value)
{
    size_t                  len;
    const char             *name;
    ngx_vrrp_check_kind_t  *kind;

    for (kind = ngx_vrrp_check_kinds; kind->directive.name; kind++) {

        name = kind->directive.name;

        if (ngx_strncmp(name, value[0].data, value[0].len) != 0) {
            continue;
        }

        name += value[0].len;

        if (*name == '\0') {
            return kind;
        }

        if (*name++ != ' ') {
            continue;
        }

        /* "tcp" is the whole argument, "http://" and "exists=" begin it */

        len = ngx_strlen(name);

        if (name[len - 1] == '/' || name[len - 1] == '='
            ? ngx_strncasecmp(value[1].data, (u_char *) name, len) == 0
            : ngx_strcmp(value[1].data, name) == 0)
        {
            return kind;
        }
    }

    return NULL;
}


static char *
ngx_vrrp_check_unknown(ngx_conf_t *cf, ngx_str_t *value)
{
    u_char                 *p, *last, expected[NGX_MAX_CONF_ERRSTR];
    ngx_str_t               what = ngx_string("kind of check");
    const char             *before;
    ngx_vrrp_check_kind_t  *kind;

    if (ngx_strcmp(value[0].data, "vrrp_check") != 0) {
        return ngx_vrrp_conf_invalid(cf, &value[0], &value[1],
                                     NGX_VRRP_URL_EXPECTED);
    }

    /* "must be tcp, http, https or send-expect": the first rows */

    p = expected;
    last = expected + NGX_MAX_CONF_ERRSTR - 1;
    before = "must be ";

    for (kind = ngx_vrrp_check_kinds;
         kind->directive.groups & NGX_VRRP_SERVER;
         kind++)
    {
        p = ngx_slprintf(p, last, "%s%s", before,
                         kind->directive.name + sizeof("vrrp_check ") - 1);

        before = (kind[2].directive.groups & NGX_VRRP_SERVER) ? ", " : " or ";
    }

    *p = '\0';

    return ngx_vrrp_conf_invalid(cf, &what, &value[1], (char *) expected);
}


/* what depends on several parameters and on the first argument */

static char *
ngx_vrrp_check_complete(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    ngx_vrrp_check_kind_t  *kind;

    kind = check->kind;

    check->core.kind = kind->check;

    /* a server gets requests until it fails, an address must be earned */

    check->core.initial = ((kind->directive.groups & NGX_VRRP_SERVER)
                           && !check->mandatory)
                          ? VRRP_CORE_UP : VRRP_CORE_UNKNOWN;

    if (ngx_vrrp_check_timing(cf, check) != NGX_CONF_OK
        || (kind->parse && kind->parse(cf, check) != NGX_CONF_OK)
        || ngx_vrrp_check_http(cf, check) != NGX_CONF_OK
        || ngx_vrrp_check_match(cf, check) != NGX_CONF_OK
        || ngx_vrrp_check_tls(cf, check) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_vrrp_check_statuses(cf, check);
}


char *
ngx_vrrp_conf_track(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t         *value;
    ngx_vrrp_check_t  *check;

    value = cf->args->elts;

    if (ngx_vrrp_track_is_known(in, value)) {
        return ngx_vrrp_failed(cf, "duplicate %V \"%V\"", &value[0], &value[1]);
    }

    check = ngx_array_push(&in->trackers.list);

    if (check == NULL || ngx_vrrp_check_read(cf, check) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    check->tracker.kind = check->kind->track;
    ngx_vrrp_core_str(&check->tracker.type, &value[0]);
    ngx_vrrp_core_str(&check->tracker.name, &value[1]);

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_vrrp_track_is_known(ngx_vrrp_instance_t *in, ngx_str_t *value)
{
    ngx_uint_t         i;
    vrrp_core_str_t    type, name;
    ngx_vrrp_check_t  *checks;

    ngx_vrrp_core_str(&type, &value[0]);
    ngx_vrrp_core_str(&name, &value[1]);

    checks = in->trackers.list.elts;

    for (i = 0; i < in->trackers.list.nelts; i++) {
        if (ngx_vrrp_same_str(&checks[i].tracker.type, &type)
            && ngx_vrrp_same_str(&checks[i].tracker.name, &name))
        {
            return 1;
        }
    }

    return 0;
}


static char *
ngx_vrrp_track_ping(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    return ngx_vrrp_ping_address(cf, check, &check->name);
}


/* a lost ping is repeated soon */

static char *
ngx_vrrp_witness_ping(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    ngx_str_t  address;

    check->core.timeout_ns = 200 * NGX_VRRP_MSEC;

    address.data = check->name.data + sizeof("ping=") - 1;
    address.len = check->name.len - (sizeof("ping=") - 1);

    return ngx_vrrp_ping_address(cf, check, &address);
}


static char *
ngx_vrrp_ping_address(ngx_conf_t *cf, ngx_vrrp_check_t *check,
    ngx_str_t *address)
{
    ngx_str_t               *value;
    const char              *reason;
    vrrp_core_check_conf_t  *core;

    value = cf->args->elts;
    core = &check->core;

    if (ngx_strcmp(address->data, "gateway") == 0) {
        core->gateway = 1;
        reason = NULL;

    } else {
        reason = ngx_vrrp_parse_ip(address->data, address->len, &core->ip);
    }

    if (reason == NULL && !core->gateway && ngx_vrrp_link_local(&core->ip)) {
        reason = "it is a link-local address, which does not name its "
                 "interface: use another address of that host, or "
                 "\"track_ping gateway\"";
    }

    if (reason) {
        return ngx_vrrp_conf_invalid(cf, &value[0], &value[1], reason);
    }

    if (core->window == 1 && core->loss_percent != NGX_CONF_UNSET) {
        return ngx_vrrp_failed(cf, "\"loss=%L%%\" needs \"count=\" of at least "
                               "2: the loss is measured over that many pings",
                               core->loss_percent);
    }

    ngx_conf_init_value(core->loss_percent, 100);
    check->address = *address;

    return NGX_CONF_OK;
}


/* the gateway of the instance's family; the checker process looks it up */

static char *
ngx_vrrp_track_gateway(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_check_t *check)
{
    if (check->core.gateway) {
        check->core.ip.family = ic->family;
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_track_interface(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (!ngx_vrrp_valid_interface(&value[1])) {
        return ngx_vrrp_conf_invalid(cf, &value[0], &value[1],
                                     NGX_VRRP_INTERFACE_EXPECTED);
    }

    ngx_vrrp_core_str(&check->tracker.interface, &value[1]);

    if (if_nametoindex((char *) value[1].data) == 0) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "interface \"%V\" does not exist yet, "
                           "\"track_interface\" treats it as down until it "
                           "appears", &value[1]);
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_track_file(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    /* the tracker counts numbers, not results of the check */

    check->core.fall = 1;
    check->core.rise = 1;

    return ngx_vrrp_track_path(cf, check, &value[1]);
}


/* "exists=/run/drain" fails while the file exists, "absent=" while not */

static char *
ngx_vrrp_track_presence(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    size_t      skipped;
    ngx_str_t  *value, path;

    value = cf->args->elts;

    skipped = sizeof("exists=") - 1;

    path.data = value[1].data + skipped;
    path.len = value[1].len - skipped;

    check->core.file_test = (value[1].data[0] == 'e')
                            ? VRRP_CORE_FILE_EXISTS : VRRP_CORE_FILE_ABSENT;

    return ngx_vrrp_track_path(cf, check, &path);
}


static char *
ngx_vrrp_track_path(ngx_conf_t *cf, ngx_vrrp_check_t *check, ngx_str_t *path)
{
    ngx_str_t        *value;
    vrrp_core_str_t  *command;

    value = cf->args->elts;

    if (path->len == 0) {
        return ngx_vrrp_conf_invalid(cf, &value[0], &value[1],
                                     "must be the path of a file");
    }

    check->address = *path;
    command = ngx_palloc(cf->pool, sizeof(vrrp_core_str_t));

    if (command == NULL
        || ngx_conf_full_name(cf->cycle, &check->address, 0) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_vrrp_core_str(command, &check->address);
    check->core.command = command;
    check->core.ncommand = 1;

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_track_script(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (ngx_vrrp_program_path(cf, &value[1]) != NGX_CONF_OK
        || ngx_vrrp_program_parse(cf, &value[1], &check->user,
                                  &check->program)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    check->address = value[1];
    check->core.command = check->program.words;
    check->core.ncommand = check->program.nwords;

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_script_build(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic, ngx_vrrp_check_t *check)
{
    if (ngx_vrrp_program_check(cycle, &check->program, &check->tracker.type,
                               &check->place)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    check->core.uid = check->program.uid;
    check->core.gid = check->program.gid;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_vrrp_set_weight(void *values, ngx_vrrp_param_t *param, ngx_str_t *value)
{
    ngx_vrrp_check_t  *check = values;

    int64_t     n;
    ngx_str_t   digits;
    ngx_uint_t  minus;

    digits = *value;
    minus = (digits.len && digits.data[0] == '-');

    if (minus || (digits.len && digits.data[0] == '+')) {
        digits.data++;
        digits.len--;
    }

    n = ngx_vrrp_parse_number(&digits);

    if (n < 1 || n > 253) {
        return NGX_ERROR;
    }

    check->tracker.weighted = 1;
    check->tracker.weight = minus ? -n : n;

    return NGX_OK;
}


static ngx_int_t
ngx_vrrp_set_min_up(void *values, ngx_vrrp_param_t *param, ngx_str_t *value)
{
    ngx_vrrp_check_t  *check = values;

    return ngx_vrrp_parse_servers(value, &check->tracker.min_up,
                                  &check->tracker.min_up_percent);
}
