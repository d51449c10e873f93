#include "core/status/peer_reports.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/base/sane_time.hpp"
#include "core/peer/text.hpp"

namespace ngx_vrrp::status {

namespace {

constexpr std::size_t kLongestDrift = 255;

// A difference may be negative.
Duration read_difference(ByteReader &in) {
    constexpr std::int64_t kMost = sane_time(INT64_MAX);
    return Duration{
        std::clamp(static_cast<std::int64_t>(in.u64()), -kMost, kMost)};
}

void write_difference(ByteWriter &out, Duration difference) {
    out.u64(static_cast<std::uint64_t>(difference.count()));
}

Instant read_instant(ByteReader &in) {
    return instant_from_ns(sane_time(static_cast<std::int64_t>(in.u64())));
}

// A peer of the same name may have been reported as part of it.
peer::Drift read_drift(ByteReader &in) {
    peer::Drift drift;
    drift.peer = peer::read_text(in);
    drift.text = peer::read_text(in, kLongestDrift);
    drift.since = read_instant(in);
    drift.reported = true;
    return drift;
}

void write_drift(ByteWriter &out, const peer::Drift &drift) {
    peer::write_text(out, drift.peer);
    peer::write_text(out, drift.text, kLongestDrift);
    out.u64(static_cast<std::uint64_t>(to_ns(drift.since)));
}

// The octets of details are checked as those from a peer.
bool read_report(ByteReader &in, PeerReport &report) {
    report.node = in.u64();
    report.via = in.u64();
    report.interface = peer::read_text(in);
    report.boot_difference = read_difference(in);
    report.wall_difference = read_difference(in);
    auto details = peer::parse_details(in.take(in.u16()));
    if (!in.ok() || !details) {
        return false;
    }
    report.details = *std::move(details);
    return true;
}

Buffer serialize(const PeerReport &report) {
    Buffer octets;
    ByteWriter out(octets);
    out.u64(report.node).u64(report.via);
    peer::write_text(out, report.interface);
    write_difference(out, report.boot_difference);
    write_difference(out, report.wall_difference);
    const Buffer details = peer::serialize(report.details);
    out.u16(static_cast<std::uint16_t>(details.size())).bytes(details);
    return octets;
}

}  // namespace

Buffer serialize(const PeerReports &reports) {
    Buffer octets;
    ByteWriter out(octets);
    const std::size_t count = std::min(reports.drift.size(), peer::kMostDrift);
    out.u8(static_cast<std::uint8_t>(count));
    for (std::size_t i = 0; i < count; ++i) {
        write_drift(out, reports.drift[i]);
    }
    for (const PeerReport &report : reports.nodes) {
        const Buffer one = serialize(report);
        if (octets.size() + one.size() <= kPeerReportsRoom) {
            out.bytes(one);
        }
    }
    return octets;
}

PeerReports parse_peer_reports(Bytes octets) {
    PeerReports reports;
    ByteReader in(octets);
    const std::size_t count = std::min<std::size_t>(in.u8(), peer::kMostDrift);
    for (std::size_t i = 0; i < count; ++i) {
        peer::Drift drift = read_drift(in);
        if (in.ok()) {
            reports.drift.push_back(std::move(drift));
        }
    }
    while (in.remaining() > 0) {
        PeerReport report;
        if (!read_report(in, report)) {
            break;
        }
        reports.nodes.push_back(std::move(report));
    }
    return reports;
}

}  // namespace ngx_vrrp::status
