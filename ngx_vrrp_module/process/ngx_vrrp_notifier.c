
/*
 * The notifier process, which delivers events: it runs scripts, writes FIFOs,
 * sends mail and calls webhooks.  It exists only if the configuration has
 * receivers.
 *
 * On reload a new one is started.  The old one continues until the vrrp and
 * checker processes that send to it have ended, and their events are
 * delivered, or its time is over; the new one begins after it.
 */


#include "ngx_vrrp_helper.h"
#include "ngx_vrrp_event.h"
#include "ngx_vrrp_ipc.h"
#include "ngx_vrrp_privileges.h"
#include "ngx_vrrp_secret.h"


/*
 * Descriptors that it watches: its own, for each channel, and for the script
 * of each instance.
 */

#define NGX_VRRP_NOTIFIER_RESERVE       32
#define NGX_VRRP_NOTIFIER_PER_CHANNEL   4
#define NGX_VRRP_NOTIFIER_PER_INSTANCE  4


static ngx_int_t ngx_vrrp_notifier_prepare(ngx_cycle_t *cycle);
static ngx_uint_t ngx_vrrp_notifier_connections(ngx_vrrp_conf_t *vcf);
static ngx_int_t ngx_vrrp_notifier_drop_privileges(ngx_cycle_t *cycle);
static void ngx_vrrp_notifier_scripts(ngx_cycle_t *cycle,
    ngx_uint_t *scripts, ngx_uint_t *others);
static void ngx_vrrp_notifier_secrets(ngx_cycle_t *cycle);
static void ngx_vrrp_notifier_secret(ngx_cycle_t *cycle,
    vrrp_core_notify_conf_t *channel);
static vrrp_process_t *ngx_vrrp_notifier_create(ngx_cycle_t *cycle,
    const vrrp_process_ops_t *ops);


ngx_vrrp_helper_t  ngx_vrrp_notifier_helper = {
    "vrrp notifier process",
    "ngx_vrrp_notify",
    "notifications are disabled",
    NGX_VRRP_KEEP_RECEIVER,
    ngx_vrrp_notifier_prepare,
    ngx_vrrp_notifier_connections,
    ngx_vrrp_notifier_drop_privileges,
    ngx_vrrp_notifier_create,
    NULL,
    ngx_process_events_and_timers,
    NULL
};


static ngx_int_t
ngx_vrrp_notifier_prepare(ngx_cycle_t *cycle)
{
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    return (vcf->core.event_fds[1] == -1) ? NGX_DECLINED : NGX_OK;
}


static ngx_uint_t
ngx_vrrp_notifier_connections(ngx_vrrp_conf_t *vcf)
{
    return NGX_VRRP_NOTIFIER_RESERVE
           + NGX_VRRP_NOTIFIER_PER_CHANNEL * vcf->core.nchannels
           + NGX_VRRP_NOTIFIER_PER_INSTANCE * vcf->core.ninstances;
}


/*
 * As the runner process, if there are scripts of other users.  Without any
 * scripts it runs no programs that could want new privileges.
 */

static ngx_int_t
ngx_vrrp_notifier_drop_privileges(ngx_cycle_t *cycle)
{
    uint32_t    wanted, granted;
    ngx_uint_t  scripts, others;

    ngx_vrrp_notifier_secrets(cycle);

    ngx_vrrp_notifier_scripts(cycle, &scripts, &others);

    wanted = others ? NGX_VRRP_SCRIPT_CAPS : 0;

    if (ngx_vrrp_drop_privileges(cycle, wanted, &granted) != NGX_OK) {
        return NGX_ERROR;
    }

    if (granted != wanted) {
        ngx_vrrp_report_scripts(cycle);
    }

    return scripts ? NGX_OK : ngx_vrrp_no_new_privileges(cycle);
}


/* while the process is still that of the master's user */

static void
ngx_vrrp_notifier_scripts(ngx_cycle_t *cycle, ngx_uint_t *scripts,
    ngx_uint_t *others)
{
    uid_t                           uid;
    gid_t                           gid;
    size_t                          i;
    ngx_core_conf_t                *ccf;
    ngx_vrrp_conf_t                *vcf;
    const vrrp_core_notify_conf_t  *channel;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);
    vcf = ngx_vrrp_get_conf(cycle);

    uid = (geteuid() == 0) ? ccf->user : geteuid();
    gid = (geteuid() == 0) ? ccf->group : getegid();

    *scripts = 0;
    *others = 0;

    for (i = 0; i < vcf->core.nchannels; i++) {
        channel = &vcf->core.channels[i];

        if (channel->kind == VRRP_CORE_NOTIFY_SCRIPT) {
            *scripts = 1;
            *others |= (channel->uid != uid || channel->gid != gid);
        }
    }
}


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


static vrrp_process_t *
ngx_vrrp_notifier_create(ngx_cycle_t *cycle, const vrrp_process_ops_t *ops)
{
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    return vrrp_notifier_create(&vcf->core, ops, ngx_vrrp_hmac_sha256,
                                vcf->memory);
}
