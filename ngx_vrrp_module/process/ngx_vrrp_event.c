
/*
 * nginx's event loop for the core: the descriptors it wants to hear of, and
 * one timer of nanoseconds, which nginx's own timers do not have.
 */


#include "ngx_vrrp_event.h"

#include <sys/timerfd.h>


static ngx_connection_t *ngx_vrrp_event_find(int fd);
static void ngx_vrrp_event_read_handler(ngx_event_t *rev) ngx_vrrp_hot;
static void ngx_vrrp_event_timer_handler(ngx_event_t *rev) ngx_vrrp_hot;
static void ngx_vrrp_event_due_handler(ngx_event_t *ev) ngx_vrrp_hot;


ngx_int_t
ngx_vrrp_event_open_timer(ngx_vrrp_loop_t *loop)
{
    loop->timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK|TFD_CLOEXEC);

    if (loop->timer == -1) {
        ngx_log_error(NGX_LOG_ALERT, loop->log, ngx_errno,
                      "timerfd_create() failed");
        return NGX_ERROR;
    }

    loop->armed = VRRP_CORE_NEVER;
    loop->put_off_from = 0;
    loop->expired = 0;

    loop->due.handler = ngx_vrrp_event_due_handler;
    loop->due.data = loop;
    loop->due.log = loop->log;

    return ngx_vrrp_event_add(loop->timer, ngx_vrrp_event_timer_handler, loop);
}


void
ngx_vrrp_event_arm_timer(ngx_vrrp_loop_t *loop)
{
    int64_t            deadline, now;
    ngx_err_t          err;
    struct timespec    ts;
    struct itimerspec  its;

    deadline = vrrp_process_deadline(loop->process);

    if (deadline == loop->armed && !loop->expired) {
        return;
    }

    (void) clock_gettime(CLOCK_BOOTTIME, &ts);
    now = (int64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;

    /*
     * a deadline that has been put off, as each advert heard puts one off, is
     * not worth a call each time, only as often as it saves a wake-up
     */

    if (deadline > loop->armed && now < loop->put_off_from) {
        return;
    }

    ngx_memzero(&its, sizeof(struct itimerspec));

    if (deadline != VRRP_CORE_NEVER) {

        /* a zero would disarm it */

        deadline = ngx_max(deadline, 1);

        its.it_value.tv_sec = deadline / 1000000000;
        its.it_value.tv_nsec = deadline % 1000000000;
    }

    /* this clears its counter, which need not be read */

    if (timerfd_settime(loop->timer, TFD_TIMER_ABSTIME, &its, NULL) == -1) {
        err = ngx_errno;

        ngx_time_update();
        ngx_log_error(NGX_LOG_ALERT, loop->log, err,
                      "timerfd_settime() failed");
        return;
    }

    loop->armed = deadline;
    loop->put_off_from = now + (deadline - now) / 2;
    loop->expired = 0;
}


/*
 * one turn of a loop without nginx timers: it does not update the time of
 * nginx, which costs more than an advertisement, so log lines have to do it
 */

void
ngx_vrrp_event_wait(ngx_cycle_t *cycle)
{
    (void) ngx_process_events(cycle, NGX_TIMER_INFINITE, 0);

    ngx_event_process_posted(cycle, &ngx_posted_events);
}


int
ngx_vrrp_event_watch(void *data, int fd)
{
    ngx_int_t  rc;

    rc = ngx_vrrp_event_add(fd, ngx_vrrp_event_read_handler, data);

    return (rc == NGX_OK) ? VRRP_CORE_OK : VRRP_CORE_ERROR;
}


void
ngx_vrrp_event_unwatch(void *data, int fd)
{
    ngx_connection_t  *c;

    c = ngx_vrrp_event_find(fd);

    if (c == NULL) {
        return;
    }

    ngx_del_event(c->read, NGX_READ_EVENT, 0);
    ngx_free_connection(c);

    /* the core closes it; an event already reported is stale now */

    c->fd = (ngx_socket_t) -1;
}


/* there are a few tens of them, and they seldom change */

static ngx_connection_t *
ngx_vrrp_event_find(int fd)
{
    ngx_uint_t         i;
    ngx_connection_t  *c;

    c = ngx_cycle->connections;

    for (i = 0; i < ngx_cycle->connection_n; i++) {
        if (c[i].fd == fd) {
            return &c[i];
        }
    }

    return NULL;
}


ngx_int_t
ngx_vrrp_event_add(int fd, ngx_event_handler_pt handler, void *data)
{
    ngx_connection_t  *c;

    /* for what may fail, see ngx_vrrp_event_wait() */
    ngx_time_update();

    c = ngx_get_connection(fd, ngx_cycle->log);

    if (c == NULL) {
        return NGX_ERROR;
    }

    c->data = data;
    c->read->handler = handler;
    c->read->log = ngx_cycle->log;
    c->write->log = ngx_cycle->log;

    /* level triggered: the rest of one wake-up is reported again */

    if (ngx_add_event(c->read, NGX_READ_EVENT, 0) != NGX_OK) {
        ngx_free_connection(c);
        c->fd = (ngx_socket_t) -1;
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_vrrp_event_read_handler(ngx_event_t *rev)
{
    ngx_vrrp_loop_t   *loop;
    ngx_connection_t  *c;

    c = rev->data;
    loop = c->data;

    vrrp_process_on_readable(loop->process, c->fd);
}


/* arrived packets come before expired timers */

static void
ngx_vrrp_event_timer_handler(ngx_event_t *rev)
{
    ngx_vrrp_loop_t   *loop;
    ngx_connection_t  *c;

    c = rev->data;
    loop = c->data;

    loop->armed = VRRP_CORE_NEVER;
    loop->put_off_from = 0;
    loop->expired = 1;

    ngx_post_event(&loop->due, &ngx_posted_events);
}


static void
ngx_vrrp_event_due_handler(ngx_event_t *ev)
{
    ngx_vrrp_loop_t *loop = ev->data;

    vrrp_process_on_timer(loop->process);
}
