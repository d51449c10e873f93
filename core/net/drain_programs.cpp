#include "core/net/drain_programs.hpp"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "bpf/drain.h"
#include "core/net/bpf_object.hpp"
#include "core/net/drain_object.hpp"

namespace ngx_vrrp::net {

namespace {

// As in bpf/drain.bpf.c: the kernel lets only such a program check SYN cookies.
constexpr const char *kBpfLicense = "Dual BSD/GPL";

constexpr std::size_t kTableSize = DRAIN_ENTRIES * sizeof(drain_entry);

// The kernel rounds it up to this.
static_assert(sizeof(drain_entry) % 8 == 0);

int call_bpf(bpf_cmd command, bpf_attr &request) {
    return static_cast<int>(
        ::syscall(SYS_bpf, command, &request, sizeof(request)));
}

// Before Linux 5.11 maps count as locked memory, of which there may be less.
class UnlimitedLocking {
public:
    UnlimitedLocking() {
        saved_ = ::getrlimit(RLIMIT_MEMLOCK, &before_) == 0;
        const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
        ::setrlimit(RLIMIT_MEMLOCK, &unlimited);
    }
    ~UnlimitedLocking() {
        if (saved_) {
            ::setrlimit(RLIMIT_MEMLOCK, &before_);
        }
    }
    UnlimitedLocking(const UnlimitedLocking &) = delete;
    UnlimitedLocking &operator=(const UnlimitedLocking &) = delete;

private:
    rlimit before_{};
    bool saved_ = false;
};

// It can be mapped: a process that is not root any more, and cannot call bpf()
// before Linux 5.19, changes it.
os::Fd make_table() {
    const UnlimitedLocking locking;
    bpf_attr request{};
    request.map_type = BPF_MAP_TYPE_ARRAY;
    request.key_size = sizeof(std::uint32_t);
    request.value_size = sizeof(drain_entry);
    request.max_entries = DRAIN_ENTRIES;
    request.map_flags = BPF_F_MMAPABLE;
    std::strcpy(request.map_name, "ngx_vrrp_drain");
    return os::Fd(call_bpf(BPF_MAP_CREATE, request));
}

Result<os::Fd, SystemError> load_program(const char *section, int table) {
    const auto program = read_bpf_program({kDrainObject, kDrainObjectSize},
                                          section, DRAIN_TABLE, table);
    if (!program) {
        return failure("reading the BPF program " + std::string(section),
                       ENOEXEC);
    }
    const UnlimitedLocking locking;
    bpf_attr request{};
    request.prog_type = BPF_PROG_TYPE_SCHED_CLS;
    request.insns = reinterpret_cast<std::uintptr_t>(program->data());
    request.insn_cnt = static_cast<std::uint32_t>(program->size());
    request.license = reinterpret_cast<std::uintptr_t>(kBpfLicense);
    std::strncpy(request.prog_name, section, sizeof(request.prog_name) - 1);
    os::Fd fd(call_bpf(BPF_PROG_LOAD, request));
    if (!fd) {
        return failure("bpf(BPF_PROG_LOAD)");
    }
    return fd;
}

struct MappedAddress {
    std::array<std::uint32_t, 4> words{};

    explicit MappedAddress(const IpAddress &address) {
        const auto octets = address.octets();
        auto *end = reinterpret_cast<std::uint8_t *>(words.data()) + 16;
        std::ranges::copy(octets, end - octets.size());
        if (address.family() == Family::ipv4) {
            words[2] = htonl(0xffff);
        }
    }

    bool operator==(const MappedAddress &) const = default;
};

std::uint64_t mac_number(const MacAddress &mac) {
    std::uint64_t number = 0;
    std::memcpy(&number, mac.data(), mac.size());
    return number;
}

// The programs read these words at any time.
template <class T>
void publish(T &word, std::type_identity_t<T> value) {
    std::atomic_ref(word).store(value, std::memory_order_release);
}

template <class T>
T look_at(T &word) {
    return std::atomic_ref(word).load(std::memory_order_relaxed);
}

// The clock of the programs.
std::uint64_t lease_end(Duration lease) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const Duration end = Seconds{now.tv_sec} + Duration{now.tv_nsec} + lease;
    return static_cast<std::uint64_t>(end.count());
}

bool is_at(drain_entry &entry, IfIndex interface,
           const MappedAddress &address) {
    return entry.interface == to_number(interface) &&
           std::ranges::equal(entry.address, address.words);
}

bool is_ipv4(const drain_entry &entry) {
    return entry.address[0] == 0 && entry.address[1] == 0 &&
           entry.address[2] == htonl(0xffff);
}

void free_if_unused(drain_entry &entry) {
    if (entry.forward_until == 0 && entry.hide_until == 0) {
        publish(entry.interface, 0);
    }
}

// The IPv4 address that this node keeps there, if possible of the same network;
// otherwise 0.0.0.0, with which a request is answered, too.
IpAddress own_address(const engine::Interface &interface,
                      const IpAddress &address,
                      const std::vector<IpAddress> &hidden) {
    IpAddress own;
    for (const engine::InterfaceAddress &a : interface.addresses) {
        if (a.address.family() != Family::ipv4 || a.ours ||
            std::ranges::find(hidden, a.address) != hidden.end()) {
            continue;
        }
        if (same_prefix(a.address, address, a.prefix_length)) {
            return a.address;
        }
        own = own.is_unspecified() ? a.address : own;
    }
    return own;
}

std::uint64_t ip_number(const IpAddress &address) {
    std::uint32_t number = 0;
    std::memcpy(&number, address.octets().data(), sizeof(number));
    return number;
}

}  // namespace

void DrainPrograms::Unmap::operator()(drain_entry *table) const {
    ::munmap(table, kTableSize);
}

DrainPrograms::DrainPrograms() = default;
DrainPrograms::DrainPrograms(DrainPrograms &&) noexcept = default;

DrainPrograms &DrainPrograms::operator=(DrainPrograms &&other) noexcept {
    if (this != &other) {
        filters_.remove_all();
        why_unavailable_ = std::move(other.why_unavailable_);
        ingress_ = std::move(other.ingress_);
        egress_ = std::move(other.egress_);
        table_ = std::move(other.table_);
        filters_ = std::move(other.filters_);
    }
    return *this;
}

DrainPrograms::~DrainPrograms() {
    filters_.remove_all();
}

DrainPrograms DrainPrograms::load() {
    DrainPrograms programs;
    if (kDrainObjectSize == 0) {
        programs.why_unavailable_ = "this module was built without clang";
        return programs;
    }
    const Status loaded = programs.load_programs();
    programs.why_unavailable_ = loaded ? "" : loaded.error().to_string();
    return programs;
}

Status DrainPrograms::load_programs() {
    const os::Fd table = make_table();
    if (!table) {
        return failure("bpf(BPF_MAP_CREATE)");
    }
    auto ingress = load_program(DRAIN_INGRESS, table.get());
    if (!ingress) {
        return Unexpected(ingress.error());
    }
    auto egress = load_program(DRAIN_EGRESS, table.get());
    if (!egress) {
        return Unexpected(egress.error());
    }
    void *mapping = ::mmap(nullptr, kTableSize, PROT_READ | PROT_WRITE,
                           MAP_SHARED, table.get(), 0);
    if (mapping == MAP_FAILED) {
        return failure("mmap() of a BPF map");
    }
    table_.reset(static_cast<drain_entry *>(mapping));
    ingress_ = std::move(ingress.value());
    egress_ = std::move(egress.value());
    return filters_.open();
}

Status DrainPrograms::forward(const engine::Interface &interface,
                              const std::vector<IpAddress> &addresses,
                              const MacAddress &to, const MacAddress &own,
                              Duration lease) {
    if (Status done = attach(interface, Hook::ingress); !done) {
        return done;
    }
    for (const IpAddress &address : addresses) {
        drain_entry *entry = find_or_add(interface.index, address);
        if (entry == nullptr) {
            return failure("forwarding of " + address.to_string(), ENOSPC);
        }
        if (entry->forward_until == 0) {
            publish(entry->seen, 0);
            publish(entry->forwarded, 0);
            publish(entry->returned, 0);
            publish(entry->expired, 0);
        }
        publish(entry->forward_from, mac_number(own));
        publish(entry->forward_to, mac_number(to));
        publish(entry->forward_until, lease_end(lease));
    }
    return success();
}

Status DrainPrograms::stop_forwarding(const engine::Interface &interface,
                                      const std::vector<IpAddress> &addresses) {
    return end(interface, addresses, &drain_entry::forward_until);
}

Status DrainPrograms::hide(const engine::Interface &interface,
                           const std::vector<IpAddress> &addresses,
                           const MacAddress &successor, Duration lease) {
    const bool arp = std::ranges::find(addresses, Family::ipv4,
                                       &IpAddress::family) != addresses.end();
    if (Status done = attach(interface, Hook::ingress); !done) {
        return done;
    }
    if (Status done = arp ? attach(interface, Hook::egress) : success();
        !done) {
        (void)detach_unused(interface);
        return done;
    }
    for (const IpAddress &address : addresses) {
        drain_entry *entry = find_or_add(interface.index, address);
        if (entry == nullptr) {
            return failure("hiding of " + address.to_string(), ENOSPC);
        }
        if (entry->hide_until == 0) {
            publish(entry->seen, 0);
            publish(entry->received, 0);
        }
        publish(entry->own_address,
                ip_number(own_address(interface, address, addresses)));
        publish(entry->hide_behind, mac_number(successor));
        publish(entry->hide_until, lease_end(lease));
    }
    return success();
}

Status DrainPrograms::show(const engine::Interface &interface,
                           const std::vector<IpAddress> &addresses) {
    return end(interface, addresses, &drain_entry::hide_until);
}

Status DrainPrograms::end(const engine::Interface &interface,
                          const std::vector<IpAddress> &addresses,
                          Lease lease) {
    for (const IpAddress &address : addresses) {
        if (drain_entry *entry = find(interface.index, address)) {
            publish(entry->*lease, 0);
            free_if_unused(*entry);
        }
    }
    return detach_unused(interface);
}

DrainCounts DrainPrograms::counts(const engine::Interface &interface,
                                  const IpAddress &address) const {
    drain_entry *entry = find(interface.index, address);
    if (entry == nullptr) {
        return {};
    }
    return {look_at(entry->seen) != 0, look_at(entry->forwarded),
            look_at(entry->received), look_at(entry->returned),
            look_at(entry->expired)};
}

std::string DrainPrograms::why_not_hidden(
    const engine::Interface &interface) const {
    return without_egress_.contains(interface.index)
               ? interface.name + " has the qdisc ingress"
               : "";
}

bool DrainPrograms::look_for_egress(const engine::Interface &interface) {
    return filters_.has_ingress_only(interface)
               ? without_egress_.insert(interface.index).second
               : without_egress_.erase(interface.index) != 0;
}

Status DrainPrograms::remove_left_behind(const engine::Interfaces &all) {
    Status status = success();
    for (const engine::Interface &interface : all.list) {
        if (Status done = filters_.remove_left_behind(interface); !done) {
            status = done;
        }
    }
    return status;
}

Status DrainPrograms::attach(const engine::Interface &interface, Hook hook) {
    if (!why_unavailable_.empty()) {
        return failure("attaching a BPF program to " + interface.name, ENOTSUP);
    }
    if (interface.mac == MacAddress{}) {
        return failure("attaching a BPF program to " + interface.name +
                           ", which has no MAC address,",
                       ENOTSUP);
    }
    return filters_.add(interface, hook,
                        hook == Hook::ingress ? ingress_.get() : egress_.get());
}

Status DrainPrograms::detach_unused(const engine::Interface &interface) {
    bool ingress = false;
    bool egress = false;
    const std::span entries(table_.get(), table_ ? DRAIN_ENTRIES : 0);
    for (const drain_entry &entry : entries) {
        if (entry.interface == to_number(interface.index)) {
            ingress = true;
            egress |= entry.hide_until != 0 && is_ipv4(entry);
        }
    }
    Status status = success();
    if (!egress) {
        status = filters_.remove(interface, Hook::egress);
    }
    if (!ingress && status) {
        status = filters_.remove(interface, Hook::ingress);
    }
    return status;
}

drain_entry *DrainPrograms::find(IfIndex interface,
                                 const IpAddress &address) const {
    const MappedAddress mapped(address);
    const std::uint32_t hash =
        drain_hash(to_number(interface), mapped.words.data());
    for (std::uint32_t i = 0; table_ && i < DRAIN_PLACES; i++) {
        drain_entry &entry = table_[(hash + i) % DRAIN_ENTRIES];
        if (is_at(entry, interface, mapped)) {
            return &entry;
        }
    }
    return nullptr;
}

drain_entry *DrainPrograms::find_or_add(IfIndex interface,
                                        const IpAddress &address) {
    if (drain_entry *entry = find(interface, address)) {
        return entry;
    }
    const MappedAddress mapped(address);
    const std::uint32_t hash =
        drain_hash(to_number(interface), mapped.words.data());
    for (std::uint32_t i = 0; i < DRAIN_PLACES; i++) {
        drain_entry &entry = table_[(hash + i) % DRAIN_ENTRIES];
        if (entry.interface == 0) {
            entry = {};
            std::ranges::copy(mapped.words, entry.address);
            publish(entry.interface, to_number(interface));
            return &entry;
        }
    }
    return nullptr;
}

}  // namespace ngx_vrrp::net
