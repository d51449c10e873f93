
/*
 * "authentication HMAC": keys for a roll-over, and what other routers must
 * send.  No message may hold a key, so none shows an argument that could be
 * one in the wrong place.
 */


#include "ngx_vrrp_directives.h"
#include "ngx_vrrp_params.h"
#include "ngx_vrrp_secret.h"


#define NGX_VRRP_HMAC_USAGE                                                   \
    "must be written \"authentication HMAC key=id:hex:digits\", "             \
    "\"key=id:ascii:text\" or \"key=id:file:path\", followed by other "       \
    "parameters"


static ngx_uint_t ngx_vrrp_hmac_is_key(ngx_str_t *arg);
static char *ngx_vrrp_hmac_key(ngx_conf_t *cf, ngx_vrrp_instance_t *in,
    ngx_str_t *arg);
static char *ngx_vrrp_hmac_key_value(ngx_conf_t *cf, ngx_str_t *value,
    vrrp_core_hmac_key_t *key);
static char *ngx_vrrp_hmac_key_file(ngx_conf_t *cf, ngx_str_t *value,
    vrrp_core_hmac_key_t *key);
static const char *ngx_vrrp_hmac_wrong(ngx_str_t *text);
static char *ngx_vrrp_hmac_active(ngx_conf_t *cf, ngx_vrrp_instance_t *in);
static int64_t ngx_vrrp_hmac_parse_replay(ngx_str_t *value);
static int64_t ngx_vrrp_hmac_parse_mode(ngx_str_t *value);
static int64_t ngx_vrrp_hmac_parse_window(ngx_str_t *value);


static ngx_vrrp_param_t  ngx_vrrp_hmac_list[] = {

    { ngx_string("active_key="),
      1,
      ngx_vrrp_param_number(ngx_vrrp_instance_t, core.hmac_active_key,
                            ngx_vrrp_parse_number, 1, 255, NGX_CONF_UNSET,
                            "must be 1-255") },

    { ngx_string("mode="),
      1,
      ngx_vrrp_param_number(ngx_vrrp_instance_t, core.hmac_mode,
                            ngx_vrrp_hmac_parse_mode, VRRP_CORE_HMAC_ENFORCE,
                            VRRP_CORE_HMAC_RECEIVE_ONLY,
                            VRRP_CORE_HMAC_ENFORCE,
                            "must be \"enforce\", \"permissive\" or "
                            "\"receive-only\"") },

    { ngx_string("anti_replay="),
      1,
      ngx_vrrp_param_number(ngx_vrrp_instance_t, core.hmac_monotonic,
                            ngx_vrrp_hmac_parse_replay, 0, 1, 0,
                            "must be \"time\" or \"monotonic\"") },

    { ngx_string("time_window="),
      1,
      ngx_vrrp_param_number(ngx_vrrp_instance_t, core.hmac_window_ns,
                            ngx_vrrp_hmac_parse_window, NGX_VRRP_SEC,
                            300 * NGX_VRRP_SEC, NGX_CONF_UNSET,
                            "must be whole seconds from 1s to 300s") },

    ngx_vrrp_last_param
};


static ngx_vrrp_directive_t  ngx_vrrp_hmac_directives[] = {
    { "authentication HMAC", 1 },
    { NULL, 0 }
};


static ngx_vrrp_params_t  ngx_vrrp_hmac_params = {
    ngx_vrrp_hmac_list,
    ngx_vrrp_hmac_directives,
    sizeof(ngx_vrrp_directive_t)
};


/* args: what follows "authentication HMAC" */

char *
ngx_vrrp_conf_hmac(ngx_conf_t *cf, ngx_vrrp_instance_t *in, ngx_str_t *args,
    ngx_uint_t nargs)
{
    ngx_str_t         *rest;
    ngx_uint_t         i, nrest;
    ngx_vrrp_param_t  *param;

#if !(NGX_SSL)

    return ngx_vrrp_failed(cf, "\"authentication HMAC\" is not supported: this "
                           "nginx was built without "
                           "\"--with-http_ssl_module\"");

#endif

    rest = ngx_palloc(cf->pool, (nargs + 1) * sizeof(ngx_str_t));

    if (rest == NULL
        || ngx_array_init(&in->hmac_keys, cf->pool, 2,
                          sizeof(vrrp_core_hmac_key_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    nrest = 0;

    for (i = 0; i < nargs; i++) {

        if (!ngx_vrrp_hmac_is_key(&args[i])) {
            rest[nrest++] = args[i];
            continue;
        }

        if (ngx_vrrp_hmac_key(cf, in, &args[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    /* one that is no other parameter may be a key: no message shows it */

    for (i = 0; i < nrest; i++) {

        for (param = ngx_vrrp_hmac_list; param->name.len; param++) {
            if (ngx_strncmp(rest[i].data, param->name.data, param->name.len)
                == 0)
            {
                break;
            }
        }

        if (param->name.len == 0) {
            return NGX_VRRP_HMAC_USAGE;
        }
    }

    if (in->hmac_keys.nelts == 0) {
        return NGX_VRRP_HMAC_USAGE;
    }

    in->core.hmac_keys = in->hmac_keys.elts;
    in->core.nhmac_keys = in->hmac_keys.nelts;

    if (ngx_vrrp_params_read(cf, &ngx_vrrp_hmac_params,
                             ngx_vrrp_hmac_directives, in, rest, nrest)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_vrrp_hmac_active(cf, in);
}


static ngx_uint_t
ngx_vrrp_hmac_is_key(ngx_str_t *arg)
{
    return ngx_strncmp(arg->data, "key=", 4) == 0;
}


static char *
ngx_vrrp_hmac_key(ngx_conf_t *cf, ngx_vrrp_instance_t *in, ngx_str_t *arg)
{
    u_char                *colon, *last;
    ngx_int_t              id;
    ngx_str_t              value;
    ngx_uint_t             i;
    vrrp_core_hmac_key_t  *key;

    last = arg->data + arg->len;
    colon = ngx_strlchr(arg->data, last, ':');

    if (colon == NULL) {
        return ngx_vrrp_failed(cf, "a key of \"authentication HMAC\" "
                               NGX_VRRP_HMAC_USAGE);
    }

    id = ngx_atoi(arg->data + 4, colon - arg->data - 4);

    if (id < 1 || id > 255) {
        return ngx_vrrp_failed(cf, "invalid id of a key of \"authentication "
                               "HMAC\": must be 1-255, as in \"key=1:...\"");
    }

    key = in->hmac_keys.elts;

    for (i = 0; i < in->hmac_keys.nelts; i++) {
        if (key[i].id == id) {
            return ngx_vrrp_failed(cf, "duplicate \"key=%i:\" of "
                                   "\"authentication HMAC\"", id);
        }
    }

    key = ngx_array_push(&in->hmac_keys);
    if (key == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(key, sizeof(vrrp_core_hmac_key_t));
    key->id = (uint8_t) id;

    value.data = colon + 1;
    value.len = last - value.data;

    return ngx_vrrp_hmac_key_value(cf, &value, key);
}


static char *
ngx_vrrp_hmac_key_value(ngx_conf_t *cf, ngx_str_t *value,
    vrrp_core_hmac_key_t *key)
{
    const char       *wrong;
    vrrp_core_str_t   text;

    if (ngx_strncmp(value->data, "file:", 5) == 0) {
        return ngx_vrrp_hmac_key_file(cf, value, key);
    }

    if (ngx_strncmp(value->data, "hex:", 4) != 0
        && ngx_strncmp(value->data, "ascii:", 6) != 0)
    {
        return ngx_vrrp_failed(cf, "invalid \"key=%d:\" of \"authentication "
                               "HMAC\": \"hex:\", \"ascii:\" or \"file:\" "
                               "must follow", (int) key->id);
    }

    ngx_vrrp_core_str(&text, value);
    wrong = vrrp_core_hmac_key(&text, key);

    if (wrong) {
        return ngx_vrrp_failed(cf, "invalid \"key=%d:\" of \"authentication "
                               "HMAC\": the key %s", (int) key->id, wrong);
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_hmac_key_file(ngx_conf_t *cf, ngx_str_t *value,
    vrrp_core_hmac_key_t *key)
{
    u_char     param[sizeof("key=255:file:")];
    ngx_str_t  file;

    file.data = value->data + 5;
    file.len = value->len - 5;

    if (file.len == 0) {
        return ngx_vrrp_failed(cf, "\"key=%d:file:\" of \"authentication "
                               "HMAC\" needs a file", (int) key->id);
    }

    *ngx_snprintf(param, sizeof(param) - 1, "key=%d:file:", (int) key->id)
        = '\0';

    if (ngx_vrrp_secret_check_line(cf, (char *) param, &file,
                                   ngx_vrrp_hmac_wrong)
        == NGX_ERROR)
    {
        return NGX_CONF_ERROR;
    }

    ngx_vrrp_core_str(&key->file, &file);

    return NGX_CONF_OK;
}


static const char *
ngx_vrrp_hmac_wrong(ngx_str_t *text)
{
    const char            *wrong;
    vrrp_core_str_t        str;
    vrrp_core_hmac_key_t   key;

    ngx_vrrp_core_str(&str, text);

    wrong = vrrp_core_hmac_key(&str, &key);
    ngx_explicit_memzero(&key, sizeof(vrrp_core_hmac_key_t));

    return wrong;
}


/* the only key is the active one */

static char *
ngx_vrrp_hmac_active(ngx_conf_t *cf, ngx_vrrp_instance_t *in)
{
    ngx_uint_t             i;
    vrrp_core_hmac_key_t  *key;

    key = in->hmac_keys.elts;

    if (in->core.hmac_active_key == NGX_CONF_UNSET) {

        if (in->hmac_keys.nelts > 1) {
            return ngx_vrrp_failed(cf, "\"authentication HMAC\" has several "
                                   "keys: \"active_key=\" must name the one "
                                   "that signs");
        }

        in->core.hmac_active_key = key[0].id;
    }

    for (i = 0; i < in->hmac_keys.nelts; i++) {
        if (key[i].id == in->core.hmac_active_key) {
            return NGX_CONF_OK;
        }
    }

    return ngx_vrrp_failed(cf, "\"active_key=%L\" of \"authentication HMAC\" "
                           "has no \"key=%L:\"", in->core.hmac_active_key,
                           in->core.hmac_active_key);
}


/*
 * After all of the instance is known: keepalived's default, three intervals in
 * whole seconds, and within its bounds.
 */

void
ngx_vrrp_hmac_finish(vrrp_core_instance_conf_t *core)
{
    int64_t  seconds;

    if (core->hmac_window_ns != NGX_CONF_UNSET) {
        return;
    }

    seconds = 3 * (core->advert_int_ns / NGX_VRRP_SEC);
    seconds = ngx_max(seconds, 5);
    seconds = ngx_min(seconds, 300);

    core->hmac_window_ns = seconds * NGX_VRRP_SEC;
}


static int64_t
ngx_vrrp_hmac_parse_replay(ngx_str_t *value)
{
    if (ngx_strcmp(value->data, "time") == 0) {
        return 0;
    }

    return (ngx_strcmp(value->data, "monotonic") == 0) ? 1 : NGX_ERROR;
}


static int64_t
ngx_vrrp_hmac_parse_mode(ngx_str_t *value)
{
    if (ngx_strcmp(value->data, "enforce") == 0) {
        return VRRP_CORE_HMAC_ENFORCE;
    }

    if (ngx_strcmp(value->data, "permissive") == 0) {
        return VRRP_CORE_HMAC_PERMISSIVE;
    }

    return (ngx_strcmp(value->data, "receive-only") == 0)
           ? VRRP_CORE_HMAC_RECEIVE_ONLY : NGX_ERROR;
}


static int64_t
ngx_vrrp_hmac_parse_window(ngx_str_t *value)
{
    int64_t  ns;

    ns = ngx_vrrp_parse_ns(value);

    return (ns == NGX_ERROR || ns % NGX_VRRP_SEC) ? NGX_ERROR : ns;
}
