
/*
 * The notifier process, which delivers events: it runs scripts, writes FIFOs,
 * sends mail and calls webhooks.  It exists only if the configuration has
 * receivers.
 *
 * On reload a new one is started.  The old one continues until the vrrp and
 * checker processes that send to it have ended, and their events are
 * delivered, or its time is over; the new one begins after it.
 */


#include "ngx_vrrp_process.h"
#include "ngx_vrrp_secret.h"


/*
 * Descriptors that it watches: its own, for each channel, and for the script
 * of each instance.
 */

#define NGX_VRRP_NOTIFIER_RESERVE       32
#define NGX_VRRP_NOTIFIER_PER_CHANNEL   4
#define NGX_VRRP_NOTIFIER_PER_INSTANCE  4


typedef struct {
    vrrp_notifier_t  *core;
    ngx_vrrp_loop_t   loop;
} ngx_vrrp_notifier_t;


static void ngx_vrrp_notifier_cycle(ngx_cycle_t *cycle, void *data);
static void ngx_vrrp_notifier_secrets(ngx_cycle_t *cycle);
static void ngx_vrrp_notifier_secret(ngx_cycle_t *cycle,
    vrrp_core_notify_conf_t *channel);
static ngx_uint_t ngx_vrrp_notifier_connections(ngx_cycle_t *cycle);
static ngx_int_t ngx_vrrp_notifier_start_core(ngx_cycle_t *cycle,
    ngx_vrrp_notifier_t *nt);
static void ngx_vrrp_notifier_signals(ngx_cycle_t *cycle,
    ngx_vrrp_notifier_t *nt);
static int64_t ngx_vrrp_notifier_deadline(void *data);
static void ngx_vrrp_notifier_on_timer(void *data);
static void ngx_vrrp_notifier_on_readable(void *data, int fd);


static ngx_vrrp_helper_t    ngx_vrrp_notifier_helper = {
    "vrrp notifier process",
    "ngx_vrrp_notify",
    ngx_vrrp_notifier_cycle,
    NGX_VRRP_EVENTS_RECEIVED,
    0,
    NULL
};


/* there is one of them in a process */

static ngx_vrrp_notifier_t  ngx_vrrp_notifier;


/* in the master, from init_module */

void
ngx_vrrp_start_notifier(ngx_cycle_t *cycle)
{
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    if (vcf->core.event_fds[1] == -1) {
        return;
    }

    if (ngx_vrrp_spawn_helper(cycle, &ngx_vrrp_notifier_helper) != NGX_OK) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                      "vrrp: could not start the vrrp notifier process, "
                      "notifications are disabled");
    }
}


/* in the notifier process */

static void
ngx_vrrp_notifier_cycle(ngx_cycle_t *cycle, void *data)
{
    ngx_int_t             rc;
    ngx_vrrp_notifier_t  *nt;

    ngx_vrrp_helper_begin(cycle, &ngx_vrrp_notifier_helper);

    ngx_vrrp_notifier_secrets(cycle);

    rc = ngx_vrrp_notifier_privileges(cycle);

    if (rc == NGX_ERROR) {
        ngx_vrrp_helper_fail(cycle, &ngx_vrrp_notifier_helper);
    }

    if (rc == NGX_DECLINED) {
        ngx_vrrp_report_scripts(cycle);
    }

    ngx_vrrp_helper_init(cycle, &ngx_vrrp_notifier_helper,
                         ngx_vrrp_notifier_connections(cycle));

    nt = &ngx_vrrp_notifier;

    if (ngx_vrrp_notifier_start_core(cycle, nt) != NGX_OK) {
        ngx_vrrp_helper_fail(cycle, &ngx_vrrp_notifier_helper);
    }

    for ( ;; ) {
        ngx_vrrp_notifier_signals(cycle, nt);

        if (vrrp_notifier_finished(nt->core)) {
            break;
        }

        ngx_vrrp_event_arm_timer(&nt->loop);

        ngx_process_events_and_timers(cycle);
    }

    vrrp_notifier_destroy(nt->core);

    ngx_log_error(NGX_LOG_NOTICE, cycle->log, 0,
                  "vrrp notifier process exiting");

    exit(0);
}


/* while it is still root */

static void
ngx_vrrp_notifier_secrets(ngx_cycle_t *cycle)
{
    size_t                    i;
    ngx_vrrp_conf_t          *vcf;
    vrrp_core_notify_conf_t  *channels;

    vcf = ngx_vrrp_get_conf(cycle);
    channels = (vrrp_core_notify_conf_t *) vcf->core.channels;

    for (i = 0; i < vcf->core.nchannels; i++) {
        if (channels[i].secret_file.len) {
            ngx_vrrp_notifier_secret(cycle, &channels[i]);
        }
    }
}


static void
ngx_vrrp_notifier_secret(ngx_cycle_t *cycle, vrrp_core_notify_conf_t *channel)
{
    u_char             *p;
    ngx_vrrp_secret_t   secret;

    if (ngx_vrrp_secret_read(channel->secret_file.data, &secret) != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, cycle->log, 0,
                      "vrrp: \"%s\" %s; %*s \"%*s\" sends nothing until nginx "
                      "is reloaded", channel->secret_file.data, secret.wrong,
                      channel->name.len, channel->name.data,
                      channel->target.len, channel->target.data);

        ngx_vrrp_secret_wipe(&secret);
        return;
    }

    p = ngx_pnalloc(cycle->pool, secret.line.len);

    if (p) {
        ngx_memcpy(p, secret.line.data, secret.line.len);

        channel->secret.data = (char *) p;
        channel->secret.len = secret.line.len;
    }

    ngx_vrrp_secret_wipe(&secret);
}


static ngx_uint_t
ngx_vrrp_notifier_connections(ngx_cycle_t *cycle)
{
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    return NGX_VRRP_NOTIFIER_RESERVE
           + NGX_VRRP_NOTIFIER_PER_CHANNEL * vcf->core.nchannels
           + NGX_VRRP_NOTIFIER_PER_INSTANCE * vcf->core.ninstances;
}


static ngx_int_t
ngx_vrrp_notifier_start_core(ngx_cycle_t *cycle, ngx_vrrp_notifier_t *nt)
{
    ngx_vrrp_conf_t      *vcf;
    vrrp_notifier_ops_t   ops;

    vcf = ngx_vrrp_get_conf(cycle);

    nt->loop.log = cycle->log;
    nt->loop.data = nt;
    nt->loop.deadline = ngx_vrrp_notifier_deadline;
    nt->loop.on_timer = ngx_vrrp_notifier_on_timer;
    nt->loop.on_readable = ngx_vrrp_notifier_on_readable;

    ops.data = &nt->loop;
    ops.log = ngx_vrrp_log;
    ops.watch = ngx_vrrp_event_watch;
    ops.unwatch = ngx_vrrp_event_unwatch;
    ops.hmac_sha256 = ngx_vrrp_hmac_sha256;

    nt->core = vrrp_notifier_create(&vcf->core, &ops, vcf->memory);

    if (nt->core == NULL
        || ngx_vrrp_event_open_timer(&nt->loop) != NGX_OK
        || vrrp_notifier_start(nt->core, ngx_parent) != VRRP_CORE_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_vrrp_notifier_signals(ngx_cycle_t *cycle, ngx_vrrp_notifier_t *nt)
{
    if (ngx_terminate) {
        ngx_terminate = 0;
        vrrp_notifier_terminate(nt->core);
    }

    if (ngx_quit) {
        ngx_quit = 0;
        vrrp_notifier_quit(nt->core);
    }

    if (ngx_reopen) {
        ngx_reopen = 0;
        ngx_vrrp_log_reopen(cycle);
    }
}


static int64_t
ngx_vrrp_notifier_deadline(void *data)
{
    ngx_vrrp_notifier_t *nt = data;

    return vrrp_notifier_deadline(nt->core);
}


static void
ngx_vrrp_notifier_on_timer(void *data)
{
    ngx_vrrp_notifier_t *nt = data;

    vrrp_notifier_on_timer(nt->core);
}


static void
ngx_vrrp_notifier_on_readable(void *data, int fd)
{
    ngx_vrrp_notifier_t *nt = data;

    vrrp_notifier_on_readable(nt->core, fd);
}
