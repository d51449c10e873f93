
/*
 * $vrrp_state, $vrrp_is_master, and for an instance $vrrp_state_NAME and
 * $vrrp_effective_priority_NAME.  $vrrp_master_address and, for another node,
 * $vrrp_peer_address_NAME: a BACKUP can pass requests on.
 *
 * A worker looks into shared memory once in a millisecond at most, however
 * many requests it serves in that time.
 */


#include "ngx_http_vrrp_status.h"


/* the worst first; the last is MASTER */

static ngx_str_t  ngx_http_vrrp_states[] = {
    ngx_string("FAULT"),
    ngx_string("INIT"),
    ngx_string("BACKUP"),
    ngx_string("MASTER")
};

#define NGX_HTTP_VRRP_MASTER  3


typedef struct {
    vrrp_core_instance_t  *list;
    size_t                 n;
    ngx_msec_t             read_at;
} ngx_http_vrrp_instances_t;


static ngx_int_t ngx_http_vrrp_state_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_vrrp_is_master_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_vrrp_instance_state_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_vrrp_priority_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_vrrp_master_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_vrrp_instance_master_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_vrrp_peer_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_vrrp_address(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, const char *address);
static ngx_int_t ngx_http_vrrp_no_value(ngx_http_variable_value_t *v);
static ngx_int_t ngx_http_vrrp_value(ngx_http_variable_value_t *v,
    const ngx_str_t *text);

static ngx_http_vrrp_instances_t *ngx_http_vrrp_read_instances(void);
static const vrrp_core_instance_t *ngx_http_vrrp_instance_named(
    const ngx_str_t *variable, const ngx_str_t *prefix);
static ngx_uint_t ngx_http_vrrp_is_name(const char *name, const u_char *p,
    size_t len);
static ngx_int_t ngx_http_vrrp_least_state(void);
static ngx_int_t ngx_http_vrrp_state_of(const vrrp_core_instance_t *instance);


static ngx_str_t  ngx_http_vrrp_state_prefix = ngx_string("vrrp_state_");
static ngx_str_t  ngx_http_vrrp_priority_prefix =
    ngx_string("vrrp_effective_priority_");
static ngx_str_t  ngx_http_vrrp_master_prefix =
    ngx_string("vrrp_master_address_");
static ngx_str_t  ngx_http_vrrp_peer_prefix =
    ngx_string("vrrp_peer_address_");


static ngx_http_variable_t  ngx_http_vrrp_variables[] = {

    { ngx_string("vrrp_state"), NULL,
      ngx_http_vrrp_state_variable, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("vrrp_is_master"), NULL,
      ngx_http_vrrp_is_master_variable, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("vrrp_state_"), NULL,
      ngx_http_vrrp_instance_state_variable, 0,
      NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

    { ngx_string("vrrp_effective_priority_"), NULL,
      ngx_http_vrrp_priority_variable, 0,
      NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

    { ngx_string("vrrp_master_address"), NULL,
      ngx_http_vrrp_master_variable, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("vrrp_master_address_"), NULL,
      ngx_http_vrrp_instance_master_variable, 0,
      NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

    { ngx_string("vrrp_peer_address_"), NULL,
      ngx_http_vrrp_peer_variable, 0,
      NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

      ngx_http_null_variable
};


static ngx_http_vrrp_instances_t  ngx_http_vrrp_instances;


ngx_int_t
ngx_http_vrrp_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_vrrp_variables; v->name.len; v++) {

        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


/* of several instances the worst state */

static ngx_int_t
ngx_http_vrrp_state_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_int_t  state;

    state = ngx_http_vrrp_least_state();

    if (state == NGX_ERROR) {
        return ngx_http_vrrp_no_value(v);
    }

    return ngx_http_vrrp_value(v, &ngx_http_vrrp_states[state]);
}


static ngx_int_t
ngx_http_vrrp_is_master_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    static const ngx_str_t  no = ngx_string("0");
    static const ngx_str_t  yes = ngx_string("1");

    return ngx_http_vrrp_value(v,
             ngx_http_vrrp_least_state() == NGX_HTTP_VRRP_MASTER ? &yes : &no);
}


static ngx_int_t
ngx_http_vrrp_instance_state_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t  *name = (ngx_str_t *) data;

    ngx_int_t                    state;
    const vrrp_core_instance_t  *instance;

    instance = ngx_http_vrrp_instance_named(name, &ngx_http_vrrp_state_prefix);

    state = instance ? ngx_http_vrrp_state_of(instance) : NGX_ERROR;

    if (state == NGX_ERROR) {
        return ngx_http_vrrp_no_value(v);
    }

    return ngx_http_vrrp_value(v, &ngx_http_vrrp_states[state]);
}


static ngx_int_t
ngx_http_vrrp_priority_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t  *name = (ngx_str_t *) data;

    ngx_str_t                    text;
    const vrrp_core_instance_t  *instance;

    instance = ngx_http_vrrp_instance_named(name,
                                            &ngx_http_vrrp_priority_prefix);
    if (instance == NULL) {
        return ngx_http_vrrp_no_value(v);
    }

    text.data = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    text.len = ngx_sprintf(text.data, "%ui",
                           (ngx_uint_t) instance->effective_priority)
               - text.data;

    return ngx_http_vrrp_value(v, &text);
}


/* of the first instance that follows another node */

static ngx_int_t
ngx_http_vrrp_master_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    size_t                      i;
    ngx_http_vrrp_instances_t  *known;

    known = ngx_http_vrrp_read_instances();

    for (i = 0; i < known->n; i++) {
        if (known->list[i].master_address[0]) {
            return ngx_http_vrrp_address(r, v, known->list[i].master_address);
        }
    }

    return ngx_http_vrrp_no_value(v);
}


static ngx_int_t
ngx_http_vrrp_instance_master_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t  *name = (ngx_str_t *) data;

    const vrrp_core_instance_t  *instance;

    instance = ngx_http_vrrp_instance_named(name,
                                            &ngx_http_vrrp_master_prefix);
    if (instance == NULL) {
        return ngx_http_vrrp_no_value(v);
    }

    return ngx_http_vrrp_address(r, v, instance->master_address);
}


static ngx_int_t
ngx_http_vrrp_peer_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t  *name = (ngx_str_t *) data;

    size_t             i, n;
    ngx_vrrp_conf_t   *vcf;
    vrrp_core_peer_t  *list;

    vcf = ngx_vrrp_get_conf(ngx_cycle);

    list = ngx_palloc(r->pool, VRRP_CORE_MAX_PEERS * sizeof(vrrp_core_peer_t));
    if (list == NULL) {
        return NGX_ERROR;
    }

    n = vrrp_core_peers(vcf->memory, list, VRRP_CORE_MAX_PEERS);

    for (i = 0; i < n; i++) {
        if (ngx_http_vrrp_is_name(list[i].name,
                                  name->data + ngx_http_vrrp_peer_prefix.len,
                                  name->len - ngx_http_vrrp_peer_prefix.len))
        {
            return ngx_http_vrrp_address(r, v, list[i].address);
        }
    }

    return ngx_http_vrrp_no_value(v);
}


/* as in a URL: IPv6 in brackets */

static ngx_int_t
ngx_http_vrrp_address(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    const char *address)
{
    ngx_str_t    text;
    const char  *format;

    if (address[0] == '\0') {
        return ngx_http_vrrp_no_value(v);
    }

    text.data = ngx_pnalloc(r->pool, ngx_strlen(address) + sizeof("[]") - 1);
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    format = ngx_strchr(address, ':') ? "[%s]" : "%s";
    text.len = ngx_sprintf(text.data, format, address) - text.data;

    return ngx_http_vrrp_value(v, &text);
}


static ngx_int_t
ngx_http_vrrp_no_value(ngx_http_variable_value_t *v)
{
    v->not_found = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_vrrp_value(ngx_http_variable_value_t *v, const ngx_str_t *text)
{
    v->len = text->len;
    v->data = text->data;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


/* none if nothing is known, or nothing new for too long */

static ngx_http_vrrp_instances_t *
ngx_http_vrrp_read_instances(void)
{
    ngx_vrrp_conf_t            *vcf;
    ngx_http_vrrp_instances_t  *known;

    known = &ngx_http_vrrp_instances;
    vcf = ngx_vrrp_get_conf(ngx_cycle);

    if (!vcf->configured) {
        return known;
    }

    if (known->list == NULL) {
        known->list = ngx_pcalloc(ngx_cycle->pool, vcf->core.ninstances
                                                * sizeof(vrrp_core_instance_t));
        if (known->list == NULL) {
            return known;
        }

    } else if (known->read_at == ngx_current_msec) {
        return known;
    }

    known->n = vrrp_core_instances(vcf->memory, known->list,
                                   vcf->core.ninstances);
    known->read_at = ngx_current_msec;

    return known;
}


static const vrrp_core_instance_t *
ngx_http_vrrp_instance_named(const ngx_str_t *variable,
    const ngx_str_t *prefix)
{
    size_t                      i;
    ngx_http_vrrp_instances_t  *known;

    known = ngx_http_vrrp_read_instances();

    for (i = 0; i < known->n; i++) {
        if (ngx_http_vrrp_is_name(known->list[i].name,
                                  variable->data + prefix->len,
                                  variable->len - prefix->len))
        {
            return &known->list[i];
        }
    }

    return NULL;
}


/*
 * Variables have neither upper case nor dots nor dashes, names of instances
 * may have them all.
 */

static ngx_uint_t
ngx_http_vrrp_is_name(const char *name, const u_char *p, size_t len)
{
    u_char  ch;
    size_t  i;

    for (i = 0; i < len && name[i]; i++) {

        ch = ngx_tolower((u_char) name[i]);

        if (ch == '.' || ch == '-') {
            ch = '_';
        }

        if (ch != ngx_tolower(p[i])) {
            return 0;
        }
    }

    return i == len && name[i] == '\0';
}


static ngx_int_t
ngx_http_vrrp_least_state(void)
{
    size_t                      i;
    ngx_int_t                   least, state;
    ngx_http_vrrp_instances_t  *known;

    known = ngx_http_vrrp_read_instances();
    least = NGX_ERROR;

    for (i = 0; i < known->n; i++) {

        state = ngx_http_vrrp_state_of(&known->list[i]);

        if (i == 0 || state < least) {
            least = state;
        }
    }

    return least;
}


static ngx_int_t
ngx_http_vrrp_state_of(const vrrp_core_instance_t *instance)
{
    ngx_int_t  state;

    for (state = NGX_HTTP_VRRP_MASTER; state >= 0; state--) {
        if (ngx_strcmp(ngx_http_vrrp_states[state].data, instance->state)
            == 0)
        {
            return state;
        }
    }

    return NGX_ERROR;
}
