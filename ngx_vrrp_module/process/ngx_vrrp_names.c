
/*
 * Sockets for the names by which another nginx of this network namespace finds
 * out that we have a virtual router.  They belong to the cycle, and go the way
 * of the memory that says which of our vrrp processes owns it: the entry in
 * the environment for new binaries ends with their numbers, ",5,6".  No process
 * but the master and the vrrp process may keep them.  The sockets that receive
 * BFD come after them, and then those at which peer links arrive.
 */


#include "ngx_vrrp_names.h"
#include "ngx_vrrp_ipc.h"


#define NGX_VRRP_NAMES_TEXT  "name of a virtual router"
#define NGX_VRRP_BFD_TEXT    "socket for BFD"
#define NGX_VRRP_LINK_TEXT   "socket for peer links"


static void ngx_vrrp_names_open_bfd(ngx_cycle_t *cycle, u_char *list);
static void ngx_vrrp_names_open_links(ngx_cycle_t *cycle, u_char *list);
static int ngx_vrrp_names_next(u_char **list);
static int ngx_vrrp_names_find(u_char *list,
    const vrrp_core_instance_conf_t *ic);
static int ngx_vrrp_names_find_bfd(u_char *list, size_t which);
static int ngx_vrrp_names_find_link(u_char *list,
    const vrrp_core_link_conf_t *link);


/*
 * list: of the cycle or the binary before, or NULL.  What fails costs the name
 * only.
 */

void
ngx_vrrp_names_open(ngx_cycle_t *cycle, u_char *list)
{
    int               fd, *fds;
    size_t            i;
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    ngx_vrrp_names_open_bfd(cycle, list);
    ngx_vrrp_names_open_links(cycle, list);

    fds = ngx_palloc(cycle->pool, vcf->core.ninstances * sizeof(int));
    if (fds == NULL) {
        return;
    }

    for (i = 0; i < vcf->core.ninstances; i++) {

        fd = ngx_vrrp_names_find(list, &vcf->core.instances[i]);

        fds[i] = (fd == -1) ? vrrp_core_name_socket()
                            : fcntl(fd, F_DUPFD, STDERR_FILENO + 1);

        if (fds[i] == -1) {
            ngx_log_error(NGX_LOG_ERR, cycle->log, ngx_errno,
                          "vrrp: no socket for the name of vrrp_instance "
                          "\"%*s\", another nginx on this machine with the "
                          "same virtual router cannot be detected",
                          vcf->core.instances[i].name.len,
                          vcf->core.instances[i].name.data);
        }
    }

    vcf->core.name_fds = fds;
}


static void
ngx_vrrp_names_open_bfd(ngx_cycle_t *cycle, u_char *list)
{
    int               fd;
    size_t            i;
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    for (i = 0; i < VRRP_CORE_BFD_SOCKETS; i++) {

        fd = vrrp_core_bfd_socket(&vcf->core, i);

        if (fd == -1) {

            if (ngx_errno) {
                ngx_log_error(NGX_LOG_ERR, cycle->log, ngx_errno,
                              "vrrp: no socket for BFD, \"track_bfd\" fails");
            }

            vcf->core.bfd_fds[i] = -1;
            continue;
        }

        vcf->core.bfd_fds[i] = fd;
        fd = ngx_vrrp_names_find_bfd(list, i);

        if (fd != -1) {
            ngx_vrrp_close_fd(&vcf->core.bfd_fds[i], NGX_VRRP_BFD_TEXT,
                              cycle->log);
            vcf->core.bfd_fds[i] = fcntl(fd, F_DUPFD, STDERR_FILENO + 1);
        }
    }

    vcf->bfd_open = 1;
}


static void
ngx_vrrp_names_open_links(ngx_cycle_t *cycle, u_char *list)
{
    int                     fd;
    size_t                  i;
    ngx_vrrp_conf_t        *vcf;
    vrrp_core_link_conf_t  *link;

    vcf = ngx_vrrp_get_conf(cycle);

    for (i = 0; i < vcf->core.nlinks; i++) {

        link = &vcf->core.links[i];
        fd = ngx_vrrp_names_find_link(list, link);

        link->fd = (fd == -1) ? vrrp_core_link_socket(link)
                              : fcntl(fd, F_DUPFD, STDERR_FILENO + 1);

        if (link->fd == -1) {
            ngx_log_error(NGX_LOG_ERR, cycle->log, ngx_errno,
                          "vrrp: no socket for peer links on interface "
                          "\"%*s\"", link->interface.len,
                          link->interface.data);
        }
    }
}


u_char *
ngx_vrrp_names_print(ngx_vrrp_conf_t *vcf, u_char *p)
{
    size_t  i;

    for (i = 0; vcf->core.name_fds && i < vcf->core.ninstances; i++) {
        p = ngx_sprintf(p, ",%d", vcf->core.name_fds[i]);
    }

    for (i = 0; vcf->bfd_open && i < VRRP_CORE_BFD_SOCKETS; i++) {
        p = ngx_sprintf(p, ",%d", vcf->core.bfd_fds[i]);
    }

    for (i = 0; i < vcf->core.nlinks; i++) {
        p = ngx_sprintf(p, ",%d", vcf->core.links[i].fd);
    }

    return p;
}


void
ngx_vrrp_names_close(ngx_vrrp_conf_t *vcf, ngx_log_t *log)
{
    size_t  i;

    for (i = 0; vcf->core.name_fds && i < vcf->core.ninstances; i++) {
        ngx_vrrp_close_fd(&vcf->core.name_fds[i], NGX_VRRP_NAMES_TEXT, log);
    }

    vcf->core.name_fds = NULL;

    for (i = 0; vcf->bfd_open && i < VRRP_CORE_BFD_SOCKETS; i++) {
        ngx_vrrp_close_fd(&vcf->core.bfd_fds[i], NGX_VRRP_BFD_TEXT, log);
    }

    vcf->bfd_open = 0;

    for (i = 0; i < vcf->core.nlinks; i++) {
        ngx_vrrp_close_fd(&vcf->core.links[i].fd, NGX_VRRP_LINK_TEXT, log);
    }
}


/* for all processes that have them: connections are refused from now on */

void
ngx_vrrp_names_end(ngx_vrrp_conf_t *vcf)
{
    size_t  i;

    for (i = 0; vcf->core.name_fds && i < vcf->core.ninstances; i++) {
        (void) shutdown(vcf->core.name_fds[i], SHUT_RDWR);
    }
}


void
ngx_vrrp_names_close_list(u_char *list, ngx_log_t *log)
{
    int  fd;

    while (list && *list) {
        fd = ngx_vrrp_names_next(&list);
        ngx_vrrp_close_fd(&fd, NGX_VRRP_NAMES_TEXT, log);
    }
}


/* -1: there was no socket */

static int
ngx_vrrp_names_next(u_char **list)
{
    u_char     *p, *last;
    ngx_int_t   n;

    p = *list + 1;

    for (last = p; *last && *last != ','; last++) { /* void */ }

    n = ngx_atoi(p, last - p);
    *list = last;

    return (n > STDERR_FILENO && n <= INT_MAX) ? (int) n : -1;
}


static int
ngx_vrrp_names_find(u_char *list, const vrrp_core_instance_conf_t *ic)
{
    int  fd;

    while (list && *list) {
        fd = ngx_vrrp_names_next(&list);

        if (fd != -1 && vrrp_core_name_fits(fd, ic) == VRRP_CORE_OK) {
            return fd;
        }
    }

    return -1;
}


static int
ngx_vrrp_names_find_bfd(u_char *list, size_t which)
{
    int  fd;

    while (list && *list) {
        fd = ngx_vrrp_names_next(&list);

        if (fd != -1 && vrrp_core_bfd_fits(fd, which) == VRRP_CORE_OK) {
            return fd;
        }
    }

    return -1;
}


static int
ngx_vrrp_names_find_link(u_char *list, const vrrp_core_link_conf_t *link)
{
    int  fd;

    while (list && *list) {
        fd = ngx_vrrp_names_next(&list);

        if (fd != -1 && vrrp_core_link_fits(fd, link) == VRRP_CORE_OK) {
            return fd;
        }
    }

    return -1;
}
