#include "core/node/control.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace ngx_vrrp::node {

namespace {

// The answer does not wait longer than this for a successor.
constexpr Duration kSuccessorSpeaks = Milliseconds{1500};
static_assert(kSuccessorSpeaks < status::kAnsweredWithin);

}  // namespace

[[gnu::hot]] bool Control::execute(engine::Engine &engine, Instant now) {
    const std::uint64_t asks = commands_.asks();
    if (std::exchange(seen_, asks) == asks) {
        return false;
    }
    for (const status::Commands::Asked &asked : commands_.take(now)) {
        execute(asked, engine, now);
    }
    return true;
}

void Control::execute(const status::Commands::Asked &asked,
                      engine::Engine &engine, Instant now) {
    const status::CommandRecord &record = asked.record;
    const auto outcomes = engine.execute(record.command, record.instance.view(),
                                         now, status::terms_of(record));
    Pending pending{asked.ticket, {}, now + kSuccessorSpeaks};
    for (const engine::RouterOutcome &outcome : outcomes) {
        const engine::VirtualRouter &router = engine.routers()[outcome.router];
        pending.list.push_back(
            {outcome, router.is_moving(), router.counters().transitions});
    }
    report(record, outcomes, engine);

    // One command per slot: repeated commands do not fill our memory.
    std::erase_if(pending_, [&](const Pending &other) {
        return other.ticket.slot == asked.ticket.slot;
    });
    pending_.push_back(std::move(pending));
}

void Control::report(const status::CommandRecord &record,
                     const std::vector<engine::RouterOutcome> &outcomes,
                     const engine::Engine &engine) {
    const std::string who{record.who.view()};
    const char *command = to_string(record.command).data();
    if (outcomes.empty()) {
        log_(LogLevel::notice, "%s requests %s of \"%s\": no such instance",
             who.c_str(), command, std::string{record.instance.view()}.c_str());
    }
    for (const engine::RouterOutcome &outcome : outcomes) {
        log_(LogLevel::notice, "%s requests %s of %s: %s%s%s", who.c_str(),
             command, engine.routers()[outcome.router].config().name.c_str(),
             outcome.outcome.done ? "" : "refused, ",
             outcome.outcome.detail.c_str(), outcome.outcome.terms.c_str());
    }
}

[[gnu::hot]] void Control::answer(const engine::Engine &engine, Instant now,
                                  const PeerLinks *peers) {
    if (pending_.empty()) {
        return;
    }
    std::erase_if(pending_, [&](const Pending &pending) {
        if (now < pending.answer_by && is_leaving(pending, engine)) {
            return false;
        }
        status::Outcomes outcomes;
        for (const Awaited &awaited : pending.list) {
            outcomes.push_back(describe(
                awaited, engine.routers()[awaited.outcome.router], peers));
        }
        commands_.set_answer(pending.ticket, outcomes);
        return true;
    });
}

bool Control::is_leaving(const Pending &pending, const engine::Engine &engine) {
    return std::ranges::any_of(pending.list, [&](const Awaited &awaited) {
        return awaited.leaving &&
               engine.routers()[awaited.outcome.router].is_moving();
    });
}

status::OutcomeRecord Control::describe(const Awaited &awaited,
                                        const engine::VirtualRouter &router,
                                        const PeerLinks *peers) {
    status::OutcomeRecord record{};
    std::string detail = awaited.outcome.outcome.detail;
    if (awaited.leaving && router.is_moving()) {
        detail =
            (router.config().election
                 ? "releases the addresses when another router takes over, or "
                   "within "
                 : std::string{"releases the addresses within "}) +
            std::to_string(to_ms(router.leaves_within())) + " ms";
    } else if (awaited.leaving && router.is_released() &&
               router.counters().transitions == awaited.transitions) {
        detail = "no router has taken over, stays MASTER with priority " +
                 std::to_string(router.instance().effective_priority().value);
    } else if (awaited.leaving &&
               router.counters().transitions != awaited.transitions) {
        detail = router.last_transition().reason;
        if (const auto &moved = router.instance().departure();
            moved && moved->successor) {
            const std::string name =
                peers ? peers->name_of(router.config().interface,
                                       *moved->successor)
                      : std::string{};
            record.successor.set(name.empty() ? moved->successor->to_string()
                                              : name);
            record.after_ms = static_cast<std::uint32_t>(
                to_ms(moved->taken_at - moved->began));
        }
    }

    record.instance.set(router.config().name);
    record.state.set(vrrp::public_name(router.instance().state()));
    record.detail.set(detail + awaited.outcome.outcome.terms);
    record.done = awaited.outcome.outcome.done;
    return record;
}

std::optional<Instant> Control::deadline() const {
    std::optional<Instant> earliest;
    for (const Pending &pending : pending_) {
        take_earlier(earliest, pending.answer_by);
    }
    return earliest;
}

}  // namespace ngx_vrrp::node
