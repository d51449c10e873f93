
/*
 * "virtual_routes" and "virtual_rules": one route or rule each, in the words
 * of ip route and ip rule.
 */


#include "ngx_vrrp_directives.h"
#include "ngx_vrrp_ip.h"


/* of an IPv6 route without "metric" */
#define NGX_VRRP_IPV6_METRIC  1024


typedef struct {
    const char          *name;
    ngx_uint_t           offset;        /* in the route or rule */
    const char        *(*set)(void *field, ngx_str_t *value);  /* or a flag */
} ngx_vrrp_word_t;


typedef struct {
    const char          *name;
    uint8_t              kind;
} ngx_vrrp_kind_t;


static char *ngx_vrrp_words_read(ngx_conf_t *cf, ngx_vrrp_word_t *words,
    void *conf, ngx_uint_t first);
static char *ngx_vrrp_words_unknown(ngx_conf_t *cf, ngx_vrrp_word_t *words,
    ngx_str_t *word);
static uint8_t ngx_vrrp_route_kind(ngx_str_t *value);
static const char *ngx_vrrp_set_network(void *field, ngx_str_t *value);
static const char *ngx_vrrp_set_host(void *field, ngx_str_t *value);
static const char *ngx_vrrp_set_dev(void *field, ngx_str_t *value);
static const char *ngx_vrrp_set_uint32(void *field, ngx_str_t *value);
static const char *ngx_vrrp_set_table(void *field, ngx_str_t *value);
static const char *ngx_vrrp_set_scope(void *field, ngx_str_t *value);
static const char *ngx_vrrp_set_mtu(void *field, ngx_str_t *value);
static const char *ngx_vrrp_set_fwmark(void *field, ngx_str_t *value);
static int64_t ngx_vrrp_parse_uint32(u_char *p, u_char *last);
static char *ngx_vrrp_rules_route(ngx_conf_t *cf, ngx_vrrp_instance_t *in,
    vrrp_core_route_conf_t *route);
static const vrrp_core_route_conf_t *ngx_vrrp_find_route(
    const vrrp_core_route_conf_t *list, size_t n,
    const vrrp_core_route_conf_t *route);
static int64_t ngx_vrrp_route_metric(const vrrp_core_route_conf_t *route);
static ngx_uint_t ngx_vrrp_has_rule(const vrrp_core_rule_conf_t *list, size_t n,
    const vrrp_core_rule_conf_t *rule);
static ngx_uint_t ngx_vrrp_same_network(const vrrp_core_network_t *a,
    const vrrp_core_network_t *b);


static ngx_vrrp_kind_t  ngx_vrrp_kinds[] = {
    { "blackhole", VRRP_CORE_ROUTE_BLACKHOLE },
    { "unreachable", VRRP_CORE_ROUTE_UNREACHABLE },
    { "prohibit", VRRP_CORE_ROUTE_PROHIBIT },
    { NULL, 0 }
};


static ngx_vrrp_word_t  ngx_vrrp_route_words[] = {
    { "via", offsetof(vrrp_core_route_conf_t, via), ngx_vrrp_set_host },
    { "dev", offsetof(vrrp_core_route_conf_t, dev), ngx_vrrp_set_dev },
    { "src", offsetof(vrrp_core_route_conf_t, src), ngx_vrrp_set_host },
    { "metric", offsetof(vrrp_core_route_conf_t, metric),
      ngx_vrrp_set_uint32 },
    { "table", offsetof(vrrp_core_route_conf_t, table), ngx_vrrp_set_table },
    { "scope", offsetof(vrrp_core_route_conf_t, scope), ngx_vrrp_set_scope },
    { "mtu", offsetof(vrrp_core_route_conf_t, mtu), ngx_vrrp_set_mtu },
    { "onlink", offsetof(vrrp_core_route_conf_t, onlink), NULL },
    { "no_track", offsetof(vrrp_core_route_conf_t, no_track), NULL },
    { NULL, 0, NULL }
};


static ngx_vrrp_word_t  ngx_vrrp_rule_words[] = {
    { "from", offsetof(vrrp_core_rule_conf_t, from), ngx_vrrp_set_network },
    { "to", offsetof(vrrp_core_rule_conf_t, to), ngx_vrrp_set_network },
    { "iif", offsetof(vrrp_core_rule_conf_t, iif), ngx_vrrp_set_dev },
    { "oif", offsetof(vrrp_core_rule_conf_t, oif), ngx_vrrp_set_dev },
    { "fwmark", offsetof(vrrp_core_rule_conf_t, fwmark), ngx_vrrp_set_fwmark },
    { "table", offsetof(vrrp_core_rule_conf_t, table), ngx_vrrp_set_table },
    { "lookup", offsetof(vrrp_core_rule_conf_t, table), ngx_vrrp_set_table },
    { "priority", offsetof(vrrp_core_rule_conf_t, priority),
      ngx_vrrp_set_uint32 },
    { "pref", offsetof(vrrp_core_rule_conf_t, priority), ngx_vrrp_set_uint32 },
    { "no_track", offsetof(vrrp_core_rule_conf_t, no_track), NULL },
    { NULL, 0, NULL }
};


/* virtual_routes [kind] network|default [word value]... */

char *
ngx_vrrp_conf_virtual_routes(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t               *value;
    ngx_uint_t               n;
    const char              *reason;
    vrrp_core_route_conf_t  *route;

    if (in->routes.nelts == VRRP_CORE_MAX_ROUTES) {
        return "has too many routes, at most 255 are supported";
    }

    route = ngx_array_push(&in->routes);
    if (route == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(route, sizeof(vrrp_core_route_conf_t));

    route->table = 254;
    route->scope = -1;

    value = cf->args->elts;
    n = 1;

    route->kind = ngx_vrrp_route_kind(&value[n]);

    if (route->kind == 0) {
        route->kind = VRRP_CORE_ROUTE_USUAL;

    } else {
        n++;
    }

    if (n == cf->args->nelts) {
        return ngx_vrrp_failed(cf, "invalid number of arguments in "
                               "\"virtual_routes\" directive: a network is "
                               "missing");
    }

    reason = ngx_vrrp_set_network(&route->to, &value[n]);
    if (reason) {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[n], reason);
    }

    if (ngx_vrrp_words_read(cf, ngx_vrrp_route_words, route, n + 1)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (route->kind == VRRP_CORE_ROUTE_USUAL) {

        if (route->via.family == 0 && route->dev.len == 0) {
            return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[n],
                                         "\"via\" or \"dev\" is missing");
        }

    } else if (route->via.family || route->dev.len || route->src.family) {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                                     "it cannot have \"via\", \"dev\" or "
                                     "\"src\"");
    }

    return NGX_CONF_OK;
}


/* virtual_rules [kind] [word value]... */

char *
ngx_vrrp_conf_virtual_rules(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t              *value;
    vrrp_core_rule_conf_t  *rule;

    if (in->rules.nelts == VRRP_CORE_MAX_ROUTES) {
        return "has too many rules, at most 255 are supported";
    }

    rule = ngx_array_push(&in->rules);
    if (rule == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(rule, sizeof(vrrp_core_rule_conf_t));

    rule->table = NGX_CONF_UNSET;
    rule->priority = NGX_CONF_UNSET;

    value = cf->args->elts;

    rule->kind = ngx_vrrp_route_kind(&value[1]);

    if (ngx_vrrp_words_read(cf, ngx_vrrp_rule_words, rule,
                            rule->kind ? 2 : 1)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    /* the kernel would choose one, and the rule could not be found again */

    if (rule->priority == NGX_CONF_UNSET) {
        return ngx_vrrp_failed(cf, "\"priority\" of \"virtual_rules\" is "
                               "missing");
    }

    if (rule->kind == 0 && rule->table == NGX_CONF_UNSET) {
        return ngx_vrrp_failed(cf, "\"table\" of \"virtual_rules\" is "
                               "missing");
    }

    if (rule->kind && rule->table != NGX_CONF_UNSET) {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                                     "it cannot have \"table\"");
    }

    if (rule->kind == 0) {
        rule->kind = VRRP_CORE_ROUTE_USUAL;

    } else {
        rule->table = 254;
    }

    if (rule->from.address.family && rule->to.address.family
        && rule->from.address.family != rule->to.address.family)
    {
        return ngx_vrrp_failed(cf, "\"from\" and \"to\" of \"virtual_rules\" "
                               "have different address families");
    }

    rule->family = rule->from.address.family ? rule->from.address.family
                                             : rule->to.address.family;

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_words_read(ngx_conf_t *cf, ngx_vrrp_word_t *words, void *conf,
    ngx_uint_t first)
{
    char  *p = conf;

    uint64_t          given, bit;
    ngx_str_t        *value;
    ngx_uint_t        i;
    const char       *reason;
    ngx_vrrp_word_t  *word;

    value = cf->args->elts;
    given = 0;

    for (i = first; i < cf->args->nelts; i++) {

        for (word = words; word->name; word++) {
            if (ngx_strcmp(value[i].data, word->name) == 0) {
                break;
            }
        }

        if (word->name == NULL) {
            return ngx_vrrp_words_unknown(cf, words, &value[i]);
        }

        bit = (uint64_t) 1 << (word - words);

        if (given & bit) {
            return ngx_vrrp_failed(cf, "duplicate parameter \"%s\"",
                                   word->name);
        }

        given |= bit;

        if (word->set == NULL) {
            *(int64_t *) (p + word->offset) = 1;
            continue;
        }

        if (++i == cf->args->nelts) {
            return ngx_vrrp_failed(cf, "\"%s\" of \"%V\" has no value",
                                   word->name, &value[0]);
        }

        reason = word->set(p + word->offset, &value[i]);

        if (reason) {
            return ngx_vrrp_failed(cf, "invalid \"%s %V\" of \"%V\": %s",
                                   word->name, &value[i], &value[0], reason);
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_words_unknown(ngx_conf_t *cf, ngx_vrrp_word_t *words,
    ngx_str_t *unknown)
{
    u_char           *p, list[NGX_MAX_CONF_ERRSTR];
    ngx_str_t        *value;
    ngx_vrrp_word_t  *word;

    value = cf->args->elts;
    p = list;

    for (word = words; word->name; word++) {
        p = ngx_slprintf(p, list + NGX_MAX_CONF_ERRSTR, "%s\"%s\"",
                         (p == list) ? "" : ", ", word->name);
    }

    return ngx_vrrp_failed(cf, "invalid parameter \"%V\": \"%V\" supports %*s",
                           unknown, &value[0], (size_t) (p - list), list);
}


/* 0: the word is something else */

static uint8_t
ngx_vrrp_route_kind(ngx_str_t *value)
{
    ngx_vrrp_kind_t  *kind;

    for (kind = ngx_vrrp_kinds; kind->name; kind++) {
        if (ngx_strcmp(value->data, kind->name) == 0) {
            return kind->kind;
        }
    }

    return 0;
}


/* "default" has the family of the gateway or of the instance */

static const char *
ngx_vrrp_set_network(void *field, ngx_str_t *value)
{
    vrrp_core_network_t  *network = field;

    char         text[INET6_ADDRSTRLEN];
    u_char      *slash, *last;
    size_t       len;
    ngx_int_t    length, bits;
    ngx_uint_t   i;

    ngx_memzero(network, sizeof(vrrp_core_network_t));

    if (ngx_strcmp(value->data, "default") == 0
        || ngx_strcmp(value->data, "all") == 0)
    {
        return NULL;
    }

    last = value->data + value->len;
    slash = ngx_strlchr(value->data, last, '/');
    len = (slash ? slash : last) - value->data;

    if (len >= sizeof(text)) {
        return "must be an IPv4 or IPv6 network";
    }

    ngx_cpystrn((u_char *) text, value->data, len + 1);

    if (inet_pton(AF_INET, text, network->address.octets) == 1) {
        network->address.family = 4;

    } else if (inet_pton(AF_INET6, text, network->address.octets) == 1) {
        network->address.family = 6;

    } else {
        return "must be an IPv4 or IPv6 network";
    }

    bits = (network->address.family == 4) ? 32 : 128;
    length = slash ? ngx_atoi(slash + 1, last - slash - 1) : bits;

    if (length < 0 || length > bits) {
        return (bits == 32) ? "the prefix length must be 0-32"
                            : "the prefix length must be 0-128";
    }

    for (i = length; i < (ngx_uint_t) bits; i++) {
        if (network->address.octets[i / 8] & (0x80 >> (i % 8))) {
            return "it has bits after its prefix length, must be the address "
                   "of the network";
        }
    }

    network->prefix_length = (uint8_t) length;

    return NULL;
}


static const char *
ngx_vrrp_set_host(void *field, ngx_str_t *value)
{
    return ngx_vrrp_parse_ip(value->data, value->len, field);
}


static const char *
ngx_vrrp_set_dev(void *field, ngx_str_t *value)
{
    vrrp_core_str_t  *dev = field;

    if (!ngx_vrrp_valid_interface(value)) {
        return NGX_VRRP_INTERFACE_EXPECTED;
    }

    ngx_vrrp_core_str(dev, value);

    return NULL;
}


static const char *
ngx_vrrp_set_uint32(void *field, ngx_str_t *value)
{
    int64_t  *np = field;

    *np = ngx_vrrp_parse_uint32(value->data, value->data + value->len);

    return (*np == NGX_ERROR) ? "must be 0-4294967295" : NULL;
}


static const char *
ngx_vrrp_set_table(void *field, ngx_str_t *value)
{
    int64_t  *np = field;

    if (ngx_strcmp(value->data, "main") == 0) {
        *np = 254;

    } else {
        *np = ngx_vrrp_parse_uint32(value->data, value->data + value->len);
    }

    /* the kernel fills table 255, "local" */

    return (*np < 1 || *np == 255) ? "must be main, or 1-4294967295 without "
                                     "255" : NULL;
}


static const char *
ngx_vrrp_set_scope(void *field, ngx_str_t *value)
{
    int64_t  *np = field;

    *np = ngx_vrrp_parse_scope(value);

    return (*np < 0 || *np > 255) ? "must be global, site, link, host or 0-255"
                                  : NULL;
}


static const char *
ngx_vrrp_set_mtu(void *field, ngx_str_t *value)
{
    int64_t  *np = field;

    *np = ngx_vrrp_parse_number(value);

    return (*np < 68 || *np > 65535) ? "must be 68-65535" : NULL;
}


/* number[/mask], decimal or with 0x */

static const char *
ngx_vrrp_set_fwmark(void *field, ngx_str_t *value)
{
    int64_t  *mark = field;

    u_char                 *slash, *last;
    vrrp_core_rule_conf_t  *rule;

    rule = (vrrp_core_rule_conf_t *)
           ((char *) field - offsetof(vrrp_core_rule_conf_t, fwmark));

    last = value->data + value->len;
    slash = ngx_strlchr(value->data, last, '/');

    *mark = ngx_vrrp_parse_uint32(value->data, slash ? slash : last);
    rule->fwmask = slash ? ngx_vrrp_parse_uint32(slash + 1, last) : 0xffffffff;

    if (*mark == NGX_ERROR || rule->fwmask < 1) {
        return "must be a number, or a number and a mask as in \"0x10/0xff\"";
    }

    return NULL;
}


static int64_t
ngx_vrrp_parse_uint32(u_char *p, u_char *last)
{
    int64_t  n;

    if (last - p > 2 && p[0] == '0' && p[1] == 'x') {
        n = ngx_hextoi(p + 2, last - p - 2);

    } else {
        n = ngx_atoi(p, last - p);
    }

    return (n < 0 || n > 0xffffffff) ? NGX_ERROR : n;
}


char *
ngx_vrrp_rules_routes(ngx_conf_t *cf, ngx_array_t *instances,
    ngx_vrrp_instance_t *in)
{
    ngx_uint_t                  i, n;
    vrrp_core_rule_conf_t      *rules;
    vrrp_core_route_conf_t     *routes;
    vrrp_core_instance_conf_t  *others;

    routes = in->routes.elts;
    others = instances->elts;

    for (i = 0; i < in->routes.nelts; i++) {

        if (ngx_vrrp_rules_route(cf, in, &routes[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }

        for (n = 0; n < instances->nelts; n++) {

            if (ngx_vrrp_find_route(others[n].routes, others[n].nroutes,
                                    &routes[i]))
            {
                return ngx_vrrp_failed(cf, "vrrp_instance \"%*s\": "
                                       "vrrp_instance \"%*s\" has a "
                                       "\"virtual_routes\" with the same "
                                       "network, table and metric",
                                       in->core.name.len, in->core.name.data,
                                       others[n].name.len,
                                       others[n].name.data);
            }
        }
    }

    rules = in->rules.elts;

    for (i = 0; i < in->rules.nelts; i++) {
        if (rules[i].family == 0) {
            rules[i].family = in->core.family;
        }

        if (ngx_vrrp_has_rule(rules, i, &rules[i])) {
            return ngx_vrrp_failed(cf, "vrrp_instance \"%*s\": two "
                                   "\"virtual_rules\" are the same",
                                   in->core.name.len, in->core.name.data);
        }

        for (n = 0; n < instances->nelts; n++) {

            if (ngx_vrrp_has_rule(others[n].rules, others[n].nrules,
                                  &rules[i]))
            {
                return ngx_vrrp_failed(cf, "vrrp_instance \"%*s\": "
                                       "vrrp_instance \"%*s\" has the same "
                                       "\"virtual_rules\"",
                                       in->core.name.len, in->core.name.data,
                                       others[n].name.len,
                                       others[n].name.data);
            }
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_rules_route(ngx_conf_t *cf, ngx_vrrp_instance_t *in,
    vrrp_core_route_conf_t *route)
{
    uint8_t                  family;
    vrrp_core_route_conf_t  *first;

    family = route->to.address.family ? route->to.address.family
             : route->via.family ? route->via.family
             : route->src.family ? route->src.family
             : in->core.family;

    route->to.address.family = family;

    if ((route->via.family && route->via.family != family)
        || (route->src.family && route->src.family != family))
    {
        return ngx_vrrp_failed(cf, "vrrp_instance \"%*s\": network, \"via\" "
                               "and \"src\" of \"virtual_routes\" must have "
                               "the same address family",
                               in->core.name.len, in->core.name.data);
    }

    first = in->routes.elts;

    if (ngx_vrrp_find_route(first, route - first, route)) {
        return ngx_vrrp_failed(cf, "vrrp_instance \"%*s\": two "
                               "\"virtual_routes\" have the same network, "
                               "table and metric",
                               in->core.name.len, in->core.name.data);
    }

    return NGX_CONF_OK;
}


/* the kernel has room for one */

static const vrrp_core_route_conf_t *
ngx_vrrp_find_route(const vrrp_core_route_conf_t *list, size_t n,
    const vrrp_core_route_conf_t *route)
{
    size_t  i;

    for (i = 0; i < n; i++) {

        if (ngx_vrrp_same_ip(&list[i].to.address, &route->to.address)
            && list[i].to.prefix_length == route->to.prefix_length
            && list[i].table == route->table
            && ngx_vrrp_route_metric(&list[i]) == ngx_vrrp_route_metric(route))
        {
            return &list[i];
        }
    }

    return NULL;
}


/* IPv6 has a default metric */

static int64_t
ngx_vrrp_route_metric(const vrrp_core_route_conf_t *route)
{
    return (route->metric == 0 && route->to.address.family == 6)
           ? NGX_VRRP_IPV6_METRIC : route->metric;
}


static ngx_uint_t
ngx_vrrp_has_rule(const vrrp_core_rule_conf_t *list, size_t n,
    const vrrp_core_rule_conf_t *rule)
{
    size_t  i;

    for (i = 0; i < n; i++) {

        if (list[i].kind == rule->kind
            && list[i].family == rule->family
            && list[i].priority == rule->priority
            && list[i].table == rule->table
            && list[i].fwmark == rule->fwmark
            && list[i].fwmask == rule->fwmask
            && ngx_vrrp_same_str(&list[i].iif, &rule->iif)
            && ngx_vrrp_same_str(&list[i].oif, &rule->oif)
            && ngx_vrrp_same_network(&list[i].from, &rule->from)
            && ngx_vrrp_same_network(&list[i].to, &rule->to))
        {
            return 1;
        }
    }

    return 0;
}


/* "all" has the length 0, and may have a family */

static ngx_uint_t
ngx_vrrp_same_network(const vrrp_core_network_t *a,
    const vrrp_core_network_t *b)
{
    return a->prefix_length == b->prefix_length
           && (a->prefix_length == 0
               || ngx_vrrp_same_ip(&a->address, &b->address));
}
