
/*
 * The notify* directives, of the "vrrp" block and of a vrrp_instance:
 * receivers and their events.
 */


#include "ngx_vrrp_notify_conf.h"
#include "ngx_vrrp_program.h"
#include "ngx_vrrp_secret.h"


#define NGX_VRRP_ALL_STATES  (NGX_VRRP_SCRIPT_STATES|VRRP_CORE_TO_INIT)


static ngx_vrrp_channel_t *ngx_vrrp_notify_add(ngx_conf_t *cf, void *conf,
    ngx_uint_t directive, vrrp_core_notify_kind_e kind,
    ngx_vrrp_notify_params_t *params, ngx_uint_t first);
static char *ngx_vrrp_notify_events(ngx_conf_t *cf, ngx_uint_t directive,
    ngx_vrrp_notify_params_t *params, ngx_vrrp_channel_t *channel);
static char *ngx_vrrp_notify_once(ngx_conf_t *cf,
    ngx_vrrp_channel_t *channel, ngx_str_t *key, ngx_str_t *shown);
static char *ngx_vrrp_email_complete(ngx_conf_t *cf,
    ngx_vrrp_notify_params_t *params);
static char *ngx_vrrp_email_url(ngx_conf_t *cf,
    ngx_vrrp_notify_params_t *params, ngx_uint_t *tls);
static char *ngx_vrrp_email_login(ngx_conf_t *cf,
    ngx_vrrp_notify_params_t *params, ngx_uint_t tls,
    vrrp_core_notify_conf_t *core);
static char *ngx_vrrp_notify_secret(ngx_conf_t *cf, const char *param,
    ngx_str_t *file, vrrp_core_notify_conf_t *core);
static char *ngx_vrrp_webhook_rules(ngx_conf_t *cf, ngx_str_t *url,
    ngx_vrrp_notify_params_t *params);
static char *ngx_vrrp_notify_tls(ngx_conf_t *cf,
    ngx_vrrp_notify_params_t *params, vrrp_core_notify_conf_t *core);
static char *ngx_vrrp_notify_possible(ngx_cycle_t *cycle,
    ngx_vrrp_conf_t *vcf);


/* post: its bit and states, see ngx_vrrp_commands.c */

char *
ngx_vrrp_conf_notify(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_notify_script_t  *script = cmd->post;

    ngx_str_t                 *value;
    ngx_vrrp_channel_t        *channel;
    ngx_vrrp_notify_params_t   params;
    vrrp_core_notify_conf_t   *core;

    value = cf->args->elts;

    if (ngx_vrrp_program_path(cf, &value[1]) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    channel = ngx_vrrp_notify_add(cf, conf, script->directive,
                                  VRRP_CORE_NOTIFY_SCRIPT, &params, 2);

    if (channel == NULL
        || ngx_vrrp_program_parse(cf, &value[1], &params.user,
                                  &channel->program)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    core = &channel->core;
    core->states = (uint32_t) script->states;

    if (script->events) {
        core->events = (uint32_t) script->events;
    }

    core->with_arguments = (script->directive == NGX_VRRP_NOTIFY);
    core->command = channel->program.words;
    core->ncommand = channel->program.nwords;

    return ngx_vrrp_notify_once(cf, channel, &value[1], &value[1]);
}


char *
ngx_vrrp_conf_notify_fifo(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                 *value, path;
    ngx_vrrp_channel_t        *channel;
    ngx_vrrp_notify_params_t   params;

    value = cf->args->elts;

    if (value[1].len == 0) {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                                     "must be the path of a file");
    }

    channel = ngx_vrrp_notify_add(cf, conf, NGX_VRRP_NOTIFY_FIFO,
                                  VRRP_CORE_NOTIFY_FIFO, &params, 2);

    path = value[1];

    if (channel == NULL || ngx_vrrp_notify_fifo(cf, &path) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    channel->core.states = NGX_VRRP_SCRIPT_STATES;
    ngx_vrrp_core_str(&channel->core.path, &path);

    return ngx_vrrp_notify_once(cf, channel, &path, &path);
}


char *
ngx_vrrp_conf_notify_email(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_uint_t                 tls;
    ngx_vrrp_channel_t        *channel;
    ngx_vrrp_notify_params_t   params;
    vrrp_core_notify_conf_t   *core;

    channel = ngx_vrrp_notify_add(cf, conf, NGX_VRRP_NOTIFY_EMAIL,
                                  VRRP_CORE_NOTIFY_EMAIL, &params, 1);
    if (channel == NULL) {
        return NGX_CONF_ERROR;
    }

    core = &channel->core;

    if (ngx_vrrp_email_complete(cf, &params) != NGX_CONF_OK
        || ngx_vrrp_email_url(cf, &params, &tls) != NGX_CONF_OK
        || ngx_vrrp_email_login(cf, &params, tls, core) != NGX_CONF_OK
        || ngx_vrrp_notify_tls(cf, &params, core) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    core->start_tls = (params.starttls == 1);
    core->states = NGX_VRRP_ALL_STATES;

    ngx_vrrp_core_str(&core->from, &params.from);
    ngx_vrrp_core_str(&core->to, &params.to);
    ngx_vrrp_core_str(&core->helo, &params.helo);
    ngx_vrrp_core_str(&core->url, &params.smtp);

    return ngx_vrrp_notify_once(cf, channel, &params.to, &params.to);
}


char *
ngx_vrrp_conf_notify_webhook(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_int_t                  tls;
    ngx_str_t                 *value, origin;
    ngx_uint_t                 directive;
    ngx_vrrp_channel_t        *channel;
    ngx_vrrp_notify_params_t   params;
    vrrp_core_notify_conf_t   *core;

    value = cf->args->elts;

    tls = ngx_vrrp_notify_url(cf, "notify_webhook", &value[1], "http", 1);

    if (tls == NGX_ERROR) {
        return NGX_CONF_ERROR;
    }

    directive = tls ? NGX_VRRP_NOTIFY_HTTPS : NGX_VRRP_NOTIFY_HTTP;

    channel = ngx_vrrp_notify_add(cf, conf, directive, VRRP_CORE_NOTIFY_WEBHOOK,
                                  &params, 2);
    if (channel == NULL) {
        return NGX_CONF_ERROR;
    }

    core = &channel->core;

    ngx_conf_init_value(params.format, 0);

    core->format = params.format;
    core->states = NGX_VRRP_ALL_STATES;
    ngx_vrrp_core_str(&core->url, &value[1]);
    ngx_vrrp_core_str(&core->prefix, &params.prefix);

    if (ngx_vrrp_webhook_rules(cf, &value[1], &params) != NGX_CONF_OK
        || ngx_vrrp_notify_tls(cf, &params, core) != NGX_CONF_OK
        || ngx_vrrp_notify_secret(cf, "secret_file=", &params.secret_file,
                                  core)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_vrrp_notify_origin(&value[1], &origin);

    return ngx_vrrp_notify_once(cf, channel, &value[1], &origin);
}


/*
 * A new channel; the arguments from the first one on are parameters.  NULL: an
 * error that has been logged.
 */

static ngx_vrrp_channel_t *
ngx_vrrp_notify_add(ngx_conf_t *cf, void *conf, ngx_uint_t directive,
    vrrp_core_notify_kind_e kind, ngx_vrrp_notify_params_t *params,
    ngx_uint_t first)
{
    ngx_str_t           *value;
    ngx_vrrp_conf_t     *vcf;
    ngx_vrrp_block_t    *block;
    ngx_vrrp_group_t    *group;
    ngx_vrrp_channel_t  *channel;

    vcf = ngx_vrrp_get_conf(cf->cycle);
    value = cf->args->elts;

    if (cf->cmd_type == NGX_VRRP_INHERITED_CONF) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is not allowed in \"node\": "
                           "notifications are those of all nodes", &value[0]);
        return NULL;
    }

    if (vcf->channels.nelts == VRRP_CORE_MAX_CHANNELS) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "too many notifications, at most %d are allowed",
                           VRRP_CORE_MAX_CHANNELS);
        return NULL;
    }

    if (ngx_vrrp_notify_params(cf, params, directive, &value[first],
                              cf->args->nelts - first)
        != NGX_CONF_OK)
    {
        return NULL;
    }

    channel = ngx_array_push(&vcf->channels);
    if (channel == NULL) {
        return NULL;
    }

    ngx_memzero(channel, sizeof(ngx_vrrp_channel_t));

    ngx_vrrp_conf_line(cf, &channel->place);

    channel->core.kind = kind;
    ngx_vrrp_core_str(&channel->core.name, &value[0]);

    if (cf->cmd_type == NGX_VRRP_INSTANCE_CONF) {
        block = conf;
        channel->core.instance = block->checked.core.name;

    } else if (cf->cmd_type == NGX_VRRP_GROUP_CONF) {
        group = conf;
        channel->core.instance = group->name;
        channel->core.of_group = 1;
    }

    if (ngx_vrrp_notify_events(cf, directive, params, channel)
        != NGX_CONF_OK)
    {
        return NULL;
    }

    return channel;
}


static char *
ngx_vrrp_notify_events(ngx_conf_t *cf, ngx_uint_t directive,
    ngx_vrrp_notify_params_t *params, ngx_vrrp_channel_t *channel)
{
    ngx_uint_t  local;

    if (params->events != NGX_CONF_UNSET
        && (params->events & VRRP_CORE_EVENT_DRIFT)
        && channel->core.instance.len)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"events=drift\" is allowed in the \"vrrp\" "
                           "block only: the event is about whole nodes");
        return NGX_CONF_ERROR;
    }

    if (params->events != NGX_CONF_UNSET
        && (params->events & VRRP_CORE_EVENT_UPSTREAM)
        && channel->core.instance.len)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"events=upstream\" is allowed in the \"vrrp\" "
                           "block only: an upstream is not part of a "
                           "vrrp_instance");
        return NGX_CONF_ERROR;
    }

    if (channel->core.of_group
        && params->events != NGX_CONF_UNSET
        && params->events != VRRP_CORE_EVENT_STATE)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "a sync_group has only \"events=state\": other "
                           "events are of its vrrp_instance blocks");
        return NGX_CONF_ERROR;
    }

    /* programs of this machine get changes of state only, as keepalived's */

    local = directive & (NGX_VRRP_NOTIFY_SCRIPTS|NGX_VRRP_NOTIFY_FIFO);

    if (channel->core.of_group) {
        params->events = VRRP_CORE_EVENT_STATE;
    }

    ngx_conf_init_value(params->events, local ? VRRP_CORE_EVENT_STATE
                                              : VRRP_CORE_USUAL_EVENTS);
    ngx_conf_init_value(params->timeout,
                   (directive & NGX_VRRP_NOTIFY_WEBHOOKS) ? 10000 : 30000);
    ngx_conf_init_value(params->expire, 3600000);

    channel->core.events = (uint32_t) params->events;
    channel->core.timeout_ns = ngx_vrrp_msec_ns(params->timeout);
    channel->core.expire_ns = ngx_vrrp_msec_ns(params->expire);

    return NGX_CONF_OK;
}


/* shown: the part of the key that is not secret */

static char *
ngx_vrrp_notify_once(ngx_conf_t *cf, ngx_vrrp_channel_t *channel,
    ngx_str_t *key, ngx_str_t *shown)
{
    ngx_vrrp_conf_t     *vcf;
    ngx_vrrp_channel_t  *other;

    channel->key = *key;
    ngx_vrrp_core_str(&channel->core.target, shown);

    vcf = ngx_vrrp_get_conf(cf->cycle);

    for (other = vcf->channels.elts; other != channel; other++) {

        if (ngx_vrrp_same_str(&other->core.name, &channel->core.name)
            && other->core.of_group == channel->core.of_group
            && ngx_vrrp_same_str(&other->core.instance,
                                 &channel->core.instance)
            && other->key.len == key->len
            && ngx_memcmp(other->key.data, key->data, key->len) == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "duplicate %*s \"%V\"",
                               channel->core.name.len,
                               channel->core.name.data, shown);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_email_complete(ngx_conf_t *cf, ngx_vrrp_notify_params_t *params)
{
    const char  *missing;

    missing = (params->to.len == 0) ? "to="
              : (params->from.len == 0) ? "from="
              : (params->smtp.len == 0) ? "smtp=" : NULL;

    if (missing == NULL) {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"notify_email\" needs \"%s\"",
                       missing);

    return NGX_CONF_ERROR;
}


/* tls: nothing is said in the clear */

static char *
ngx_vrrp_email_url(ngx_conf_t *cf, ngx_vrrp_notify_params_t *params,
    ngx_uint_t *tls)
{
    ngx_int_t  smtps;

    smtps = ngx_vrrp_notify_url(cf, "smtp", &params->smtp, "smtp", 0);

    if (smtps == NGX_ERROR) {
        return NGX_CONF_ERROR;
    }

    if (smtps && params->starttls == 1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"starttls=on\" is for \"smtp://\" only: "
                           "\"smtps://\" always uses TLS");
        return NGX_CONF_ERROR;
    }

    *tls = (smtps || params->starttls == 1);

    if (!*tls && (params->ca.len || params->verify != NGX_CONF_UNSET)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%s\" needs TLS: use \"smtps://\" or "
                           "\"starttls=on\"",
                           params->ca.len ? "ca=" : "verify=");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_email_login(ngx_conf_t *cf, ngx_vrrp_notify_params_t *params,
    ngx_uint_t tls, vrrp_core_notify_conf_t *core)
{
    if (params->user.len == 0 && params->password_file.len == 0) {
        return NGX_CONF_OK;
    }

    if (params->user.len == 0 || params->password_file.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"user=\" and \"password_file=\" must be used "
                           "together");
        return NGX_CONF_ERROR;
    }

    if (!tls) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "the password of \"%V\" is sent in clear text: use "
                           "\"smtps://\" or \"starttls=on\"",
                           &params->user);
    }

    ngx_vrrp_core_str(&core->username, &params->user);

    return ngx_vrrp_notify_secret(cf, "password_file=",
                                  &params->password_file, core);
}


/* the notifier process reads it */

static char *
ngx_vrrp_notify_secret(ngx_conf_t *cf, const char *param, ngx_str_t *file,
    vrrp_core_notify_conf_t *core)
{
    if (file->len && ngx_vrrp_secret_check(cf, param, file) == NGX_ERROR) {
        return NGX_CONF_ERROR;
    }

    ngx_vrrp_core_str(&core->secret_file, file);

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_webhook_rules(ngx_conf_t *cf, ngx_str_t *url,
    ngx_vrrp_notify_params_t *params)
{
    char         why[NGX_MAX_CONF_ERRSTR];
    size_t       len;
    const char  *path;

    if (vrrp_core_webhook_supports(params->format, params->prefix.len != 0,
                                   params->secret_file.len != 0, why,
                                   sizeof(why))
        != VRRP_CORE_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", why);
        return NGX_CONF_ERROR;
    }

#if !(NGX_SSL)

    if (params->secret_file.len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"secret_file=\" is not supported: this nginx was "
                           "built without \"--with-http_ssl_module\"");
        return NGX_CONF_ERROR;
    }

#endif

    path = vrrp_core_webhook_path(params->format);
    len = ngx_strlen(path);

    if (url->len < len
        || ngx_strcmp(url->data + url->len - len, path) != 0)
    {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "Alertmanager receives alerts at URLs that end "
                           "with \"%s\"", path);
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_notify_tls(ngx_conf_t *cf, ngx_vrrp_notify_params_t *params,
    vrrp_core_notify_conf_t *core)
{
    ngx_conf_init_value(params->verify, 1);

    core->verify = (uint8_t) params->verify;

    if (params->ca.len == 0) {
        return NGX_CONF_OK;
    }

    if (!params->verify) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"ca=%V\" has no effect with \"verify=off\"",
                           &params->ca);
    }

    if (ngx_vrrp_notify_ca(cf, &params->ca) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_vrrp_core_str(&core->ca, &params->ca);

    return NGX_CONF_OK;
}


char *
ngx_vrrp_notify_build(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf)
{
    ngx_uint_t                i;
    ngx_vrrp_channel_t       *channels;
    vrrp_core_notify_conf_t  *core;

    core = ngx_palloc(cycle->pool, (vcf->channels.nelts + 1)
                                   * sizeof(vrrp_core_notify_conf_t));
    if (core == NULL) {
        return NGX_CONF_ERROR;
    }

    channels = vcf->channels.elts;

    for (i = 0; i < vcf->channels.nelts; i++) {

        core[i] = channels[i].core;

        if (core[i].kind != VRRP_CORE_NOTIFY_SCRIPT) {
            continue;
        }

        if (ngx_vrrp_program_check(cycle, &channels[i].program, &core[i].name,
                                   &channels[i].place)
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }

        core[i].uid = channels[i].program.uid;
        core[i].gid = channels[i].program.gid;
    }

    vcf->core.channels = core;
    vcf->core.nchannels = vcf->channels.nelts;

    return ngx_vrrp_notify_possible(cycle, vcf);
}


/*
 * Only a process that tests the configuration may load what the notifier
 * process needs; that one complains when it is not there.
 */

static char *
ngx_vrrp_notify_possible(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf)
{
    char                 why[NGX_MAX_CONF_ERRSTR];
    ngx_vrrp_channel_t  *channels;

    if (!ngx_test_config
        || vrrp_notifier_possible(&vcf->core, why, sizeof(why))
           == VRRP_CORE_OK)
    {
        return NGX_CONF_OK;
    }

    channels = vcf->channels.elts;

    while (channels->core.kind == VRRP_CORE_NOTIFY_SCRIPT
           || channels->core.kind == VRRP_CORE_NOTIFY_FIFO)
    {
        channels++;
    }

    ngx_log_error(NGX_LOG_EMERG, cycle->log, 0, "%*s cannot be used: %s in "
                  "%V:%ui", channels->core.name.len,
                  channels->core.name.data, why, &channels->place.file,
                  channels->place.line);

    return NGX_CONF_ERROR;
}
