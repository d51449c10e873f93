
/*
 * "peer_link": a connection with each other node of ours.  All instances of an
 * interface share it, so they must agree about its port and its secret.
 */


#include "ngx_vrrp_check_conf.h"
#include "ngx_vrrp_directives.h"
#include "ngx_vrrp_ip.h"
#include "ngx_vrrp_params.h"
#include "ngx_vrrp_secret.h"


#define NGX_VRRP_PEER_PORT        30112
#define NGX_VRRP_PEER_MAX_NAMED   32
#define NGX_VRRP_PEER_MIN_SECRET  16


typedef struct {
    int64_t          port;
    vrrp_core_str_t  secret_file;
} ngx_vrrp_peer_values_t;


static char *ngx_vrrp_peer_witness(ngx_conf_t *cf, ngx_vrrp_instance_t *in);
static char *ngx_vrrp_peer_address(ngx_conf_t *cf, ngx_array_t *list,
    ngx_str_t *arg);
static char *ngx_vrrp_peer_secret(ngx_conf_t *cf, vrrp_core_str_t *secret);
static const char *ngx_vrrp_peer_secret_wrong(ngx_str_t *line);
static char *ngx_vrrp_peer_named(ngx_conf_t *cf, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic);
static vrrp_core_link_conf_t *ngx_vrrp_peer_find(ngx_vrrp_conf_t *vcf,
    const vrrp_core_str_t *interface, uint8_t family);


/* "peer=" may be repeated, and is read elsewhere: here it is for messages */

static ngx_vrrp_param_t  ngx_vrrp_peer_link_list[] = {

    { ngx_string("port="),
      1,
      ngx_vrrp_param_number(ngx_vrrp_peer_values_t, port,
                            ngx_vrrp_parse_number, 1, 65535,
                            NGX_VRRP_PEER_PORT,
                            "must be 1-65535") },

    { ngx_string("secret_file="),
      1,
      ngx_vrrp_param_core_text(ngx_vrrp_peer_values_t, secret_file,
                               ngx_vrrp_valid_text,
                               "must be the name of a file") },

    { ngx_string("peer="),
      1,
      ngx_vrrp_param_core_text(ngx_vrrp_peer_values_t, secret_file,
                               ngx_vrrp_valid_text,
                               "must be an IPv4 or IPv6 address") },

    ngx_vrrp_last_param
};


static ngx_vrrp_directive_t  ngx_vrrp_peer_link_directives[] = {
    { "peer_link", 1 },
    { NULL, 0 }
};


static ngx_vrrp_params_t  ngx_vrrp_peer_link_params = {
    ngx_vrrp_peer_link_list,
    ngx_vrrp_peer_link_directives,
    sizeof(ngx_vrrp_directive_t)
};


char *
ngx_vrrp_conf_peer_link(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t               *value, *rest;
    ngx_uint_t               i, nrest;
    ngx_array_t              named;
    ngx_vrrp_peer_values_t   values;

    if (in->peer_link) {
        return "is duplicate";
    }

    in->peer_link = 1;
    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        return (cf->args->nelts == 2) ? NGX_CONF_OK
                                      : "has parameters after \"off\"";
    }

    if (ngx_strcmp(value[1].data, "on") != 0) {
        return ngx_vrrp_conf_invalid(cf, &value[0], &value[1],
                                     "must be \"on\" or \"off\"");
    }

    rest = ngx_palloc(cf->pool, cf->args->nelts * sizeof(ngx_str_t));

    if (rest == NULL
        || ngx_array_init(&named, cf->pool, 2, sizeof(vrrp_core_ip_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    nrest = 0;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "peer=", 5) != 0) {
            rest[nrest++] = value[i];
            continue;
        }

        if (ngx_vrrp_peer_address(cf, &named, &value[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    ngx_memzero(&values, sizeof(ngx_vrrp_peer_values_t));

    if (ngx_vrrp_params_read(cf, &ngx_vrrp_peer_link_params,
                             ngx_vrrp_peer_link_directives, &values, rest,
                             nrest)
        != NGX_CONF_OK
        || ngx_vrrp_peer_secret(cf, &values.secret_file) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    in->core.peer_link = 1;
    in->core.peer_port = values.port;
    in->core.peer_secret_file = values.secret_file;
    in->core.peer_addresses = named.elts;
    in->core.npeer_addresses = named.nelts;

    return NGX_CONF_OK;
}


/* without a peer link, only a witness has an effect: it may be inherited */

char *
ngx_vrrp_conf_takeover_check(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t  *value;

    if (in->takeover_check) {
        return "is duplicate";
    }

    in->takeover_check = 1;
    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        in->core.takeover_unchecked = 1;

        return (cf->args->nelts == 2) ? NGX_CONF_OK
                                      : "has parameters after \"off\"";
    }

    if (ngx_strcmp(value[1].data, "peer") != 0) {
        return ngx_vrrp_conf_invalid(cf, &value[0], &value[1],
                                     "must be \"peer\" or \"off\"");
    }

    return (cf->args->nelts == 2) ? NGX_CONF_OK
                                  : ngx_vrrp_peer_witness(cf, in);
}


/* a tracker that is neither a fault nor changes the priority */

static char *
ngx_vrrp_peer_witness(ngx_conf_t *cf, ngx_vrrp_instance_t *in)
{
    char              *rv;
    ngx_str_t         *value, words[2];
    ngx_array_t        args, *given;
    ngx_vrrp_check_t  *check;

    value = cf->args->elts;

    if (ngx_strncmp(value[2].data, "ping=", sizeof("ping=") - 1) != 0
        && ngx_strncmp(value[2].data, "http=", sizeof("http=") - 1) != 0)
    {
        return ngx_vrrp_failed(cf, "invalid parameter \"%V\": "
                               "\"takeover_check\" supports \"ping=\" and "
                               "\"http=\"", &value[2]);
    }

    check = ngx_array_push(&in->trackers.list);
    if (check == NULL) {
        return NGX_CONF_ERROR;
    }

    words[0] = value[0];
    words[1] = value[2];

    ngx_memzero(&args, sizeof(ngx_array_t));
    args.elts = words;
    args.nelts = 2;

    given = cf->args;
    cf->args = &args;
    rv = ngx_vrrp_check_read(cf, check);
    cf->args = given;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    check->core.on_demand = 1;
    check->tracker.kind = check->kind->track;
    check->tracker.witness = 1;
    ngx_vrrp_core_str(&check->tracker.type, &value[0]);
    ngx_vrrp_core_str(&check->tracker.name, &value[2]);

    return NGX_CONF_OK;
}


void
ngx_vrrp_peer_drop_witness(ngx_vrrp_instance_t *in)
{
    ngx_uint_t         i, n;
    ngx_vrrp_check_t  *checks;

    checks = in->trackers.list.elts;
    n = 0;

    for (i = 0; i < in->trackers.list.nelts; i++) {
        if (!checks[i].tracker.witness) {
            checks[n++] = checks[i];
        }
    }

    in->trackers.list.nelts = n;
}


static char *
ngx_vrrp_peer_address(ngx_conf_t *cf, ngx_array_t *list, ngx_str_t *arg)
{
    ngx_uint_t       i;
    const char      *reason;
    vrrp_core_ip_t  *ip, *others;

    if (list->nelts == NGX_VRRP_PEER_MAX_NAMED) {
        return ngx_vrrp_failed(cf, "too many \"peer=\" of \"peer_link\", at "
                               "most %d are supported",
                               NGX_VRRP_PEER_MAX_NAMED);
    }

    ip = ngx_array_push(list);
    if (ip == NULL) {
        return NGX_CONF_ERROR;
    }

    reason = ngx_vrrp_parse_ip(arg->data + 5, arg->len - 5, ip);

    if (reason) {
        return ngx_vrrp_failed(cf, "invalid parameter \"%V\" of \"peer_link\": "
                               "%s", arg, reason);
    }

    others = list->elts;

    for (i = 0; i + 1 < list->nelts; i++) {
        if (ngx_vrrp_same_ip(&others[i], ip)) {
            return ngx_vrrp_failed(cf, "duplicate parameter \"%V\" of "
                                   "\"peer_link\"", arg);
        }
    }

    return NGX_CONF_OK;
}


/* the full name of the file takes the place of its name */

static char *
ngx_vrrp_peer_secret(ngx_conf_t *cf, vrrp_core_str_t *secret)
{
    ngx_str_t  file;

    if (secret->len == 0) {
        return NGX_CONF_OK;
    }

#if !(NGX_SSL)

    return ngx_vrrp_failed(cf, "\"secret_file=\" of \"peer_link\" is not "
                           "supported: this nginx was built without "
                           "\"--with-http_ssl_module\"");

#endif

    file.data = (u_char *) secret->data;
    file.len = secret->len;

    if (ngx_vrrp_secret_check_line(cf, "secret_file=", &file,
                                   ngx_vrrp_peer_secret_wrong)
        == NGX_ERROR)
    {
        return NGX_CONF_ERROR;
    }

    ngx_vrrp_core_str(secret, &file);

    return NGX_CONF_OK;
}


static const char *
ngx_vrrp_peer_secret_wrong(ngx_str_t *line)
{
    return (line->len < NGX_VRRP_PEER_MIN_SECRET
            || line->len > VRRP_CORE_LINK_MAX_SECRET)
           ? "must have 16 to 256 characters, as from \"openssl rand -hex 32\""
           : NULL;
}


/* with an authentication, what the link says must be authentic, too */

char *
ngx_vrrp_peer_rules(ngx_conf_t *cf, ngx_vrrp_instance_t *in)
{
    if (in->core.peer_link && in->core.nhmac_keys
        && in->core.peer_secret_file.len == 0)
    {
        return ngx_vrrp_failed(cf, "vrrp_instance \"%*s\": \"peer_link\" needs "
                               "\"secret_file=\" with \"authentication HMAC\"",
                               in->core.name.len, in->core.name.data);
    }

    return NGX_CONF_OK;
}


char *
ngx_vrrp_peer_pair(ngx_conf_t *cf, const vrrp_core_instance_conf_t *ic,
    const vrrp_core_instance_conf_t *other)
{
    if (!ic->peer_link || !other->peer_link
        || !ngx_vrrp_same_str(&ic->interface, &other->interface))
    {
        return NGX_CONF_OK;
    }

    if (ic->peer_port != other->peer_port) {
        return ngx_vrrp_failed(cf, "vrrp_instance \"%*s\": \"port=%L\" of "
                               "\"peer_link\" differs from \"port=%L\" of "
                               "vrrp_instance \"%*s\" on the same interface",
                               ic->name.len, ic->name.data, ic->peer_port,
                               other->peer_port, other->name.len,
                               other->name.data);
    }

    if (!ngx_vrrp_same_str(&ic->peer_secret_file, &other->peer_secret_file)) {
        return ngx_vrrp_failed(cf, "vrrp_instance \"%*s\": \"secret_file=\" of "
                               "\"peer_link\" differs from that of "
                               "vrrp_instance \"%*s\" on the same interface",
                               ic->name.len, ic->name.data, other->name.len,
                               other->name.data);
    }

    return NGX_CONF_OK;
}


char *
ngx_vrrp_peer_build(ngx_conf_t *cf, ngx_vrrp_conf_t *vcf)
{
    size_t                            i;
    vrrp_core_link_conf_t            *link;
    const vrrp_core_instance_conf_t  *ic;

    ic = vcf->core.instances;

    vcf->core.links = ngx_pcalloc(cf->pool, vcf->core.ninstances
                                            * sizeof(vrrp_core_link_conf_t));
    if (vcf->core.links == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < vcf->core.ninstances; i++) {

        if (!ic[i].peer_link
            || ngx_vrrp_peer_find(vcf, &ic[i].interface, ic[i].family))
        {
            continue;
        }

        link = &vcf->core.links[vcf->core.nlinks++];

        link->interface = ic[i].interface;
        link->family = ic[i].family;
        link->port = ic[i].peer_port;
        link->secret_file = ic[i].peer_secret_file;
        link->fd = -1;
    }

    for (i = 0; i < vcf->core.ninstances; i++) {
        if (ngx_vrrp_peer_named(cf, vcf, &ic[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_peer_named(ngx_conf_t *cf, ngx_vrrp_conf_t *vcf,
    const vrrp_core_instance_conf_t *ic)
{
    char                   text[INET6_ADDRSTRLEN];
    size_t                 i;
    const vrrp_core_ip_t  *ip;

    for (i = 0; ic->peer_link && i < ic->npeer_addresses; i++) {

        ip = &ic->peer_addresses[i];

        if (ngx_vrrp_peer_find(vcf, &ic->interface, ip->family)) {
            continue;
        }

        return ngx_vrrp_failed(cf, "vrrp_instance \"%*s\": \"peer=%s\" of "
                               "\"peer_link\" is IPv%d, but no vrrp_instance "
                               "on interface \"%*s\" has IPv%d addresses",
                               ic->name.len, ic->name.data,
                               ngx_vrrp_ip_text(ip, text), (int) ip->family,
                               ic->interface.len, ic->interface.data,
                               (int) ip->family);
    }

    return NGX_CONF_OK;
}


static vrrp_core_link_conf_t *
ngx_vrrp_peer_find(ngx_vrrp_conf_t *vcf, const vrrp_core_str_t *interface,
    uint8_t family)
{
    size_t                  i;
    vrrp_core_link_conf_t  *link;

    for (i = 0; i < vcf->core.nlinks; i++) {
        link = &vcf->core.links[i];

        if (link->family == family
            && ngx_vrrp_same_str(&link->interface, interface))
        {
            return link;
        }
    }

    return NULL;
}
