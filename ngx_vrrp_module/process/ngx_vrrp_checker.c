
/*
 * The processes that check.  The checker process reads what peers send, so it
 * has no privileges at all; scripts ("track_script") are run by another one,
 * the runner process.  Each exists only where the configuration has something
 * for it to do.
 *
 * On reload the master starts the new ones and ends the old ones later.  The
 * new ones begin with the results of the old ones, and the old ones end at
 * once: checks in progress are started again.
 */


#include "ngx_vrrp_helper.h"
#include "ngx_vrrp_child.h"
#include "ngx_vrrp_connection.h"
#include "ngx_vrrp_ipc.h"
#include "ngx_vrrp_privileges.h"
#include "ngx_vrrp_upstream.h"


/* descriptors that the event loop watches, beside connections */

#define NGX_VRRP_CHECKER_RESERVE  32


static ngx_int_t ngx_vrrp_checker_prepare(ngx_cycle_t *cycle);
static ngx_int_t ngx_vrrp_runner_prepare(ngx_cycle_t *cycle);
static ngx_int_t ngx_vrrp_checker_is_needed(ngx_cycle_t *cycle,
    vrrp_checker_role_e role);
static ngx_uint_t ngx_vrrp_checker_connections(ngx_vrrp_conf_t *vcf);
static ngx_int_t ngx_vrrp_checker_drop_privileges(ngx_cycle_t *cycle);
static ngx_int_t ngx_vrrp_runner_drop_privileges(ngx_cycle_t *cycle);
static void ngx_vrrp_checker_open_ping(ngx_cycle_t *cycle);
static int ngx_vrrp_checker_open_raw(int family, int protocol,
    const char *what, ngx_log_t *log);
static void ngx_vrrp_runner_report(ngx_cycle_t *cycle);
static vrrp_process_t *ngx_vrrp_checker_create(ngx_cycle_t *cycle,
    const vrrp_process_ops_t *ops);
static vrrp_process_t *ngx_vrrp_runner_create(ngx_cycle_t *cycle,
    const vrrp_process_ops_t *ops);
static void ngx_vrrp_checker_started(ngx_cycle_t *cycle,
    vrrp_process_t *process);
static int ngx_vrrp_checker_regex(void *data, void *regex, const char *text,
    size_t len);
static void ngx_vrrp_checker_changed(void *data, size_t check);


ngx_vrrp_helper_t  ngx_vrrp_checker_helper = {
    "vrrp checker process",
    "ngx_vrrp_check",
    "its checks keep their last state",
    NGX_VRRP_KEEP_WAKE|NGX_VRRP_KEEP_DEMAND|NGX_VRRP_KEEP_SENDER,
    ngx_vrrp_checker_prepare,
    ngx_vrrp_checker_connections,
    ngx_vrrp_checker_drop_privileges,
    ngx_vrrp_checker_create,
    ngx_vrrp_checker_started,
    ngx_process_events_and_timers,
    NULL
};


ngx_vrrp_helper_t  ngx_vrrp_runner_helper = {
    "vrrp runner process",
    "ngx_vrrp_run",
    "its scripts keep their last state",
    NGX_VRRP_KEEP_WAKE,
    ngx_vrrp_runner_prepare,
    ngx_vrrp_checker_connections,
    ngx_vrrp_runner_drop_privileges,
    ngx_vrrp_runner_create,
    NULL,
    ngx_process_events_and_timers,
    NULL
};


static vrrp_checker_ops_t  ngx_vrrp_checker_ops = {
    ngx_vrrp_connection_open,
    ngx_vrrp_connection_send,
    ngx_vrrp_connection_close,
    ngx_vrrp_checker_regex,
    ngx_vrrp_checker_changed
};


static ngx_int_t
ngx_vrrp_checker_prepare(ngx_cycle_t *cycle)
{
    return ngx_vrrp_checker_is_needed(cycle, VRRP_CHECKER_PROBES);
}


static ngx_int_t
ngx_vrrp_runner_prepare(ngx_cycle_t *cycle)
{
    return ngx_vrrp_checker_is_needed(cycle, VRRP_CHECKER_SCRIPTS);
}


static ngx_int_t
ngx_vrrp_checker_is_needed(ngx_cycle_t *cycle, vrrp_checker_role_e role)
{
    return vrrp_checker_needed(&ngx_vrrp_get_conf(cycle)->core, role)
           ? NGX_OK : NGX_DECLINED;
}


static ngx_uint_t
ngx_vrrp_checker_connections(ngx_vrrp_conf_t *vcf)
{
    return 2 * vcf->core.nchecks + NGX_VRRP_CHECKER_RESERVE;
}


static ngx_int_t
ngx_vrrp_checker_drop_privileges(ngx_cycle_t *cycle)
{
    uint32_t  granted;

    ngx_vrrp_checker_open_ping(cycle);
    ngx_vrrp_child_raise_limit(cycle, &ngx_vrrp_checker_helper);

    if (ngx_vrrp_drop_privileges(cycle, 0, &granted) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_vrrp_no_new_privileges(cycle);
}


/*
 * Not without new privileges: ping and sudo, which scripts call, are nothing
 * without them.
 */

static ngx_int_t
ngx_vrrp_runner_drop_privileges(ngx_cycle_t *cycle)
{
    uint32_t  granted;

    if (ngx_vrrp_drop_privileges(cycle, NGX_VRRP_SCRIPT_CAPS, &granted)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (granted != NGX_VRRP_SCRIPT_CAPS) {
        ngx_vrrp_runner_report(cycle);
    }

    return NGX_OK;
}


/* raw sockets, as long as the process may open them */

static void
ngx_vrrp_checker_open_ping(ngx_cycle_t *cycle)
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

    if (ipv4) {
        vcf->core.icmp_fds[0] = ngx_vrrp_checker_open_raw(AF_INET,
                                            IPPROTO_ICMP, "ICMP", cycle->log);
    }

    if (ipv6) {
        vcf->core.icmp_fds[1] = ngx_vrrp_checker_open_raw(AF_INET6,
                                        IPPROTO_ICMPV6, "ICMPv6", cycle->log);
    }
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


/* scripts of the user that nginx runs as are run anyway */

static void
ngx_vrrp_runner_report(ngx_cycle_t *cycle)
{
    size_t                         i;
    ngx_vrrp_conf_t               *vcf;
    const vrrp_core_check_conf_t  *check;

    vcf = ngx_vrrp_get_conf(cycle);

    for (i = 0; i < vcf->core.nchecks; i++) {
        check = &vcf->core.checks[i];

        if (check->kind != VRRP_CORE_CHECK_SCRIPT
            || (check->uid == geteuid() && check->gid == getegid()))
        {
            continue;
        }

        ngx_vrrp_report_scripts(cycle);
        return;
    }
}


static vrrp_process_t *
ngx_vrrp_checker_create(ngx_cycle_t *cycle, const vrrp_process_ops_t *ops)
{
    ngx_vrrp_conf_t  *vcf;
    vrrp_process_t   *process;

    vcf = ngx_vrrp_get_conf(cycle);

    ngx_vrrp_resolve_resume(cycle);

    process = vrrp_checker_create(&vcf->core, VRRP_CHECKER_PROBES, ops,
                                  &ngx_vrrp_checker_ops, vcf->memory);

    if (process == NULL
        || ngx_vrrp_connection_init(cycle, process) != NGX_OK)
    {
        return NULL;
    }

    return process;
}


static vrrp_process_t *
ngx_vrrp_runner_create(ngx_cycle_t *cycle, const vrrp_process_ops_t *ops)
{
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    return vrrp_checker_create(&vcf->core, VRRP_CHECKER_SCRIPTS, ops,
                               &ngx_vrrp_checker_ops, vcf->memory);
}


static void
ngx_vrrp_checker_started(ngx_cycle_t *cycle, vrrp_process_t *process)
{
    /* the previous one may have died in the middle of it */

    ngx_vrrp_mark_pools(cycle);
    ngx_vrrp_mark_watch(cycle);
    ngx_vrrp_resolve_start(cycle, process);
}


static int
ngx_vrrp_checker_regex(void *data, void *regex, const char *text, size_t len)
{
#if (NGX_PCRE)

    ngx_str_t     subject;
    ngx_regex_t  *re = regex;

    subject.data = (u_char *) text;
    subject.len = len;

    /* a macro before 1.21.5, which would put a cast at the wrong place */

    return ngx_regex_exec(re, &subject, NULL, 0) >= 0;

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

    vcf = ngx_vrrp_get_conf(ngx_cycle);
    target = vcf->core.checks[check].target;

    if (target && target->pool && target->pool->walk) {
        ngx_vrrp_mark_pool((ngx_cycle_t *) ngx_cycle, target->pool);
        ngx_vrrp_mark_watch((ngx_cycle_t *) ngx_cycle);
    }
}
