
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


static ngx_uint_t ngx_vrrp_router_connections(ngx_vrrp_conf_t *vcf);
static ngx_int_t ngx_vrrp_router_drop_privileges(ngx_cycle_t *cycle);
static const char *ngx_vrrp_router_passwords(ngx_cycle_t *cycle);
static const char *ngx_vrrp_router_missing(uint32_t granted);
static vrrp_process_t *ngx_vrrp_router_create(ngx_cycle_t *cycle,
    const vrrp_process_ops_t *ops);


/* comm: "killall -9 nginx" must leave the one that gives the VIP up */

ngx_vrrp_helper_t  ngx_vrrp_router_helper = {
    "vrrp process",
    "ngx_vrrp",
    "nginx serves without VRRP",
    NGX_VRRP_KEEP_WAKE|NGX_VRRP_KEEP_SENDER|NGX_VRRP_KEEP_OWNERSHIP,
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
 * Per instance sockets, its name, and some to spare; netlink, timer, channel.
 * Processes that are watched have their own share, because those of earlier
 * configurations may be many more than "worker_processes".
 */

static ngx_uint_t
ngx_vrrp_router_connections(ngx_vrrp_conf_t *vcf)
{
    return 32 + 10 * vcf->core.ninstances + VRRP_CORE_WATCHED_PROCESSES;
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

    ngx_vrrp_set_scheduling(cycle, facts);

    ngx_vrrp_child_raise_limit(cycle, &ngx_vrrp_router_helper);

    facts->disabled = ngx_vrrp_router_passwords(cycle);

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


/* while it is still root; NULL, or what could not be read */

static const char *
ngx_vrrp_router_passwords(ngx_cycle_t *cycle)
{
    size_t                      i;
    ngx_int_t                   rc;
    ngx_vrrp_conf_t            *vcf;
    ngx_vrrp_secret_t           secret;
    vrrp_core_instance_conf_t  *ic;

    static u_char  reason[NGX_MAX_CONF_ERRSTR];

    vcf = ngx_vrrp_get_conf(cycle);
    ic = (vrrp_core_instance_conf_t *) vcf->core.instances;

    for (i = 0; i < vcf->core.ninstances; i++) {

        if (ic[i].auth_file.len == 0) {
            continue;
        }

        rc = ngx_vrrp_secret_read(ic[i].auth_file.data, &secret);

        if (rc == NGX_OK) {
            ic[i].auth_pass = 1;
            ngx_memcpy(ic[i].auth_data, secret.line.data,
                       ngx_min(secret.line.len, VRRP_CORE_AUTH_LEN));

        } else {
            *ngx_snprintf(reason, sizeof(reason) - 1,
                          "the password of vrrp_instance \"%*s\", \"%s\", %s",
                          ic[i].name.len, ic[i].name.data,
                          ic[i].auth_file.data, secret.wrong) = '\0';
        }

        ngx_vrrp_secret_wipe(&secret);

        if (rc != NGX_OK) {
            return (char *) reason;
        }
    }

    return NULL;
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

    process = vrrp_router_create(&vcf->core, facts, ops, vcf->memory);

    /* it is mapped */

    (void) close(vcf->core.ownership_fd);
    vcf->core.ownership_fd = -1;

    return process;
}
