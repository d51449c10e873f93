
/*
 * Which texts are right as the value of a word.
 */


#include "ngx_vrrp_words.h"


static ngx_uint_t ngx_vrrp_printable(ngx_str_t *value);


ngx_uint_t
ngx_vrrp_valid_uri(ngx_str_t *value)
{
    if (!ngx_vrrp_printable(value)) {
        return 0;
    }

    return value->data[0] == '/' || ngx_strcmp(value->data, "*") == 0;
}


ngx_uint_t
ngx_vrrp_valid_host(ngx_str_t *value)
{
    return ngx_vrrp_printable(value)
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

static ngx_uint_t
ngx_vrrp_printable(ngx_str_t *value)
{
    ngx_uint_t  i;

    for (i = 0; i < value->len; i++) {
        if (value->data[i] <= ' ' || value->data[i] == 0x7f) {
            return 0;
        }
    }

    return value->len != 0;
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
