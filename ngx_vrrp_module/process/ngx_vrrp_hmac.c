
/*
 * Signatures by OpenSSL, if nginx has been built with it.
 */


#include "ngx_vrrp_event.h"

#if (NGX_SSL)
#include <openssl/evp.h>
#include <openssl/hmac.h>
#endif


int
ngx_vrrp_hmac_sha256(void *data, const char *key, size_t key_len,
    const char *text, size_t len, uint8_t digest[32])
{
#if (NGX_SSL)

    ngx_vrrp_loop_t *loop = data;

    if (HMAC(EVP_sha256(), key, (int) key_len, (const u_char *) text, len,
             digest, NULL)
        == NULL)
    {
        ngx_ssl_error(NGX_LOG_ALERT, loop->log, 0, "HMAC() failed");
        return VRRP_CORE_ERROR;
    }

    return VRRP_CORE_OK;

#else

    /* there are no secrets: the configuration has been refused */

    return VRRP_CORE_ERROR;

#endif
}
