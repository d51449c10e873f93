
/*
 * The vrrp process: a true child of the master, which respawns it, signals
 * it, replaces it on reload and ends it on quit, like a worker.
 */


#include "ngx_vrrp_helper.h"
#include "ngx_vrrp_child.h"
#include "ngx_vrrp_event.h"
#include "ngx_vrrp_ipc.h"
#include "ngx_vrrp_ownership.h"
#include "ngx_vrrp_privileges.h"
#include "ngx_vrrp_scheduling.h"
#include "ngx_vrrp_secret.h"
#include "ngx_vrrp_values.h"


#define NGX_VRRP_ROUTER_PEERS    ".vrrp_peers"
#define NGX_VRRP_ROUTER_HISTORY  ".vrrp_history"


static ngx_uint_t ngx_vrrp_router_connections(ngx_vrrp_conf_t *vcf);
static ngx_int_t ngx_vrrp_router_drop_privileges(ngx_cycle_t *cycle);
static int ngx_vrrp_router_file(ngx_cycle_t *cycle, const char *suffix,
    const char *consequence);
static const char *ngx_vrrp_router_secrets(ngx_cycle_t *cycle);
static const char *ngx_vrrp_router_password(vrrp_core_instance_conf_t *ic);
static const char *ngx_vrrp_router_key(vrrp_core_instance_conf_t *ic,
    vrrp_core_hmac_key_t *key);
static void ngx_vrrp_router_drop_link(ngx_cycle_t *cycle,
    vrrp_core_link_conf_t *link, const char *reason);
static const char *ngx_vrrp_router_link(vrrp_core_link_conf_t *link);
static const char *ngx_vrrp_router_unreadable(const char *what,
    const vrrp_core_str_t *name, vrrp_core_str_t *file, const char *wrong);
static const char *ngx_vrrp_router_missing(uint32_t granted);
static vrrp_process_t *ngx_vrrp_router_create(ngx_cycle_t *cycle,
    const vrrp_process_ops_t *ops);


/* comm: "killall -9 nginx" must leave the one that gives the VIP up */

ngx_vrrp_helper_t  ngx_vrrp_router_helper = {
    "vrrp process",
    "ngx_vrrp",
    "nginx serves without VRRP",
    NGX_VRRP_KEEP_WAKE|NGX_VRRP_KEEP_DEMAND|NGX_VRRP_KEEP_SENDER
    |NGX_VRRP_KEEP_OWNERSHIP,
    ngx_vrrp_ownership_open,
    ngx_vrrp_router_connections,
    ngx_vrrp_router_drop_privileges,
    ngx_vrrp_router_create,
    NULL,
    ngx_vrrp_event_wait,
    NULL
};


static vrrp_router_facts_t  ngx_vrrp_router_facts;


/*
 * Per instance sockets, its name, and some to spare; netlink, timer, channel,
 * BFD, peer links.
 * Processes that are watched have their own share, because those of earlier
 * configurations may be many more than "worker_processes".
 */

static ngx_uint_t
ngx_vrrp_router_connections(ngx_vrrp_conf_t *vcf)
{
    return 32 + 10 * vcf->core.ninstances + VRRP_CORE_WATCHED_PROCESSES
           + VRRP_CORE_BFD_SOCKETS + vcf->nbfd
           + vcf->core.nlinks * (1 + VRRP_CORE_LINK_CONNECTIONS);
}


static ngx_int_t
ngx_vrrp_router_drop_privileges(ngx_cycle_t *cycle)
{
    uint32_t              granted;
    const char           *missing;
    vrrp_router_facts_t  *facts;

    facts = &ngx_vrrp_router_facts;

    /* others see the user that has bound a name */

    facts->begins_as_root = (geteuid() == 0);
    vrrp_core_take_names(&ngx_vrrp_get_conf(cycle)->core);

    /* only root sees the sockets of others */

    vrrp_core_bfd_holder(&ngx_vrrp_get_conf(cycle)->core, facts->bfd_holder,
                         sizeof(facts->bfd_holder));

    facts->peer_fd = -1;

    if (ngx_vrrp_get_conf(cycle)->core.nlinks) {
        facts->peer_fd = ngx_vrrp_router_file(cycle, NGX_VRRP_ROUTER_PEERS,
                                              "addresses of peers are not kept "
                                              "for the next start");
    }

    facts->history_fd = ngx_vrrp_router_file(cycle, NGX_VRRP_ROUTER_HISTORY,
                                             "crashes of nginx are not "
                                             "counted");

    ngx_vrrp_set_scheduling(cycle, facts);

    ngx_vrrp_child_raise_limit(cycle, &ngx_vrrp_router_helper);

    facts->disabled = ngx_vrrp_router_secrets(cycle);

    /* only root may load them; links without their secret are dropped */

    facts->drains = vrrp_core_load_drains(&ngx_vrrp_get_conf(cycle)->core);

    if (ngx_vrrp_drop_privileges(cycle, NGX_VRRP_ROUTER_CAPS, &granted)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    missing = ngx_vrrp_router_missing(granted);

    if (missing) {
        facts->disabled = missing;
    }

    return ngx_vrrp_no_new_privileges(cycle);
}


/* beside the pid file: each nginx of a machine has its own, mostly in /run */

static int
ngx_vrrp_router_file(ngx_cycle_t *cycle, const char *suffix,
    const char *consequence)
{
    int               fd;
    char              why[NGX_MAX_ERROR_STR];
    u_char           *path;
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    path = ngx_pnalloc(cycle->pool, ccf->pid.len + ngx_strlen(suffix) + 1);
    if (path == NULL) {
        return -1;
    }

    ngx_sprintf(path, "%V%s%Z", &ccf->pid, suffix);

    fd = vrrp_core_kept_file((char *) path, why, sizeof(why));

    if (fd == -1) {
        ngx_log_error(NGX_LOG_WARN, cycle->log, 0,
                      "vrrp: %s, %s", why, consequence);
    }

    return fd;
}


/* while it is still root; NULL, or what could not be read */

static const char *
ngx_vrrp_router_secrets(ngx_cycle_t *cycle)
{
    size_t                      i, n;
    const char                 *wrong;
    ngx_vrrp_conf_t            *vcf;
    vrrp_core_hmac_key_t       *keys;
    vrrp_core_instance_conf_t  *ic;

    vcf = ngx_vrrp_get_conf(cycle);
    ic = (vrrp_core_instance_conf_t *) vcf->core.instances;

    for (i = 0; i < vcf->core.ninstances; i++) {

        wrong = ngx_vrrp_router_password(&ic[i]);
        keys = (vrrp_core_hmac_key_t *) ic[i].hmac_keys;

        for (n = 0; wrong == NULL && n < ic[i].nhmac_keys; n++) {
            wrong = ngx_vrrp_router_key(&ic[i], &keys[n]);
        }

        if (wrong) {
            return wrong;
        }
    }

    for (i = 0; i < vcf->core.nlinks; i++) {

        wrong = ngx_vrrp_router_link(&vcf->core.links[i]);

        if (wrong) {
            ngx_vrrp_router_drop_link(cycle, &vcf->core.links[i], wrong);
        }
    }

    return NULL;
}


/* VRRP does not need it */

static void
ngx_vrrp_router_drop_link(ngx_cycle_t *cycle, vrrp_core_link_conf_t *link,
    const char *reason)
{
    size_t                      i;
    ngx_vrrp_conf_t            *vcf;
    vrrp_core_instance_conf_t  *ic;

    vcf = ngx_vrrp_get_conf(cycle);
    ic = (vrrp_core_instance_conf_t *) vcf->core.instances;

    for (i = 0; i < vcf->core.ninstances; i++) {
        if (ngx_vrrp_same_str(&ic[i].interface, &link->interface)) {
            ic[i].peer_link = 0;
        }
    }

    link->dropped = 1;

    ngx_log_error(NGX_LOG_ERR, cycle->log, 0,
                  "vrrp: %s; no peer links there until nginx is reloaded",
                  reason);
}


static const char *
ngx_vrrp_router_password(vrrp_core_instance_conf_t *ic)
{
    const char         *wrong;
    ngx_vrrp_secret_t   secret;

    if (ic->auth_file.len == 0) {
        return NULL;
    }

    wrong = NULL;

    if (ngx_vrrp_secret_read(ic->auth_file.data, &secret) == NGX_OK) {
        ic->auth_pass = 1;
        ngx_memcpy(ic->auth_data, secret.line.data,
                   ngx_min(secret.line.len, VRRP_CORE_AUTH_LEN));

    } else {
        wrong = ngx_vrrp_router_unreadable("the password of vrrp_instance",
                                           &ic->name, &ic->auth_file,
                                           (char *) secret.wrong);
    }

    ngx_vrrp_secret_wipe(&secret);

    return wrong;
}


static const char *
ngx_vrrp_router_key(vrrp_core_instance_conf_t *ic, vrrp_core_hmac_key_t *key)
{
    const char         *wrong;
    vrrp_core_str_t     line;
    ngx_vrrp_secret_t   secret;

    if (key->file.len == 0) {
        return NULL;
    }

    if (ngx_vrrp_secret_read(key->file.data, &secret) == NGX_OK) {
        ngx_vrrp_core_str(&line, &secret.line);
        wrong = vrrp_core_hmac_key(&line, key);

    } else {
        wrong = (char *) secret.wrong;
    }

    if (wrong) {
        wrong = ngx_vrrp_router_unreadable("a key of vrrp_instance", &ic->name,
                                           &key->file, wrong);
    }

    ngx_vrrp_secret_wipe(&secret);

    return wrong;
}


static const char *
ngx_vrrp_router_link(vrrp_core_link_conf_t *link)
{
    const char         *wrong;
    ngx_vrrp_secret_t   secret;

    if (link->secret_file.len == 0) {
        return NULL;
    }

    wrong = NULL;

    if (ngx_vrrp_secret_read(link->secret_file.data, &secret) != NGX_OK) {
        wrong = (char *) secret.wrong;

    } else if (secret.line.len > VRRP_CORE_LINK_MAX_SECRET) {
        wrong = "is too long";

    } else {
        link->secret_len = secret.line.len;
        ngx_memcpy(link->secret, secret.line.data, secret.line.len);
    }

    if (wrong) {
        wrong = ngx_vrrp_router_unreadable("the secret of peer links on "
                                           "interface", &link->interface,
                                           &link->secret_file, wrong);
    }

    ngx_vrrp_secret_wipe(&secret);

    return wrong;
}


static const char *
ngx_vrrp_router_unreadable(const char *what, const vrrp_core_str_t *name,
    vrrp_core_str_t *file, const char *wrong)
{
    static u_char  reason[NGX_MAX_CONF_ERRSTR];

    *ngx_snprintf(reason, sizeof(reason) - 1,
                  "%s \"%*s\", \"%s\", %s",
                  what, name->len, name->data, file->data, wrong) = '\0';

    return (char *) reason;
}


static const char *
ngx_vrrp_router_missing(uint32_t granted)
{
    switch (granted) {

    case NGX_VRRP_ROUTER_CAPS:
        return NULL;

    case ngx_vrrp_cap(CAP_NET_RAW):
        return "CAP_NET_ADMIN is missing: start nginx as root or with "
               "CAP_NET_ADMIN and CAP_NET_RAW";

    case ngx_vrrp_cap(CAP_NET_ADMIN):
        return "CAP_NET_RAW is missing: start nginx as root or with "
               "CAP_NET_ADMIN and CAP_NET_RAW";

    default:
        return "CAP_NET_ADMIN and CAP_NET_RAW are missing: start nginx "
               "as root or with these capabilities";
    }
}


static vrrp_process_t *
ngx_vrrp_router_create(ngx_cycle_t *cycle, const vrrp_process_ops_t *ops)
{
    ngx_vrrp_conf_t      *vcf;
    vrrp_process_t       *process;
    vrrp_router_facts_t  *facts;

    vcf = ngx_vrrp_get_conf(cycle);
    facts = &ngx_vrrp_router_facts;

    facts->pid = ngx_pid;
    facts->server_version.data = NGINX_VERSION;
    facts->server_version.len = sizeof(NGINX_VERSION) - 1;

    process = vrrp_router_create(&vcf->core, facts, ops, ngx_vrrp_hmac_sha256,
                                 vcf->memory);

    /* it is mapped */

    (void) close(vcf->core.ownership_fd);
    vcf->core.ownership_fd = -1;

    return process;
}
