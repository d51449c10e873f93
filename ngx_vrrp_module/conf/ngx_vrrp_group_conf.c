
/*
 * sync_group: the directive of a vrrp_instance, the block in "vrrp" with the
 * notifications of a group, and the rules for its members.
 */


#include "ngx_vrrp_directives.h"


static ngx_vrrp_group_t *ngx_vrrp_group_find(ngx_vrrp_conf_t *vcf,
    const vrrp_core_str_t *name);
static const char *ngx_vrrp_group_difference(
    const vrrp_core_instance_conf_t *one,
    const vrrp_core_instance_conf_t *other);
static ngx_uint_t ngx_vrrp_group_size(ngx_vrrp_conf_t *vcf,
    const vrrp_core_str_t *name);
static ngx_uint_t ngx_vrrp_group_is_merged(ngx_vrrp_conf_t *vcf,
    ngx_uint_t n);
static char *ngx_vrrp_group_merge(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    ngx_array_t *merged, const vrrp_core_instance_conf_t *ic);
static vrrp_core_tracker_conf_t *ngx_vrrp_group_find_tracker(ngx_array_t *list,
    const vrrp_core_tracker_conf_t *tracker);
static ngx_int_t ngx_vrrp_group_rename(ngx_cycle_t *cycle, ngx_array_t *list,
    const vrrp_core_instance_conf_t *ic, vrrp_core_tracker_conf_t *tracker);


char *
ngx_vrrp_conf_sync_group(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t  *value;

    value = cf->args->elts;

    if (in->core.sync_group.len) {
        return "is duplicate";
    }

    if (!ngx_vrrp_valid_name(&value[1])) {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                                     NGX_VRRP_NAME_EXPECTED);
    }

    ngx_vrrp_core_str(&in->core.sync_group, &value[1]);

    return NGX_CONF_OK;
}


char *
ngx_vrrp_conf_sync_group_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_conf_t  *vcf = conf;

    ngx_str_t         *value;
    vrrp_core_str_t    name;
    ngx_vrrp_group_t  *group, copy;

    value = cf->args->elts;

    if (!ngx_vrrp_valid_name(&value[1])) {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                                     NGX_VRRP_NAME_EXPECTED);
    }

    ngx_vrrp_core_str(&name, &value[1]);

    if (ngx_vrrp_group_find(vcf, &name)) {
        return ngx_vrrp_failed(cf, "duplicate sync_group \"%V\"", &value[1]);
    }

    group = ngx_array_push(&vcf->groups);
    if (group == NULL) {
        return NGX_CONF_ERROR;
    }

    group->name = name;
    ngx_vrrp_conf_line(cf, &group->place);

    copy = *group;

    return ngx_vrrp_conf_parse(cf, NGX_VRRP_GROUP_CONF, &copy);
}


static ngx_vrrp_group_t *
ngx_vrrp_group_find(ngx_vrrp_conf_t *vcf, const vrrp_core_str_t *name)
{
    ngx_uint_t         i;
    ngx_vrrp_group_t  *groups;

    groups = vcf->groups.elts;

    for (i = 0; i < vcf->groups.nelts; i++) {
        if (ngx_vrrp_same_str(&groups[i].name, name)) {
            return &groups[i];
        }
    }

    return NULL;
}


/* members that differ would not go up, or down, for the same reason */

char *
ngx_vrrp_group_rules(ngx_conf_t *cf, const vrrp_core_instance_conf_t *ic,
    const vrrp_core_instance_conf_t *other)
{
    const char  *directive;

    if (ic->sync_group.len == 0
        || !ngx_vrrp_same_str(&ic->sync_group, &other->sync_group))
    {
        return NGX_CONF_OK;
    }

    directive = ngx_vrrp_group_difference(ic, other);

    if (directive == NULL) {
        return NGX_CONF_OK;
    }

    return ngx_vrrp_failed(cf, "vrrp_instance \"%*s\": \"%s\" must be the same "
                           "in all members of sync_group \"%*s\", but is "
                           "different in vrrp_instance \"%*s\"",
                           ic->name.len, ic->name.data, directive,
                           ic->sync_group.len, ic->sync_group.data,
                           other->name.len, other->name.data);
}


static const char *
ngx_vrrp_group_difference(const vrrp_core_instance_conf_t *one,
    const vrrp_core_instance_conf_t *other)
{
    if (one->priority != other->priority) {
        return "priority";
    }

    if (one->nopreempt != other->nopreempt) {
        return "nopreempt";
    }

    if (one->preempt_delay_ns != other->preempt_delay_ns) {
        return "preempt_delay";
    }

    if (one->npreempt_windows != other->npreempt_windows
        || (one->npreempt_windows
            && ngx_memcmp(one->preempt_windows, other->preempt_windows,
                          one->npreempt_windows
                          * sizeof(vrrp_core_window_conf_t))
               != 0))
    {
        return "preempt_window";
    }

    return NULL;
}


/* at the end of the "vrrp" block */

char *
ngx_vrrp_group_finish(ngx_conf_t *cf, ngx_vrrp_conf_t *vcf)
{
    ngx_uint_t                  i, j;
    ngx_vrrp_group_t           *groups;
    vrrp_core_instance_conf_t  *ic;

    ic = vcf->instances.elts;

    for (i = 0; i < vcf->instances.nelts; i++) {

        if (ic[i].sync_group.len == 0
            || (ic[i].part != VRRP_CORE_WHOLE
                && ngx_vrrp_same_str(&ic[i].sync_group, &ic[i].name)))
        {
            continue;
        }

        for (j = 0; j < vcf->instances.nelts; j++) {
            if (ngx_vrrp_same_str(&ic[i].sync_group, &ic[j].name)) {
                return ngx_vrrp_failed(cf, "sync_group \"%*s\" has the name "
                                       "of a vrrp_instance, must be another "
                                       "name",
                                       ic[i].sync_group.len,
                                       ic[i].sync_group.data);
            }
        }

        if (ngx_vrrp_group_size(vcf, &ic[i].sync_group) == 1) {
            ngx_conf_log_error(NGX_LOG_WARN, cf, 0, "sync_group \"%*s\" has "
                               "no effect: vrrp_instance \"%*s\" is its only "
                               "member",
                               ic[i].sync_group.len, ic[i].sync_group.data,
                               ic[i].name.len, ic[i].name.data);
        }
    }

    groups = vcf->groups.elts;

    for (i = 0; i < vcf->groups.nelts; i++) {
        if (ngx_vrrp_group_size(vcf, &groups[i].name) == 0) {
            return ngx_vrrp_failed(cf, "sync_group \"%*s\" has no member: add "
                                   "\"sync_group %*s;\" to each vrrp_instance "
                                   "that belongs to it",
                                   groups[i].name.len, groups[i].name.data,
                                   groups[i].name.len, groups[i].name.data);
        }
    }

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_vrrp_group_size(ngx_vrrp_conf_t *vcf, const vrrp_core_str_t *name)
{
    ngx_uint_t                  i, n;
    vrrp_core_instance_conf_t  *ic;

    n = 0;
    ic = vcf->instances.elts;

    for (i = 0; i < vcf->instances.nelts; i++) {
        n += ngx_vrrp_same_str(&ic[i].sync_group, name) ? 1 : 0;
    }

    return n;
}


/*
 * The trackers of one member are those of all: the priorities of members are
 * always equal, and a tracker that several members name counts once.
 */

char *
ngx_vrrp_group_trackers(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf)
{
    ngx_uint_t                  i, j;
    ngx_array_t                 merged;
    vrrp_core_instance_conf_t  *ic;

    ic = vcf->instances.elts;

    for (i = 0; i < vcf->instances.nelts; i++) {

        if (ic[i].sync_group.len == 0
            || ngx_vrrp_group_is_merged(vcf, i))
        {
            continue;
        }

        if (ngx_array_init(&merged, cycle->pool, 4,
                           sizeof(vrrp_core_tracker_conf_t))
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }

        for (j = i; j < vcf->instances.nelts; j++) {
            if (ngx_vrrp_same_str(&ic[i].sync_group, &ic[j].sync_group)
                && ngx_vrrp_group_merge(cycle, vcf, &merged, &ic[j])
                   != NGX_CONF_OK)
            {
                return NGX_CONF_ERROR;
            }
        }

        for (j = i; j < vcf->instances.nelts; j++) {
            if (ngx_vrrp_same_str(&ic[i].sync_group, &ic[j].sync_group)) {
                ic[j].trackers = merged.elts;
                ic[j].ntrackers = merged.nelts;
            }
        }
    }

    return NGX_CONF_OK;
}


/* with an earlier member */

static ngx_uint_t
ngx_vrrp_group_is_merged(ngx_vrrp_conf_t *vcf, ngx_uint_t n)
{
    ngx_uint_t                  i;
    vrrp_core_instance_conf_t  *ic;

    ic = vcf->instances.elts;

    for (i = 0; i < n; i++) {
        if (ngx_vrrp_same_str(&ic[i].sync_group, &ic[n].sync_group)) {
            return 1;
        }
    }

    return 0;
}


static char *
ngx_vrrp_group_merge(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf,
    ngx_array_t *merged, const vrrp_core_instance_conf_t *ic)
{
    size_t                     i;
    vrrp_core_tracker_conf_t  *tracker, *known;

    for (i = 0; i < ic->ntrackers; i++) {

        known = ngx_vrrp_group_find_tracker(merged, &ic->trackers[i]);

        if (known == NULL) {
            tracker = ngx_array_push(merged);
            if (tracker == NULL) {
                return NGX_CONF_ERROR;
            }

            *tracker = ic->trackers[i];

            if (ngx_vrrp_group_rename(cycle, merged, ic, tracker) != NGX_OK) {
                return NGX_CONF_ERROR;
            }

            continue;
        }

        if (known->weighted != ic->trackers[i].weighted
            || known->weight != ic->trackers[i].weight)
        {
            return ngx_vrrp_failed_at(cycle, &vcf->block, "vrrp_instance "
                                      "\"%*s\": \"weight=\" of %*s \"%*s\" "
                                      "must be the same in all members of "
                                      "sync_group \"%*s\": it counts once",
                                      ic->name.len, ic->name.data,
                                      known->type.len, known->type.data,
                                      known->name.len, known->name.data,
                                      ic->sync_group.len,
                                      ic->sync_group.data);
        }
    }

    return NGX_CONF_OK;
}


static vrrp_core_tracker_conf_t *
ngx_vrrp_group_find_tracker(ngx_array_t *list,
    const vrrp_core_tracker_conf_t *tracker)
{
    ngx_uint_t                 i;
    vrrp_core_tracker_conf_t  *trackers;

    trackers = list->elts;

    for (i = 0; i < list->nelts; i++) {
        if (ngx_vrrp_same_str(&trackers[i].type, &tracker->type)
            && ngx_vrrp_same_str(&trackers[i].name, &tracker->name)
            && ngx_vrrp_same_str(&trackers[i].bfd.interface,
                                 &tracker->bfd.interface)
            && trackers[i].first_check == tracker->first_check)
        {
            return &trackers[i];
        }
    }

    return NULL;
}


/*
 * Two objects with one name, "gateway" of each family: the second one has the
 * name of its instance, too.
 */

static ngx_int_t
ngx_vrrp_group_rename(ngx_cycle_t *cycle, ngx_array_t *list,
    const vrrp_core_instance_conf_t *ic, vrrp_core_tracker_conf_t *tracker)
{
    u_char                    *p;
    ngx_uint_t                 i;
    vrrp_core_tracker_conf_t  *trackers;

    trackers = list->elts;

    for (i = 0; &trackers[i] != tracker; i++) {
        if (ngx_vrrp_same_str(&trackers[i].type, &tracker->type)
            && ngx_vrrp_same_str(&trackers[i].name, &tracker->name))
        {
            break;
        }
    }

    if (&trackers[i] == tracker) {
        return NGX_OK;
    }

    p = ngx_pnalloc(cycle->pool, tracker->name.len + ic->name.len
                                 + sizeof(" ()") - 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    tracker->name.len = ngx_sprintf(p, "%*s (%*s)",
                                    tracker->name.len, tracker->name.data,
                                    ic->name.len, ic->name.data) - p;
    tracker->name.data = (char *) p;

    return NGX_OK;
}
