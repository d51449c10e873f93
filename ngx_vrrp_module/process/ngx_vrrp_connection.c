
/*
 * Connections of the checker process to its targets, with nginx's event loop
 * and SSL code.  The core judges the content: here connections are opened,
 * carry bytes, and end.
 *
 * They are closed in the usual way.  A reset would leave nothing behind on
 * this side, but servers log it as an error, with each check.  The price is a
 * TIME_WAIT for each check that does not keep its connection.
 */


#include "ngx_vrrp_connection.h"
#include "ngx_vrrp_reason.h"
#include "ngx_vrrp_checks.h"
#include <ngx_event_connect.h>


/* a peer that sends without end: so much, and then it is others' turn */

#define NGX_VRRP_READ_TURN  65536
#define NGX_VRRP_READ_SIZE  16384


typedef struct {
    size_t                   check;
    ngx_connection_t        *connection;  /* NULL: closed */

    /* another one after each open and close: callbacks may do both */
    ngx_uint_t               number;

    /* the rest to send */
    u_char                  *out;
    u_char                  *pos;
    u_char                  *last;
} ngx_vrrp_connection_t;


static ngx_vrrp_target_t *ngx_vrrp_connection_target(
    ngx_vrrp_connection_t *vc);
static void ngx_vrrp_connection_connect_handler(ngx_event_t *ev);
static void ngx_vrrp_connection_connected(ngx_vrrp_connection_t *vc);
static ngx_uint_t ngx_vrrp_connection_to_itself(ngx_vrrp_connection_t *vc);
static void ngx_vrrp_connection_opened(ngx_vrrp_connection_t *vc);
static void ngx_vrrp_connection_read_handler(ngx_event_t *rev);
static void ngx_vrrp_connection_write_handler(ngx_event_t *wev);
static ngx_int_t ngx_vrrp_connection_append(ngx_vrrp_connection_t *vc,
    const char *bytes, size_t len);
static ngx_int_t ngx_vrrp_connection_flush(ngx_vrrp_connection_t *vc);
static void ngx_vrrp_connection_failed(ngx_vrrp_connection_t *vc,
    vrrp_checker_stage_e stage, ngx_str_t *reason);
static void ngx_vrrp_connection_broken(ngx_vrrp_connection_t *vc,
    vrrp_checker_stage_e stage);
#if (NGX_SSL)
static void ngx_vrrp_connection_start_tls(ngx_vrrp_connection_t *vc);
static ngx_int_t ngx_vrrp_connection_create_tls(ngx_vrrp_connection_t *vc);
static void ngx_vrrp_connection_handshake_handler(ngx_connection_t *c);
static ngx_int_t ngx_vrrp_connection_verify(ngx_vrrp_connection_t *vc,
    ngx_str_t *reason);
static void ngx_vrrp_connection_close_tls(ngx_connection_t *c);
#endif


/* of all checks, by their numbers */
static ngx_vrrp_connection_t  *ngx_vrrp_connections;

static vrrp_process_t         *ngx_vrrp_connection_checker;
static ngx_log_t               ngx_vrrp_connection_log;
static u_char                  ngx_vrrp_connection_buffer[NGX_VRRP_READ_SIZE];


ngx_int_t
ngx_vrrp_connection_init(ngx_cycle_t *cycle, vrrp_process_t *checker)
{
    size_t            i;
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    ngx_vrrp_connections = ngx_pcalloc(cycle->pool,
                          vcf->core.nchecks * sizeof(ngx_vrrp_connection_t));
    if (ngx_vrrp_connections == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < vcf->core.nchecks; i++) {
        ngx_vrrp_connections[i].check = i;
    }

    ngx_vrrp_connection_checker = checker;

    ngx_vrrp_reason_init(&ngx_vrrp_connection_log);

    return NGX_OK;
}


static ngx_vrrp_target_t *
ngx_vrrp_connection_target(ngx_vrrp_connection_t *vc)
{
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(ngx_cycle);

    return vcf->core.checks[vc->check].target;
}


void
ngx_vrrp_connection_open(void *data, size_t check)
{
    ngx_int_t               rc;
    ngx_connection_t       *c;
    ngx_vrrp_target_t      *target;
    ngx_peer_connection_t   pc;
    ngx_vrrp_connection_t  *vc;

    vc = &ngx_vrrp_connections[check];
    target = ngx_vrrp_connection_target(vc);

    ngx_vrrp_reason_clear();

    ngx_memzero(&pc, sizeof(ngx_peer_connection_t));

    pc.sockaddr = target->sockaddr;
    pc.socklen = target->socklen;
    pc.name = &target->addr_text;
    pc.get = ngx_event_get_peer;
    pc.log = &ngx_vrrp_connection_log;
    pc.log_error = NGX_ERROR_ERR;

    rc = ngx_event_connect_peer(&pc);

    if (rc == NGX_ERROR) {
        ngx_vrrp_connection_broken(vc, VRRP_CHECKER_SOCKET);
        return;
    }

    if (rc == NGX_DECLINED) {
        ngx_vrrp_connection_broken(vc, VRRP_CHECKER_CONNECT);
        return;
    }

    c = pc.connection;
    c->data = vc;
    c->read->handler = ngx_vrrp_connection_connect_handler;
    c->write->handler = ngx_vrrp_connection_connect_handler;

    vc->connection = c;
    vc->number++;

    if (rc == NGX_OK) {
        ngx_vrrp_connection_connected(vc);
    }
}


void
ngx_vrrp_connection_send(void *data, size_t check, const char *bytes,
    size_t len)
{
    ngx_vrrp_connection_t  *vc;

    vc = &ngx_vrrp_connections[check];

    if (ngx_vrrp_connection_append(vc, bytes, len) != NGX_OK) {
        ngx_vrrp_connection_broken(vc, VRRP_CHECKER_SOCKET);
        return;
    }

    if (ngx_vrrp_connection_flush(vc) != NGX_OK) {
        ngx_vrrp_connection_broken(vc, VRRP_CHECKER_ESTABLISHED);
    }
}


void
ngx_vrrp_connection_close(void *data, size_t check)
{
    ngx_pool_t             *pool;
    ngx_connection_t       *c;
    ngx_vrrp_connection_t  *vc;

    vc = &ngx_vrrp_connections[check];
    c = vc->connection;

    if (c == NULL) {
        return;
    }

    vc->connection = NULL;
    vc->number++;

    if (vc->out) {
        ngx_free(vc->out);
        vc->out = NULL;
        vc->pos = NULL;
        vc->last = NULL;
    }

#if (NGX_SSL)
    if (c->ssl) {
        ngx_vrrp_connection_close_tls(c);
    }
#endif

    pool = c->pool;

    ngx_close_connection(c);

    if (pool) {
        ngx_destroy_pool(pool);
    }
}


static void
ngx_vrrp_connection_connect_handler(ngx_event_t *ev)
{
    int                     err;
    socklen_t               len;
    ngx_connection_t       *c;
    ngx_vrrp_connection_t  *vc;

    c = ev->data;
    vc = c->data;

    err = 0;
    len = sizeof(int);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1) {
        err = ngx_socket_errno;
    }

    if (err) {
        ngx_log_error(NGX_LOG_ERR, c->log, err, "connect() failed");
        ngx_vrrp_connection_broken(vc, VRRP_CHECKER_CONNECT);
        return;
    }

    ngx_vrrp_connection_connected(vc);
}


static void
ngx_vrrp_connection_connected(ngx_vrrp_connection_t *vc)
{
    ngx_str_t  reason = ngx_string("connected to itself, nothing listens "
                                   "there");

    if (ngx_vrrp_connection_to_itself(vc)) {
        ngx_vrrp_connection_failed(vc, VRRP_CHECKER_CONNECT, &reason);
        return;
    }

    (void) ngx_tcp_nodelay(vc->connection);

#if (NGX_SSL)
    if (ngx_vrrp_connection_target(vc)->check->ssl) {
        ngx_vrrp_connection_start_tls(vc);
        return;
    }
#endif

    ngx_vrrp_connection_opened(vc);
}


/*
 * On our own machine: without a listener, TCP connects a socket to itself if
 * its port happens to be the very one that it wants to reach.
 */

static ngx_uint_t
ngx_vrrp_connection_to_itself(ngx_vrrp_connection_t *vc)
{
    ngx_fd_t            fd;
    socklen_t           locallen, peerlen;
    ngx_sockaddr_t      local, peer;
    ngx_vrrp_target_t  *target;

    fd = vc->connection->fd;
    target = ngx_vrrp_connection_target(vc);

    locallen = sizeof(ngx_sockaddr_t);

    if (target->sockaddr->sa_family == AF_UNIX
        || getsockname(fd, &local.sockaddr, &locallen) == -1
        || ngx_inet_get_port(&local.sockaddr)
           != ngx_inet_get_port(target->sockaddr))
    {
        return 0;
    }

    peerlen = sizeof(ngx_sockaddr_t);

    return getpeername(fd, &peer.sockaddr, &peerlen) == 0
           && ngx_cmp_sockaddr(&local.sockaddr, locallen, &peer.sockaddr,
                               peerlen, 1)
              == NGX_OK;
}


static void
ngx_vrrp_connection_opened(ngx_vrrp_connection_t *vc)
{
    ngx_connection_t  *c;

    c = vc->connection;

    c->read->handler = ngx_vrrp_connection_read_handler;
    c->write->handler = ngx_vrrp_connection_write_handler;

    if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
        ngx_vrrp_connection_broken(vc, VRRP_CHECKER_SOCKET);
        return;
    }

    /* data of the last event is not reported again */

    if (c->read->ready) {
        ngx_post_event(c->read, &ngx_posted_events);
    }

    vrrp_checker_opened(ngx_vrrp_connection_checker, vc->check);
}


static void
ngx_vrrp_connection_read_handler(ngx_event_t *rev)
{
    size_t                  size;
    ssize_t                 n;
    ngx_uint_t              number;
    ngx_connection_t       *c;
    ngx_vrrp_connection_t  *vc;

    c = rev->data;
    vc = c->data;
    number = vc->number;

    for (size = 0; size < NGX_VRRP_READ_TURN; size += n) {

        n = c->recv(c, ngx_vrrp_connection_buffer, NGX_VRRP_READ_SIZE);

        if (n == NGX_AGAIN) {

            if (ngx_handle_read_event(rev, 0) != NGX_OK) {
                ngx_vrrp_connection_broken(vc, VRRP_CHECKER_SOCKET);
            }

            return;
        }

        if (n == NGX_ERROR) {
            ngx_vrrp_connection_broken(vc, VRRP_CHECKER_ESTABLISHED);
            return;
        }

        if (n == 0) {
            vrrp_checker_ended(ngx_vrrp_connection_checker, vc->check);
            return;
        }

        vrrp_checker_received(ngx_vrrp_connection_checker, vc->check,
                              (char *) ngx_vrrp_connection_buffer, n);

        if (vc->number != number) {
            return;
        }
    }

    ngx_post_event(rev, &ngx_posted_next_events);
}


static void
ngx_vrrp_connection_write_handler(ngx_event_t *wev)
{
    ngx_connection_t       *c;
    ngx_vrrp_connection_t  *vc;

    c = wev->data;
    vc = c->data;

    if (ngx_vrrp_connection_flush(vc) != NGX_OK) {
        ngx_vrrp_connection_broken(vc, VRRP_CHECKER_ESTABLISHED);
    }
}


static ngx_int_t
ngx_vrrp_connection_append(ngx_vrrp_connection_t *vc, const char *bytes,
    size_t len)
{
    u_char  *out, *last;

    out = ngx_alloc(vc->last - vc->pos + len, &ngx_vrrp_connection_log);
    if (out == NULL) {
        return NGX_ERROR;
    }

    last = out;

    if (vc->out) {
        last = ngx_cpymem(last, vc->pos, vc->last - vc->pos);
        ngx_free(vc->out);
    }

    last = ngx_cpymem(last, bytes, len);

    vc->out = out;
    vc->pos = out;
    vc->last = last;

    return NGX_OK;
}


static ngx_int_t
ngx_vrrp_connection_flush(ngx_vrrp_connection_t *vc)
{
    ssize_t            n;
    ngx_connection_t  *c;

    c = vc->connection;

    while (vc->pos < vc->last) {

        n = c->send(c, vc->pos, vc->last - vc->pos);

        if (n == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (n <= 0) {
            break;
        }

        vc->pos += n;
    }

    if (vc->out && vc->pos == vc->last) {
        ngx_free(vc->out);
        vc->out = NULL;
        vc->pos = NULL;
        vc->last = NULL;
    }

    return ngx_handle_write_event(c->write, 0);
}


/* the last statement about a connection: the core may open another one */

static void
ngx_vrrp_connection_failed(ngx_vrrp_connection_t *vc,
    vrrp_checker_stage_e stage, ngx_str_t *reason)
{
    if (vc->connection) {
        vc->connection->error = 1;
    }

    ngx_vrrp_connection_close(NULL, vc->check);

    vrrp_checker_failed(ngx_vrrp_connection_checker, vc->check, stage,
                        (char *) reason->data, reason->len);
}


/* for a reason that has been logged */

static void
ngx_vrrp_connection_broken(ngx_vrrp_connection_t *vc,
    vrrp_checker_stage_e stage)
{
    ngx_str_t  reason;

    if (stage == VRRP_CHECKER_SOCKET) {

        /* an error of this machine: the failed call matters */

        ngx_vrrp_reason_message(&reason);

    } else {
        ngx_vrrp_reason_gist(&reason);
    }

    ngx_vrrp_connection_failed(vc, stage, &reason);
}


#if (NGX_SSL)

static void
ngx_vrrp_connection_start_tls(ngx_vrrp_connection_t *vc)
{
    ngx_int_t          rc;
    ngx_uint_t         number;
    ngx_connection_t  *c;

    c = vc->connection;
    number = vc->number;

    vrrp_checker_connected(ngx_vrrp_connection_checker, vc->check);

    if (vc->number != number) {
        return;
    }

    if (ngx_vrrp_connection_create_tls(vc) != NGX_OK) {
        ngx_vrrp_connection_broken(vc, VRRP_CHECKER_SOCKET);
        return;
    }

    rc = ngx_ssl_handshake(c);

    if (rc == NGX_AGAIN) {
        c->ssl->handler = ngx_vrrp_connection_handshake_handler;
        return;
    }

    ngx_vrrp_connection_handshake_handler(c);
}


static ngx_int_t
ngx_vrrp_connection_create_tls(ngx_vrrp_connection_t *vc)
{
    ngx_connection_t   *c;
    ngx_vrrp_target_t  *target;

    c = vc->connection;
    target = ngx_vrrp_connection_target(vc);

    c->pool = ngx_create_pool(512, c->log);
    if (c->pool == NULL) {
        return NGX_ERROR;
    }

    if (ngx_ssl_create_connection(target->check->ssl, c, NGX_SSL_CLIENT)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* the rest to send moves when more is added */

    SSL_set_mode(c->ssl->connection, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);

    if (target->sni.len
        && SSL_set_tlsext_host_name(c->ssl->connection,
                                    (char *) target->sni.data)
           == 0)
    {
        ngx_ssl_error(NGX_LOG_ERR, c->log, 0,
                      "SSL_set_tlsext_host_name(\"%V\") failed", &target->sni);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_vrrp_connection_handshake_handler(ngx_connection_t *c)
{
    ngx_str_t               reason;
    ngx_vrrp_connection_t  *vc;

    vc = c->data;

    if (!c->ssl->handshaked) {
        ngx_vrrp_connection_broken(vc, VRRP_CHECKER_TLS);
        return;
    }

    if (ngx_vrrp_connection_verify(vc, &reason) != NGX_OK) {
        ngx_vrrp_connection_failed(vc, VRRP_CHECKER_TLS, &reason);
        return;
    }

    ngx_vrrp_connection_opened(vc);
}


static ngx_int_t
ngx_vrrp_connection_verify(ngx_vrrp_connection_t *vc, ngx_str_t *reason)
{
    long                rc;
    ngx_connection_t   *c;
    ngx_vrrp_target_t  *target;

    static u_char  text[NGX_MAX_CONF_ERRSTR];

    c = vc->connection;
    target = ngx_vrrp_connection_target(vc);

    if (!target->check->verify) {
        return NGX_OK;
    }

    reason->data = text;

    rc = SSL_get_verify_result(c->ssl->connection);

    if (rc != X509_V_OK) {
        reason->len = ngx_snprintf(text, sizeof(text), "%s (%l)",
                                   X509_verify_cert_error_string(rc), rc)
                      - text;
        return NGX_DECLINED;
    }

    if (target->sni.len && ngx_ssl_check_host(c, &target->sni) != NGX_OK) {
        reason->len = ngx_snprintf(text, sizeof(text),
                                   "certificate is not for \"%V\"",
                                   &target->sni)
                      - text;
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static void
ngx_vrrp_connection_close_tls(ngx_connection_t *c)
{
    c->ssl->no_wait_shutdown = 1;

    if (ngx_ssl_shutdown(c) == NGX_AGAIN) {

        /* the peer does not even read that this is the end */

        c->error = 1;
        (void) ngx_ssl_shutdown(c);
    }
}

#endif
