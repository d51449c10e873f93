
/*
 * The memory that says which vrrp process owns a router.  Every cycle with a
 * "vrrp" block has its own descriptors for it.  The next cycle, and a new
 * binary, find them by an entry in the environment for new binaries, which is
 * an array of the core module:
 *
 * NGX_VRRP_OWNERSHIP=memory,eventfd,number[,name...]
 *
 * The variable may reach processes that do not have the descriptors; the
 * number, which is also in the memory, shows this.  No process but the master
 * and the vrrp process may keep them.
 */


#include "ngx_vrrp_ownership.h"
#include "ngx_vrrp_ipc.h"
#include "ngx_vrrp_names.h"

#include <sys/eventfd.h>
#include <sys/random.h>


#define NGX_VRRP_OWNERSHIP  "NGX_VRRP_OWNERSHIP"


typedef struct {
    int        fd;
    int        wake_fd;
    uint64_t   number;                 /* 60 bits */
    u_char    *names;                  /* see ngx_vrrp_names.c */
} ngx_vrrp_ownership_t;


static ngx_int_t ngx_vrrp_ownership_parse(ngx_vrrp_ownership_t *own,
    u_char *value);
static ngx_int_t ngx_vrrp_ownership_fits(ngx_vrrp_ownership_t *own);
static ngx_int_t ngx_vrrp_ownership_find(ngx_cycle_t *cycle,
    ngx_vrrp_ownership_t *own);
static ngx_int_t ngx_vrrp_ownership_dup(ngx_vrrp_ownership_t *own,
    ngx_log_t *log);
static ngx_int_t ngx_vrrp_ownership_create(ngx_vrrp_ownership_t *own,
    ngx_log_t *log);
static ngx_int_t ngx_vrrp_ownership_keep(ngx_cycle_t *cycle,
    ngx_vrrp_conf_t *vcf, ngx_vrrp_ownership_t *own);
static ngx_int_t ngx_vrrp_ownership_push(ngx_cycle_t *cycle,
    ngx_vrrp_ownership_t *own);
static void ngx_vrrp_ownership_cleanup(void *data);
static void ngx_vrrp_ownership_close_fds(int *fd, int *wake_fd,
    ngx_log_t *log);


/*
 * In a new binary, from create_conf: later the perl module has replaced
 * environ. init_module continues with it.
 */

ngx_int_t
ngx_vrrp_ownership_inherit(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf)
{
    char                  *value;
    ngx_int_t              rc;
    ngx_vrrp_ownership_t   own;

    vcf->core.ownership_fd = -1;
    vcf->core.ownership_wake_fd = -1;

    if (!ngx_is_init_cycle(cycle->old_cycle)) {
        return NGX_OK;
    }

    value = getenv(NGX_VRRP_OWNERSHIP);

    if (value == NULL) {
        return NGX_OK;
    }

    rc = NGX_ERROR;

    if (ngx_inherited
        && ngx_vrrp_ownership_parse(&own, (u_char *) value) == NGX_OK)
    {
        rc = ngx_vrrp_ownership_fits(&own);
    }

    if (rc == NGX_DECLINED) {

        /*
         * The names, too: as long as the processes of the other layout have
         * them, they have the virtual routers.
         */

        vcf->other_layout = 1;

        ngx_vrrp_names_close_list(own.names, cycle->log);
        ngx_vrrp_ownership_close_fds(&own.fd, &own.wake_fd, cycle->log);
    }

    if (rc == NGX_OK) {
        vcf->names = ngx_pnalloc(cycle->pool, ngx_strlen(own.names) + 1);

        if (vcf->names == NULL
            || ngx_vrrp_ownership_keep(cycle, vcf, &own) != NGX_OK)
        {
            return NGX_ERROR;
        }

        ngx_memcpy(vcf->names, own.names, ngx_strlen(own.names) + 1);

        if (!ngx_test_config) {
            vrrp_core_ownership_start(vcf->core.ownership_fd, ngx_pid);
        }
    }

    (void) unsetenv(NGX_VRRP_OWNERSHIP);

    return NGX_OK;
}


ngx_int_t
ngx_vrrp_ownership_open(ngx_cycle_t *cycle)
{
    ngx_int_t              rc;
    ngx_vrrp_conf_t       *vcf;
    ngx_vrrp_ownership_t   own;

    vcf = ngx_vrrp_get_conf(cycle);

    if (vcf->core.ownership_fd != -1) {

        /* inherited */

        own.fd = vcf->core.ownership_fd;
        own.wake_fd = vcf->core.ownership_wake_fd;
        own.number = vcf->ownership_number;

        ngx_vrrp_names_open(cycle, vcf->names);
        ngx_vrrp_names_close_list(vcf->names, cycle->log);
        vcf->names = NULL;

        return ngx_vrrp_ownership_push(cycle, &own);
    }

    if (vcf->other_layout) {
        ngx_log_error(NGX_LOG_WARN, cycle->log, 0,
                      "vrrp: the binary before this one has another version "
                      "of the module, VRRP begins here when its nginx has "
                      "ended");
    }

    own.names = NULL;

    if (!ngx_is_init_cycle(cycle->old_cycle)
        && ngx_vrrp_ownership_find(cycle->old_cycle, &own) == NGX_OK)
    {
        rc = ngx_vrrp_ownership_dup(&own, cycle->log);

    } else {
        rc = ngx_vrrp_ownership_create(&own, cycle->log);
    }

    if (rc != NGX_OK || ngx_vrrp_ownership_keep(cycle, vcf, &own) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_vrrp_names_open(cycle, own.names);

    return ngx_vrrp_ownership_push(cycle, &own);
}


void
ngx_vrrp_ownership_close(ngx_vrrp_conf_t *vcf, ngx_log_t *log)
{
    ngx_vrrp_ownership_close_fds(&vcf->core.ownership_fd,
                                 &vcf->core.ownership_wake_fd, log);

    ngx_vrrp_names_close(vcf, log);
    ngx_vrrp_names_close_list(vcf->names, log);
    vcf->names = NULL;
}


/* of a cycle that the master is about to destroy, in a forked process */

void
ngx_vrrp_ownership_close_old(ngx_cycle_t *old_cycle, ngx_log_t *log)
{
    ngx_vrrp_ownership_t  own;

    if (!ngx_is_init_cycle(old_cycle)
        && ngx_vrrp_ownership_find(old_cycle, &own) == NGX_OK)
    {
        ngx_vrrp_ownership_close_fds(&own.fd, &own.wake_fd, log);
        ngx_vrrp_names_close_list(own.names, log);
    }
}


static ngx_int_t
ngx_vrrp_ownership_parse(ngx_vrrp_ownership_t *own, u_char *value)
{
    u_char     *p, *end;
    ngx_int_t   n[3];

    end = value + ngx_strlen(value);

    p = ngx_strlchr(value, end, ',');
    n[0] = p ? ngx_atoi(value, p - value) : NGX_ERROR;

    value = p ? p + 1 : end;
    p = ngx_strlchr(value, end, ',');
    n[1] = p ? ngx_atoi(value, p - value) : NGX_ERROR;

    value = p ? p + 1 : end;
    p = ngx_strlchr(value, end, ',');
    own->names = p ? p : end;
    n[2] = ngx_hextoi(value, own->names - value);

    if (n[0] == NGX_ERROR || n[0] > INT_MAX
        || n[1] == NGX_ERROR || n[1] > INT_MAX
        || n[2] == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    own->fd = (int) n[0];
    own->wake_fd = (int) n[1];
    own->number = (uint64_t) n[2];

    return NGX_OK;
}


/* NGX_DECLINED: the memory has the layout of another version of the module */

static ngx_int_t
ngx_vrrp_ownership_fits(ngx_vrrp_ownership_t *own)
{
    if (own->fd <= STDERR_FILENO || own->wake_fd <= STDERR_FILENO
        || fcntl(own->wake_fd, F_GETFD) == -1)
    {
        return NGX_ERROR;
    }

    switch (vrrp_core_ownership_fits(own->fd, own->number)) {

    case VRRP_CORE_OK:
        return NGX_OK;

    case VRRP_CORE_DECLINED:
        return NGX_DECLINED;

    default:
        return NGX_ERROR;
    }
}


static ngx_int_t
ngx_vrrp_ownership_find(ngx_cycle_t *cycle, ngx_vrrp_ownership_t *own)
{
    size_t            len;
    ngx_str_t        *var;
    ngx_uint_t        i;
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    len = sizeof(NGX_VRRP_OWNERSHIP) - 1;
    var = ccf->env.elts;

    for (i = 0; i < ccf->env.nelts; i++) {

        if (var[i].len == len
            && ngx_strncmp(var[i].data, NGX_VRRP_OWNERSHIP, len) == 0
            && var[i].data[len] == '='
            && ngx_vrrp_ownership_parse(own, var[i].data + len + 1) == NGX_OK
            && ngx_vrrp_ownership_fits(own) == NGX_OK)
        {
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_vrrp_ownership_dup(ngx_vrrp_ownership_t *own, ngx_log_t *log)
{
    int  fd;

    fd = fcntl(own->fd, F_DUPFD, STDERR_FILENO + 1);

    if (fd == -1) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno, "fcntl(F_DUPFD) failed");
        return NGX_ERROR;
    }

    own->fd = fd;
    own->wake_fd = fcntl(own->wake_fd, F_DUPFD, STDERR_FILENO + 1);

    if (own->wake_fd == -1) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno, "fcntl(F_DUPFD) failed");
        ngx_vrrp_ownership_close_fds(&own->fd, &own->wake_fd, log);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_vrrp_ownership_create(ngx_vrrp_ownership_t *own, ngx_log_t *log)
{
    char  why[NGX_MAX_ERROR_STR];

    if (getrandom(&own->number, sizeof(uint64_t), 0) != sizeof(uint64_t)) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno, "getrandom() failed");
        return NGX_ERROR;
    }

    own->number >>= 4;

    own->fd = vrrp_core_ownership_create(own->number, why, sizeof(why));

    if (own->fd == -1) {
        ngx_log_error(NGX_LOG_ALERT, log, 0, "vrrp: %s", why);
        return NGX_ERROR;
    }

    /* both must come through an exec */

    own->wake_fd = eventfd(0, EFD_NONBLOCK);

    if (own->wake_fd == -1) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno, "eventfd() failed");
        ngx_vrrp_ownership_close_fds(&own->fd, &own->wake_fd, log);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* as long as the cycle lives; NGX_ERROR: closed */

static ngx_int_t
ngx_vrrp_ownership_keep(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    ngx_vrrp_ownership_t *own)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cycle->pool, 0);

    if (cln == NULL) {
        ngx_vrrp_ownership_close_fds(&own->fd, &own->wake_fd, cycle->log);
        return NGX_ERROR;
    }

    vcf->core.ownership_fd = own->fd;
    vcf->core.ownership_wake_fd = own->wake_fd;
    vcf->ownership_number = own->number;

    cln->handler = ngx_vrrp_ownership_cleanup;
    cln->data = vcf;

    return NGX_OK;
}


static ngx_int_t
ngx_vrrp_ownership_push(ngx_cycle_t *cycle, ngx_vrrp_ownership_t *own)
{
    size_t            len;
    u_char           *p;
    ngx_str_t        *var;
    ngx_core_conf_t  *ccf;
    ngx_vrrp_conf_t  *vcf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);
    vcf = ngx_vrrp_get_conf(cycle);

    len = sizeof(NGX_VRRP_OWNERSHIP "=,,") + 2 * NGX_INT_T_LEN + 16
          + (vcf->core.ninstances + VRRP_CORE_BFD_SOCKETS + vcf->core.nlinks)
            * (1 + NGX_INT_T_LEN);

    var = ngx_array_push(&ccf->env);
    p = ngx_pnalloc(cycle->pool, len);

    if (var == NULL || p == NULL) {
        return NGX_ERROR;
    }

    /* nginx takes what stands behind the name for its value */

    var->data = p;
    var->len = sizeof(NGX_VRRP_OWNERSHIP) - 1;

    p = ngx_sprintf(p, NGX_VRRP_OWNERSHIP "=%d,%d,%xL",
                    own->fd, own->wake_fd, (int64_t) own->number);
    p = ngx_vrrp_names_print(vcf, p);
    *p = '\0';

    return NGX_OK;
}


static void
ngx_vrrp_ownership_cleanup(void *data)
{
    ngx_vrrp_ownership_close(data, ngx_cycle->log);
}


static void
ngx_vrrp_ownership_close_fds(int *fd, int *wake_fd, ngx_log_t *log)
{
    ngx_vrrp_close_fd(fd, "memory for vrrp processes", log);
    ngx_vrrp_close_fd(wake_fd, "eventfd for vrrp processes", log);
}
