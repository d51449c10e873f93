// The processes that check: C structs <-> C++.

#include "core/capi.h"

vrrp_checker_t *vrrp_checker_create(const vrrp_core_conf_t *,
                                    vrrp_checker_role_e,
                                    const vrrp_checker_ops_t *, void *, int,
                                    int) {
    return nullptr;
}

void vrrp_checker_destroy(vrrp_checker_t *) {}
int vrrp_checker_start(vrrp_checker_t *, int) {
    return VRRP_CORE_ERROR;
}
void vrrp_checker_on_readable(vrrp_checker_t *, int) {}
void vrrp_checker_on_timer(vrrp_checker_t *) {}
int64_t vrrp_checker_deadline(const vrrp_checker_t *) {
    return VRRP_CORE_NEVER;
}
int vrrp_checker_finished(const vrrp_checker_t *) {
    return 1;
}
void vrrp_checker_connected(vrrp_checker_t *, size_t) {}
void vrrp_checker_opened(vrrp_checker_t *, size_t) {}
void vrrp_checker_received(vrrp_checker_t *, size_t, const char *, size_t) {}
void vrrp_checker_ended(vrrp_checker_t *, size_t) {}
void vrrp_checker_failed(vrrp_checker_t *, size_t, vrrp_checker_stage_e,
                         const char *, size_t) {}
void vrrp_checker_assign(vrrp_checker_t *, size_t,
                         const vrrp_core_check_conf_t *) {}
void vrrp_checker_release(vrrp_checker_t *, size_t) {}
