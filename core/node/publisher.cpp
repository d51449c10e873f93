#include "core/node/publisher.hpp"

#include <algorithm>
#include <utility>

namespace ngx_vrrp::node {

[[gnu::hot]] void Publisher::publish(engine::Engine &engine,
                                     const status::NodeFacts &facts,
                                     Instant now) {
    area_.set_alive(now);
    if (!std::exchange(begun_, true)) {
        begin(engine, facts);
    }

    const auto &routers = engine.routers();
    engine.touched().take([&](std::size_t index, engine::Touch touch) {
        look_at(routers[index], index, touch);
    });
    published_at_ = now;
    if (news_ || now >= numbers_at_ + kNumbersPause) {
        news_ = false;
        numbers_at_ = now;
        publish_numbers(engine);
        publish_unknown(engine.unknown_routers());
        publish_node(engine, facts);
    }
}

// Another process may have written since.
[[gnu::hot]] void Publisher::publish_node(const engine::Engine &engine,
                                          const status::NodeFacts &facts) {
    const status::NodeNumbers numbers = status::numbers_of(engine, facts);
    if (area_.node_version() != version_ || numbers != node_) {
        node_ = numbers;
        area_.publish(bank_, describe(engine, facts));
        version_ = area_.node_version();
    }
}

// Readers see the status of the previous process until this one names the bank
// to read.
void Publisher::begin(const engine::Engine &engine,
                      const status::NodeFacts &facts) {
    bank_ = area_.free_bank();
    status::Description::Positions next;
    for (const engine::VirtualRouter &router : engine.routers()) {
        descriptions_.emplace_back(router, facts.pid, next);
        next.address += descriptions_.back().addresses().size();
        next.tracker += descriptions_.back().trackers().size();
        next.route += descriptions_.back().routes().size();
        publish_record(descriptions_.size() - 1);
    }
    publish_list(engine.unknown_routers());
    unknown_changes_ = engine.unknown_routers().changes();
    numbers_.resize(descriptions_.size());
    news_ = true;
}

void Publisher::look_at(const engine::VirtualRouter &router, std::size_t index,
                        engine::Touch touch) {
    if (touch == engine::Touch::all && descriptions_[index].update(router)) {
        publish_record(index);
        numbers_[index] = engine::Touch::none;
        news_ = true;
    } else {
        numbers_[index] = std::max(numbers_[index], touch);
    }
}

void Publisher::publish_record(std::size_t index) {
    const status::Description &description = descriptions_[index];
    area_.publish(bank_, index, description.record(), description.addresses(),
                  description.trackers(), description.routes());
}

[[gnu::hot]] void Publisher::publish_unknown(
    const engine::UnknownRouters &routers) {
    if (std::exchange(unknown_changes_, routers.changes()) !=
        routers.changes()) {
        publish_list(routers);
    }
}

// Its record is longer than a page of the stack.
[[gnu::noinline]] void Publisher::publish_list(
    const engine::UnknownRouters &routers) {
    area_.publish(status::describe(routers));
}

[[gnu::hot]] void Publisher::publish_numbers(const engine::Engine &engine) {
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
        const engine::VirtualRouter &router = engine.routers()[i];
        const auto touch = std::exchange(numbers_[i], engine::Touch::none);
        if (touch == engine::Touch::all) {
            area_.publish(bank_, i, status::numbers_of(router));
        } else if (touch == engine::Touch::numbers) {
            area_.publish(bank_, i, status::adverts_of(router));
        }
    }
}

}  // namespace ngx_vrrp::node
