
/*
 * "node": what differs between the nodes, so that one file is for all of them.
 */


#include "ngx_vrrp_directives.h"


static char *ngx_vrrp_nodes_add(ngx_conf_t *cf, ngx_vrrp_block_t *block,
    ngx_array_t *names);
static char *ngx_vrrp_node_check(ngx_conf_t *cf, ngx_vrrp_conf_t *vcf,
    const vrrp_core_str_t *node);


char *
ngx_vrrp_conf_node(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char               *rv;
    ngx_str_t          *value;
    vrrp_core_str_t     name;
    ngx_vrrp_conf_t    *vcf;
    ngx_vrrp_block_t   *block, **node;

    vcf = conf;
    block = (cf->cmd_type & NGX_VRRP_BLOCK_CONF) ? vcf->defaults : conf;

    value = cf->args->elts;

    if (!ngx_vrrp_valid_name(&value[1])) {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                                     NGX_VRRP_NAME_EXPECTED);
    }

    ngx_vrrp_core_str(&name, &value[1]);

    if (ngx_vrrp_node_find(block, &name)) {
        return ngx_vrrp_failed(cf, "duplicate node \"%V\"", &value[1]);
    }

    node = ngx_array_push(&block->nodes);
    if (node == NULL) {
        return NGX_CONF_ERROR;
    }

    *node = ngx_vrrp_block_create(cf, &name);
    if (*node == NULL) {
        return NGX_CONF_ERROR;
    }

    rv = ngx_vrrp_conf_parse(cf, NGX_VRRP_INHERITED_CONF, *node);

    ngx_vrrp_conf_line(cf, &(*node)->end);

    return rv;
}


ngx_vrrp_block_t *
ngx_vrrp_node_find(ngx_vrrp_block_t *block, const vrrp_core_str_t *name)
{
    ngx_uint_t          i;
    ngx_vrrp_block_t  **nodes;

    nodes = block->nodes.elts;

    for (i = 0; i < block->nodes.nelts; i++) {
        if (ngx_vrrp_same_str(&nodes[i]->checked.core.name, name)) {
            return nodes[i];
        }
    }

    return NULL;
}


char *
ngx_vrrp_nodes_check(ngx_conf_t *cf, ngx_vrrp_conf_t *vcf)
{
    ngx_uint_t          i, named;
    ngx_array_t         names;
    vrrp_core_str_t    *name, *own;
    ngx_vrrp_block_t  **blocks;

    if (ngx_array_init(&names, cf->pool, 4, sizeof(vrrp_core_str_t)) != NGX_OK
        || ngx_vrrp_nodes_add(cf, vcf->defaults, &names) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    blocks = vcf->blocks.elts;

    for (i = 0; i < vcf->blocks.nelts; i++) {
        if (ngx_vrrp_nodes_add(cf, blocks[i], &names) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    named = 0;
    own = &vcf->core.router_id;
    name = names.elts;

    for (i = 0; i < names.nelts; i++) {

        if (ngx_vrrp_same_str(&name[i], own)) {
            named = 1;
            continue;
        }

        if (ngx_vrrp_node_check(cf, vcf, &name[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (names.nelts && !named) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "no \"node\" block is for this node, \"%*s\" "
                           "(\"router_id\", or else the host name)",
                           own->len, own->data);
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_nodes_add(ngx_conf_t *cf, ngx_vrrp_block_t *block,
    ngx_array_t *names)
{
    ngx_uint_t          i, n;
    vrrp_core_str_t    *name;
    ngx_vrrp_block_t  **nodes;

    nodes = block->nodes.elts;

    for (i = 0; i < block->nodes.nelts; i++) {
        name = names->elts;

        for (n = 0; n < names->nelts; n++) {
            if (ngx_vrrp_same_str(&name[n], &nodes[i]->checked.core.name)) {
                break;
            }
        }

        if (n < names->nelts) {
            continue;
        }

        name = ngx_array_push(names);
        if (name == NULL) {
            return NGX_CONF_ERROR;
        }

        *name = nodes[i]->checked.core.name;
    }

    return NGX_CONF_OK;
}


/* warnings are for the node itself */

static char *
ngx_vrrp_node_check(ngx_conf_t *cf, ngx_vrrp_conf_t *vcf,
    const vrrp_core_str_t *node)
{
    ngx_log_t    errors;
    ngx_conf_t   quiet;
    ngx_array_t  instances, trackers;

    if (ngx_array_init(&instances, cf->pool, 4,
                       sizeof(vrrp_core_instance_conf_t))
        != NGX_OK
        || ngx_array_init(&trackers, cf->pool, 4, sizeof(ngx_vrrp_trackers_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    errors = *cf->log;
    errors.log_level = ngx_min(errors.log_level, NGX_LOG_ERR);

    quiet = *cf;
    quiet.log = &errors;

    return ngx_vrrp_instances_build(&quiet, vcf, node, &instances, &trackers);
}


ngx_int_t
ngx_vrrp_node_instance(ngx_conf_t *cf, const vrrp_core_str_t *node,
    const vrrp_core_str_t *instance, vrrp_core_str_t *name)
{
    u_char  *p, *last;
    size_t   len;

    len = instance->len + node->len + sizeof("\" on node \"");

    p = ngx_pnalloc(cf->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = ngx_snprintf(p, len, "%*s\" on node \"%*s", instance->len,
                        instance->data, node->len, node->data);

    name->data = (char *) p;
    name->len = last - p;

    return NGX_OK;
}
