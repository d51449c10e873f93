#include "tests/simulation/lan.hpp"

#include <algorithm>
#include <iostream>
#include <utility>

namespace ngx_vrrp::simulation {

namespace {

constexpr Duration kLongestDelay = std::chrono::microseconds{200};

}  // namespace

Lan::Lan(const Plan &plan, Dice &dice)
    : dice_(dice),
      nodes_(plan.nodes.size() + 1),
      ports_(plan.network_count * nodes_),
      loss_(plan.network_count),
      disturbed_at_(plan.network_count, now_),
      last_arrival_(plan.network_count * nodes_ * nodes_) {}

void Lan::set_loss(std::size_t network, unsigned percent) {
    loss_[network] = percent;
    disturbed_at_[network] = now_;
}

void Lan::set_island(std::size_t network, NodeNumber node, unsigned island) {
    port(network, node).island = island;
    disturbed_at_[network] = now_;
}

void Lan::set_carrier(std::size_t network, NodeNumber node, bool up) {
    port(network, node).carrier = up;
    disturbed_at_[network] = now_;
}

void Lan::set_deaf(std::size_t network, NodeNumber node, NodeNumber to) {
    port(network, node).deaf_to |= 1u << to;
    disturbed_at_[network] = now_;
}

void Lan::set_unheard(std::size_t network, NodeNumber node, NodeNumber by) {
    port(network, node).unheard_by |= 1u << by;
    disturbed_at_[network] = now_;
}

void Lan::set_witness_path(NodeNumber node, bool works) {
    without_witness_ = works ? without_witness_ & ~(1u << node)
                             : without_witness_ | 1u << node;
}

bool Lan::reaches_witness(NodeNumber node) const {
    const NodeNumber gateway = nodes_ - 1;
    return witness_answers_ && (without_witness_ >> node & 1u) == 0 &&
           passes(0, node, gateway) && passes(0, gateway, node);
}

void Lan::heal() {
    witness_answers_ = true;
    without_witness_ = 0;
    std::ranges::fill(loss_, 0u);
    std::ranges::fill(disturbed_at_, now_);
    for (Port &port : ports_) {
        port.island = 0;
        port.deaf_to = 0;
        port.unheard_by = 0;
    }
}

bool Lan::passes(std::size_t network, NodeNumber from, NodeNumber to) const {
    const Port &b = port(network, to);
    return from != to && are_connected(network, from, to) &&
           (b.deaf_to >> from & 1u) == 0;
}

Hearing Lan::hearing(std::size_t network, NodeNumber a, NodeNumber b) const {
    const bool there = hears(network, a, b);
    const bool back = hears(network, b, a);
    if (!there && !back) {
        return Hearing::no;
    }
    return there && back && loss_[network] == 0 ? Hearing::well
                                                : Hearing::partly;
}

void Lan::send(Frame frame) {
    const auto shared = std::make_shared<const Frame>(std::move(frame));
    for (NodeNumber to = 0; to < nodes_; ++to) {
        send_to(to, shared);
    }
}

void Lan::send_to(NodeNumber to, const FramePtr &frame) {
    const bool may_be_lost =
        frame->kind == Frame::Kind::advert || frame->kind == Frame::Kind::bfd;
    const bool arrives = frame->kind == Frame::Kind::advert
                             ? hears(frame->network, frame->from, to)
                             : passes(frame->network, frame->from, to);
    if (!arrives || (may_be_lost && is_lost(frame->network))) {
        return;
    }
    Instant &last =
        last_arrival_[(frame->network * nodes_ + frame->from) * nodes_ + to];
    last = std::max(last, now_ + dice_.up_to(kLongestDelay));
    arrivals_.push({last, sequence_++, to, frame});
}

void Lan::at(Instant when, std::function<void()> what) {
    tasks_.push({std::max(when, now_), sequence_++, std::move(what)});
}

void Lan::run_until(Instant end) {
    for (;;) {
        const Instant arrival =
            arrivals_.empty() ? Instant::max() : arrivals_.top().at;
        const Instant task = tasks_.empty() ? Instant::max() : tasks_.top().at;
        const Instant woken = next_wake();
        const Instant next = std::min({arrival, task, woken});
        if (next > end) {
            break;
        }
        now_ = std::max(now_, next);
        if (next == task) {
            const auto what = tasks_.top().what;
            tasks_.pop();
            what();
        } else if (next == arrival) {
            const Arrival first = arrivals_.top();
            arrivals_.pop();
            deliver(first.to, *first.frame);
        } else {
            wake();
        }
    }
    now_ = end;
}

void Lan::trace(std::string_view text) const {
    if (verbose) {
        const auto us = std::chrono::duration_cast<std::chrono::microseconds>(
                            now_.time_since_epoch())
                            .count() -
                        1'000'000'000;
        std::cerr << us / 1000 << '.' << us / 100 % 10 << ' ' << text << '\n';
    }
}

}  // namespace ngx_vrrp::simulation
