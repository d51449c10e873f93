
/*
 * The processes that check.  The checker process reads what peers send, so it
 * has no privileges at all; scripts are run by another one, the runner process
 * (ngx_vrrp_runner.c), which does the same in its loop.
 *
 * On reload the master starts the new ones and ends the old ones later.  The
 * new ones begin with the results of the old ones, and the old ones end at
 * once: checks in progress are started again.
 */


#include "ngx_vrrp_process.h"
#include "ngx_vrrp_upstream.h"


/* descriptors that the event loop watches, beside connections */

#define NGX_VRRP_CHECKER_RESERVE  32


typedef struct {
    vrrp_checker_t   *core;
    ngx_vrrp_conf_t  *conf;
    ngx_vrrp_loop_t   loop;
} ngx_vrrp_checker_t;


static void ngx_vrrp_checker_cycle(ngx_cycle_t *cycle, void *data);
static void ngx_vrrp_checker_open_ping(ngx_cycle_t *cycle, int *icmp4,
    int *icmp6);
static int ngx_vrrp_checker_open_raw(int family, int protocol,
    const char *what, ngx_log_t *log);
static ngx_int_t ngx_vrrp_checker_start_core(ngx_cycle_t *cycle,
    vrrp_checker_role_e role, int icmp4, int icmp6);
static ngx_uint_t ngx_vrrp_checker_finished(ngx_vrrp_checker_t *ck);
static int64_t ngx_vrrp_checker_deadline(void *data);
static void ngx_vrrp_checker_on_timer(void *data);
static void ngx_vrrp_checker_on_readable(void *data, int fd);
static int ngx_vrrp_checker_regex(void *data, void *regex, const char *text,
    size_t len);
static void ngx_vrrp_checker_changed(void *data, size_t check);


static ngx_vrrp_helper_t   ngx_vrrp_checker_helper = {
    "vrrp checker process",
    "ngx_vrrp_check",
    ngx_vrrp_checker_cycle,
    NGX_VRRP_EVENTS_SENT,
    0,
    NULL
};


/* there is one of them in a process */

static ngx_vrrp_checker_t  ngx_vrrp_checker;


/* in the master, from init_module */

void
ngx_vrrp_start_checkers(ngx_cycle_t *cycle)
{
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    if (vrrp_checker_needed(&vcf->core, VRRP_CHECKER_PROBES)
        && ngx_vrrp_spawn_helper(cycle, &ngx_vrrp_checker_helper) != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                      "vrrp: could not start the vrrp checker process, its "
                      "checks keep their last state");
    }

    if (vrrp_checker_needed(&vcf->core, VRRP_CHECKER_SCRIPTS)
        && ngx_vrrp_spawn_helper(cycle, &ngx_vrrp_runner_helper) != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                      "vrrp: could not start the vrrp runner process, its "
                      "scripts keep their last state");
    }
}


/* in the checker process */

static void
ngx_vrrp_checker_cycle(ngx_cycle_t *cycle, void *data)
{
    int  icmp4, icmp6;

    ngx_vrrp_helper_begin(cycle, &ngx_vrrp_checker_helper);

    ngx_vrrp_checker_open_ping(cycle, &icmp4, &icmp6);
    ngx_vrrp_helper_raise_limit(cycle, ngx_vrrp_checker_connections(cycle));

    if (ngx_vrrp_checker_privileges(cycle) != NGX_OK) {
        ngx_vrrp_helper_fail(cycle, &ngx_vrrp_checker_helper);
    }

    ngx_vrrp_helper_init(cycle, &ngx_vrrp_checker_helper,
                         ngx_vrrp_checker_connections(cycle));

    ngx_vrrp_checker_run(cycle, &ngx_vrrp_checker_helper, VRRP_CHECKER_PROBES,
                         icmp4, icmp6);
}


/* raw sockets, as long as the process may open them; -1: not needed */

static void
ngx_vrrp_checker_open_ping(ngx_cycle_t *cycle, int *icmp4, int *icmp6)
{
    size_t                         i;
    ngx_uint_t                     ipv4, ipv6;
    ngx_vrrp_conf_t               *vcf;
    const vrrp_core_check_conf_t  *check;

    vcf = ngx_vrrp_get_conf(cycle);

    ipv4 = 0;
    ipv6 = 0;

    for (i = 0; i < vcf->core.nchecks; i++) {
        check = &vcf->core.checks[i];

        if (check->kind == VRRP_CORE_CHECK_PING) {
            ipv4 |= (check->ip.family == 4);
            ipv6 |= (check->ip.family == 6);
        }
    }

    *icmp4 = ipv4 ? ngx_vrrp_checker_open_raw(AF_INET, IPPROTO_ICMP,
                                              "ICMP", cycle->log)
                  : -1;

    *icmp6 = ipv6 ? ngx_vrrp_checker_open_raw(AF_INET6, IPPROTO_ICMPV6,
                                              "ICMPv6", cycle->log)
                  : -1;
}


static int
ngx_vrrp_checker_open_raw(int family, int protocol, const char *what,
    ngx_log_t *log)
{
    int  fd;

    fd = socket(family, SOCK_RAW|SOCK_NONBLOCK|SOCK_CLOEXEC, protocol);

    if (fd == -1) {
        ngx_log_error(NGX_LOG_ERR, log, ngx_errno,
                      "vrrp: no raw socket for %s, which needs CAP_NET_RAW; "
                      "checks that use it fail", what);
    }

    return fd;
}


/* in both processes */

ngx_uint_t
ngx_vrrp_checker_connections(ngx_cycle_t *cycle)
{
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    return 2 * vcf->core.nchecks + NGX_VRRP_CHECKER_RESERVE;
}


void
ngx_vrrp_checker_run(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper,
    vrrp_checker_role_e role, int icmp4, int icmp6)
{
    ngx_vrrp_checker_t  *ck;

    ck = &ngx_vrrp_checker;

    if (role == VRRP_CHECKER_PROBES) {
        ngx_vrrp_resolve_resume(cycle);
    }

    if (ngx_vrrp_checker_start_core(cycle, role, icmp4, icmp6) != NGX_OK) {
        ngx_vrrp_helper_fail(cycle, helper);
    }

    if (role == VRRP_CHECKER_PROBES) {
        /* the previous one may have died in the middle of it */
        ngx_vrrp_mark_pools(cycle);
        ngx_vrrp_mark_watch(cycle);
        ngx_vrrp_resolve_start(cycle, ck->core);
    }

    while (!ngx_quit && !ngx_terminate && !ngx_vrrp_checker_finished(ck)) {

        if (ngx_reopen) {
            ngx_reopen = 0;
            ngx_vrrp_log_reopen(cycle);
        }

        ngx_vrrp_event_arm_timer(&ck->loop);

        ngx_process_events_and_timers(cycle);
    }

    vrrp_checker_destroy(ck->core);

    ngx_log_error(NGX_LOG_NOTICE, cycle->log, 0, "%s exiting", helper->title);

    exit(0);
}


static ngx_int_t
ngx_vrrp_checker_start_core(ngx_cycle_t *cycle, vrrp_checker_role_e role,
    int icmp4, int icmp6)
{
    vrrp_checker_ops_t   ops;
    ngx_vrrp_checker_t  *ck;

    ck = &ngx_vrrp_checker;

    ck->conf = ngx_vrrp_get_conf(cycle);

    ck->loop.log = cycle->log;
    ck->loop.data = ck;
    ck->loop.deadline = ngx_vrrp_checker_deadline;
    ck->loop.on_timer = ngx_vrrp_checker_on_timer;
    ck->loop.on_readable = ngx_vrrp_checker_on_readable;

    ops.data = &ck->loop;
    ops.log = ngx_vrrp_log;
    ops.watch = ngx_vrrp_event_watch;
    ops.unwatch = ngx_vrrp_event_unwatch;
    ops.open = ngx_vrrp_connection_open;
    ops.send = ngx_vrrp_connection_send;
    ops.close = ngx_vrrp_connection_close;
    ops.regex = ngx_vrrp_checker_regex;
    ops.changed = ngx_vrrp_checker_changed;

    ck->core = vrrp_checker_create(&ck->conf->core, role, &ops,
                                   ck->conf->memory, icmp4, icmp6);

    if (ck->core == NULL
        || ngx_vrrp_connection_init(cycle, ck->core) != NGX_OK
        || ngx_vrrp_event_open_timer(&ck->loop) != NGX_OK
        || vrrp_checker_start(ck->core, ngx_parent) != VRRP_CORE_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * A process that finds its table replaced is about to get QUIT: until then it
 * waits, because the master would restart a process that ends before.
 */

static ngx_uint_t
ngx_vrrp_checker_finished(ngx_vrrp_checker_t *ck)
{
    if (!vrrp_checker_finished(ck->core)) {
        return 0;
    }

    return getppid() != ngx_parent
           || vrrp_core_checks_changes(ck->conf->memory,
                                       ck->conf->core.generation)
              != 0;
}


static int64_t
ngx_vrrp_checker_deadline(void *data)
{
    ngx_vrrp_checker_t *ck = data;

    return vrrp_checker_deadline(ck->core);
}


static void
ngx_vrrp_checker_on_timer(void *data)
{
    ngx_vrrp_checker_t *ck = data;

    vrrp_checker_on_timer(ck->core);
}


static void
ngx_vrrp_checker_on_readable(void *data, int fd)
{
    ngx_vrrp_checker_t *ck = data;

    vrrp_checker_on_readable(ck->core, fd);
}


/* the rest of vrrp_checker_ops_t */

static int
ngx_vrrp_checker_regex(void *data, void *regex, const char *text, size_t len)
{
#if (NGX_PCRE)

    ngx_str_t  subject;

    subject.data = (u_char *) text;
    subject.len = len;

    return ngx_regex_exec((ngx_regex_t *) regex, &subject, NULL, 0) >= 0;

#else

    /* the configuration has none */

    return 0;

#endif
}


static void
ngx_vrrp_checker_changed(void *data, size_t check)
{
    ngx_vrrp_conf_t    *vcf;
    ngx_vrrp_target_t  *target;

    vcf = ngx_vrrp_checker.conf;
    target = vcf->core.checks[check].target;

    if (target && target->pool && target->pool->walk) {
        ngx_vrrp_mark_pool((ngx_cycle_t *) ngx_cycle, target->pool);
        ngx_vrrp_mark_watch((ngx_cycle_t *) ngx_cycle);
    }
}
