
/*
 * The values of parameters: how they are stored, and which texts are valid.
 */


#include "ngx_vrrp_params.h"


ngx_int_t
ngx_vrrp_set_number(void *values, ngx_vrrp_param_t *param, ngx_str_t *value)
{
    char  *p = values;

    return ngx_vrrp_parse_bounded(value, &param->bounds,
                                  (int64_t *) (p + param->offset));
}


ngx_int_t
ngx_vrrp_set_flag(void *values, ngx_vrrp_param_t *param, ngx_str_t *value)
{
    char  *p = values;

    *(int64_t *) (p + param->offset) = 1;

    return NGX_OK;
}


ngx_int_t
ngx_vrrp_set_text(void *values, ngx_vrrp_param_t *param, ngx_str_t *value)
{
    char  *p = values;

    if (!param->valid(value)) {
        return NGX_ERROR;
    }

    *(ngx_str_t *) (p + param->offset) = *value;

    return NGX_OK;
}


ngx_int_t
ngx_vrrp_set_core_text(void *values, ngx_vrrp_param_t *param,
    ngx_str_t *value)
{
    char  *p = values;

    vrrp_core_str_t  *text;

    if (!param->valid(value)) {
        return NGX_ERROR;
    }

    text = (vrrp_core_str_t *) (p + param->offset);
    ngx_vrrp_core_str(text, value);

    return NGX_OK;
}


ngx_uint_t
ngx_vrrp_valid_uri(ngx_str_t *value)
{
    if (!ngx_vrrp_valid_printable(value)) {
        return 0;
    }

    return value->data[0] == '/' || ngx_strcmp(value->data, "*") == 0;
}


ngx_uint_t
ngx_vrrp_valid_host(ngx_str_t *value)
{
    return ngx_vrrp_valid_printable(value)
           && ngx_strlchr(value->data, value->data + value->len, '/') == NULL;
}


ngx_uint_t
ngx_vrrp_valid_method(ngx_str_t *value)
{
    return ngx_strcmp(value->data, "GET") == 0
           || ngx_strcmp(value->data, "HEAD") == 0
           || ngx_strcmp(value->data, "OPTIONS") == 0;
}


ngx_uint_t
ngx_vrrp_valid_text(ngx_str_t *value)
{
    return value->len != 0;
}


/* it becomes a part of a request: no spaces, nothing that ends a line */

ngx_uint_t
ngx_vrrp_valid_printable(ngx_str_t *value)
{
    ngx_uint_t  i;

    for (i = 0; i < value->len; i++) {
        if (value->data[i] <= ' ' || value->data[i] == 0x7f) {
            return 0;
        }
    }

    return value->len != 0;
}


/* of a header, say: it may have spaces */

ngx_uint_t
ngx_vrrp_valid_line(ngx_str_t *value)
{
    vrrp_core_str_t  text;

    ngx_vrrp_core_str(&text, value);

    return vrrp_core_is_line(&text);
}


/* RFC 6066, 3: the DNS name of the server, not an address */

ngx_uint_t
ngx_vrrp_valid_sni(ngx_str_t *name)
{
    u_char      c;
    ngx_uint_t  i;

    if (name->len == 0 || name->len > 255
        || ngx_inet_addr(name->data, name->len) != INADDR_NONE)
    {
        return 0;
    }

    for (i = 0; i < name->len; i++) {
        c = ngx_tolower(name->data[i]);

        if ((c < 'a' || c > 'z') && (c < '0' || c > '9')
            && c != '-' && c != '.' && c != '_')
        {
            return 0;
        }
    }

    return 1;
}


/* "local@domain"; only its server can check whether it exists */

ngx_uint_t
ngx_vrrp_valid_mailbox(ngx_str_t *value)
{
    u_char      *at;
    ngx_uint_t   i;

    for (i = 0; i < value->len; i++) {
        if (ngx_strchr("<>(),;\"\\", value->data[i])) {
            return 0;
        }
    }

    at = ngx_strlchr(value->data, value->data + value->len, '@');

    return ngx_vrrp_valid_printable(value)
           && at != NULL
           && at != value->data
           && at != value->data + value->len - 1
           && ngx_strlchr(at + 1, value->data + value->len, '@') == NULL;
}


ngx_uint_t
ngx_vrrp_valid_mailboxes(ngx_str_t *value)
{
    ngx_str_t  list, mailbox;

    list = *value;

    while (ngx_vrrp_next_item(&list, &mailbox)) {
        if (!ngx_vrrp_valid_mailbox(&mailbox)) {
            return 0;
        }
    }

    return 1;
}
