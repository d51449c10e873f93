#include "core/capi/process.hpp"

#include <utility>

using namespace ngx_vrrp;

static_assert(static_cast<int>(LogLevel::debug) == VRRP_CORE_LOG_DEBUG);

bool vrrp_process_s::start(int master_pid) noexcept {
    bool started = false;
    enter([&] {
        const Status status = node().start(master_pid);
        started = status.has_value();
        if (!started) {
            log(LogLevel::alert, "%s, %s", status.error().to_string().c_str(),
                consequences_.of_no_start);
        }
    });
    return started;
}

void vrrp_process_s::end() noexcept {
    if (!broken_) {
        node().mark_stopped();
    }
}

void vrrp_process_s::give_up(const char *why) noexcept {
    if (std::exchange(broken_, true)) {
        return;
    }
    try {
        log(LogLevel::alert, "internal error: %s, %s", why,
            consequences_.of_exception);
        node().give_up();
    } catch (...) {
        // The leases end by themselves, and the master reports the end of the
        // process.
        return;
    }
}

int vrrp_process_start(vrrp_process_t *process, int master_pid) {
    return process->start(master_pid) ? VRRP_CORE_OK : VRRP_CORE_ERROR;
}

void vrrp_process_quit(vrrp_process_t *process) {
    process->enter([&] { process->node().quit(); });
}

void vrrp_process_terminate(vrrp_process_t *process) {
    process->enter([&] { process->node().terminate(); });
}

[[gnu::hot]] void vrrp_process_on_readable(vrrp_process_t *process, int fd) {
    process->enter([&] { process->node().on_readable(fd); });
}

[[gnu::hot]] void vrrp_process_on_timer(vrrp_process_t *process) {
    process->enter([&] { process->node().on_timer(); });
}

[[gnu::hot]] int64_t vrrp_process_deadline(vrrp_process_t *process) {
    const auto deadline = process->node().deadline();
    return deadline ? to_ns(*deadline) : VRRP_CORE_NEVER;
}

[[gnu::hot]] int vrrp_process_finished(vrrp_process_t *process) {
    return process->finished();
}

void vrrp_process_destroy(vrrp_process_t *process) {
    process->end();
    delete process;
}
