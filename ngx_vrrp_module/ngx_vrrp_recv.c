
/*
 * In the workers: a connection that the vrrp process has closed, because
 * another node has its address, reads ECONNABORTED.  That is no alert, which
 * nginx makes of an error that it does not expect from a client.
 */


#include "ngx_vrrp_lifecycle.h"

#include <ngx_event.h>


static ssize_t ngx_vrrp_recv(ngx_connection_t *c, u_char *buf, size_t size);
static ssize_t ngx_vrrp_recv_chain(ngx_connection_t *c, ngx_chain_t *in,
    off_t limit);
static ngx_int_t ngx_vrrp_recv_error(ngx_connection_t *c);


static ngx_recv_pt        ngx_vrrp_next_recv;
static ngx_recv_chain_pt  ngx_vrrp_next_recv_chain;


/* after the event module has set ngx_io, before the first accept() */

void
ngx_vrrp_recv_init(void)
{
    ngx_vrrp_next_recv = ngx_io.recv;
    ngx_vrrp_next_recv_chain = ngx_io.recv_chain;

    ngx_io.recv = ngx_vrrp_recv;
    ngx_io.recv_chain = ngx_vrrp_recv_chain;
}


static ssize_t
ngx_vrrp_recv(ngx_connection_t *c, u_char *buf, size_t size)
{
    if (ngx_vrrp_recv_error(c) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_vrrp_next_recv(c, buf, size);
}


static ssize_t
ngx_vrrp_recv_chain(ngx_connection_t *c, ngx_chain_t *in, off_t limit)
{
    if (ngx_vrrp_recv_error(c) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_vrrp_next_recv_chain(c, in, limit);
}


/*
 * Only at the end of a connection is it one more system call: data that came
 * before the error is still read.  To look at an error takes it away.
 */

static ngx_int_t
ngx_vrrp_recv_error(ngx_connection_t *c)
{
#if (NGX_HAVE_EPOLLRDHUP)

    u_char        byte;
    ngx_err_t     err;
    ngx_event_t  *rev;

    rev = c->read;

    if (!rev->pending_eof || recv(c->fd, &byte, 1, MSG_PEEK) != -1) {
        return NGX_OK;
    }

    err = ngx_socket_errno;

    if (err == NGX_EAGAIN || err == NGX_EINTR) {
        return NGX_OK;
    }

    if (err == NGX_ECONNABORTED) {
        ngx_log_error(NGX_LOG_INFO, c->log, 0,
                      "vrrp: connection closed, another node has its address "
                      "now");

    } else if (ngx_connection_error(c, err, "recv() failed") == NGX_OK) {
        return NGX_OK;
    }

    rev->ready = 0;
    rev->error = 1;

    return NGX_ERROR;

#else

    return NGX_OK;

#endif
}
