#include "core/net/vrrp_filter.hpp"

#include <algorithm>
#include <map>

#include "core/vrrp/admission.hpp"

namespace ngx_vrrp::net {

namespace {

constexpr std::uint32_t kWhole = 0xffff;
constexpr std::uint32_t kNothing = 0;

constexpr std::uint32_t kIpv4Ttl = 8;
constexpr std::uint32_t kIpv6HopLimit = 7;
constexpr std::uint32_t kNetwork = static_cast<std::uint32_t>(SKF_NET_OFF);

constexpr unsigned kAdvertisement = 1;  // RFC 9568, 5.2.2

using Code = std::vector<sock_filter>;

constexpr std::size_t kTail = 4;

// A packet in an IPv4 socket begins with its IP header. In an IPv6 socket it
// begins after all headers, and the first header is before that.
Code load_head(Family family) {
    if (family == Family::ipv4) {
        return {BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
                BPF_STMT(BPF_LD | BPF_H | BPF_IND, 0)};
    }
    return {BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0)};
}

void judge_ttl(Code &code, Family family, std::uint8_t least, std::uint32_t yes,
               std::uint32_t no) {
    const std::uint32_t at =
        family == Family::ipv4 ? kIpv4Ttl : kNetwork + kIpv6HopLimit;
    code.push_back(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at));
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, least, 0, 1));
    code.push_back(BPF_STMT(BPF_RET | BPF_K, yes));
    code.push_back(BPF_STMT(BPF_RET | BPF_K, no));
}

}  // namespace

WantedAdverts wanted_adverts(const vrrp::Config &config) {
    const unsigned version = to_number(config.version);
    return {static_cast<std::uint16_t>(version << 12 | kAdvertisement << 8 |
                                       to_number(config.vrid)),
            vrrp::least_ttl(config)};
}

// One comparison for each virtual router, which leads to the check of the TTL;
// there is one such check for each smallest TTL.
std::vector<sock_filter> vrrp_filter(Family family,
                                     const std::vector<WantedAdverts> &wanted,
                                     Take take) {
    const std::uint32_t yes = take == Take::wanted ? kWhole : kNothing;
    const std::uint32_t no = take == Take::wanted ? kNothing : kWhole;

    Code code = load_head(family);
    std::map<std::uint8_t, std::size_t> judges;  // least TTL -> where
    for (const WantedAdverts &w : wanted) {
        judges.emplace(w.least_ttl, 0);
    }
    std::size_t next = code.size() + 2 * wanted.size() + 1;
    for (auto &[ttl, at] : judges) {
        at = next;
        next += kTail;
    }

    for (const WantedAdverts &w : wanted) {
        code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, w.head, 0, 1));
        const std::size_t distance = judges[w.least_ttl] - code.size() - 1;
        code.push_back(
            BPF_STMT(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(distance)));
    }
    code.push_back(BPF_STMT(BPF_RET | BPF_K, no));
    for (const auto &[ttl, at] : judges) {
        judge_ttl(code, family, ttl, yes, no);
    }
    return code;
}

// By its last four octets, at offset 8 of the Ethernet header.
std::vector<sock_filter> sent_from(const MacAddress &mac,
                                   std::vector<sock_filter> filter) {
    constexpr std::uint32_t kLink = static_cast<std::uint32_t>(SKF_LL_OFF);
    const std::uint32_t word = std::uint32_t{mac[2]} << 24 |
                               std::uint32_t{mac[3]} << 16 |
                               std::uint32_t{mac[4]} << 8 | mac[5];
    Code code{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kLink + 8),
              BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, word, 1, 0),
              BPF_STMT(BPF_RET | BPF_K, kNothing)};
    code.insert(code.end(), filter.begin(), filter.end());
    return code;
}

bool is_wanted(Bytes payload, std::uint8_t ttl,
               const std::vector<WantedAdverts> &wanted) {
    if (payload.size() < 2) {
        return false;
    }
    const unsigned head = unsigned{payload[0]} << 8 | payload[1];
    return std::ranges::any_of(wanted, [&](const WantedAdverts &w) {
        return w.head == head && ttl >= w.least_ttl;
    });
}

}  // namespace ngx_vrrp::net
