#include "core/peer/drift.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <tuple>
#include <utility>

#include "core/base/find.hpp"
#include "core/base/log.hpp"

namespace ngx_vrrp::peer {

namespace {

// The names of both nodes. Two nodes may have the same one by mistake.
struct Names {
    std::string ours;
    std::string theirs;
};

Names node_names(const Details &ours, const Details &theirs) {
    const std::string &here = ours.about.router_id;
    const std::string &there = theirs.about.router_id;
    return here == there ? Names{"this node", "its peer"} : Names{here, there};
}

std::string to_text(Duration interval) {
    const auto us =
        std::chrono::duration_cast<std::chrono::microseconds>(interval).count();
    return us % 1000 == 0 ? std::to_string(us / 1000) + "ms"
                          : format("%.3fms", static_cast<double>(us) / 1000);
}

// "2026-12-03"
std::string to_date(std::int64_t seconds) {
    using namespace std::chrono;
    const year_month_day date{floor<days>(sys_seconds{Seconds{seconds}})};
    return format("%04d-%02u-%02u", int{date.year()}, unsigned{date.month()},
                  unsigned{date.day()});
}

class Comparison {
public:
    Comparison(const Details &ours, const Details &theirs)
        : ours_(ours), theirs_(theirs), names_(node_names(ours, theirs)) {}

    std::vector<std::string> run() {
        compare_lists(ours_.instances, theirs_.instances,
                      [&](const auto &a, const auto &b) { compare(a, b); });
        compare_lists(ours_.upstreams, theirs_.upstreams,
                      [&](const auto &a, const auto &b) { compare(a, b); });
        compare_lists(ours_.certificates, theirs_.certificates,
                      [&](const auto &a, const auto &b) { compare(a, b); });
        return std::move(texts_);
    }

private:
    static auto key_of(const InstanceDetails &instance) {
        return std::pair(instance.family, instance.vrid);
    }
    static auto key_of(const UpstreamDetails &upstream) {
        return std::tie(upstream.context, upstream.name);
    }
    static auto key_of(const CertificateDetails &certificate) {
        return std::tie(certificate.name);
    }

    static std::string name_of(const InstanceDetails &instance) {
        return instance.name + format(" (virtual_router_id %u, IPv%d)",
                                      unsigned{to_number(instance.vrid)},
                                      to_number(instance.family));
    }
    static std::string name_of(const UpstreamDetails &upstream) {
        return (upstream.context == "http" ? "" : upstream.context + " ") +
               "upstream " + upstream.name;
    }
    static std::string name_of(const CertificateDetails &certificate) {
        return "certificate of " + certificate.name;
    }

    template <class List, class Compare>
    void compare_lists(const List &ours, const List &theirs, Compare compare) {
        for (const auto &one : ours) {
            const auto *other = find_first(theirs, [&](const auto &element) {
                return key_of(element) == key_of(one);
            });
            if (other) {
                compare(one, *other);
            } else {
                add_missing(name_of(one), theirs_, names_.theirs);
            }
        }
        for (const auto &one : theirs) {
            if (std::ranges::none_of(ours, [&](const auto &element) {
                    return key_of(element) == key_of(one);
                })) {
                add_missing(name_of(one), ours_, names_.ours);
            }
        }
    }

    void compare(const InstanceDetails &a, const InstanceDetails &b) {
        const std::string about = a.name + ": ";
        add_values(about + "version", std::to_string(a.version),
                   std::to_string(b.version));
        add_values(about + "advert_int", to_text(a.interval),
                   to_text(b.interval));
        add_values(about + "authentication", a.authentication,
                   b.authentication);
        compare_sets(about + "address ", a.addresses, b.addresses);
        compare_sets(about, names_of(a.trackers), names_of(b.trackers));
    }

    void compare(const UpstreamDetails &a, const UpstreamDetails &b) {
        compare_sets(name_of(a) + ": server ", a.servers, b.servers);
    }

    void compare(const CertificateDetails &a, const CertificateDetails &b) {
        add_values(name_of(a) + ": ends on", to_date(a.ends), to_date(b.ends));
    }

    static std::vector<std::string> names_of(
        const std::vector<TrackerDetails> &trackers) {
        std::vector<std::string> names;
        for (const TrackerDetails &tracker : trackers) {
            names.push_back(tracker.name);
        }
        return names;
    }

    // In any order.
    void compare_sets(const std::string &about,
                      const std::vector<std::string> &ours,
                      const std::vector<std::string> &theirs) {
        const auto is_in = [](const std::string &one, const auto &list) {
            return std::ranges::find(list, one) != list.end();
        };
        for (const std::string &one : ours) {
            if (!is_in(one, theirs)) {
                add(about + one + " is missing on " + names_.theirs);
            }
        }
        for (const std::string &one : theirs) {
            if (!is_in(one, ours)) {
                add(about + one + " is missing on " + names_.ours);
            }
        }
    }

    // Where the list was too long, nothing is known.
    void add_missing(const std::string &what, const Details &from,
                     const std::string &name) {
        if (from.complete) {
            add(what + " is missing on " + name);
        }
    }

    void add_values(const std::string &what, const std::string &ours,
                    const std::string &theirs) {
        if (ours != theirs) {
            add(what + " " + ours + " on " + names_.ours + ", " + theirs +
                " on " + names_.theirs);
        }
    }

    // Routers of both families of an instance have the same trackers.
    void add(std::string text) {
        if (texts_.size() < kMostDrift &&
            std::ranges::find(texts_, text) == texts_.end()) {
            texts_.push_back(std::move(text));
        }
    }

    const Details &ours_;
    const Details &theirs_;
    Names names_;
    std::vector<std::string> texts_;
};

}  // namespace

std::vector<std::string> differences(const Details &ours,
                                     const Details &theirs) {
    return Comparison(ours, theirs).run();
}

void DriftWatch::take_over(std::vector<Drift> list, Instant now) {
    list_ = std::move(list);
    for (Drift &drift : list_) {
        drift.seen = now;
    }
}

void DriftWatch::set(const std::string &peer,
                     const std::vector<std::string> &texts, Instant now) {
    for (const std::string &text : texts) {
        Drift *known = find_first(list_, [&](const Drift &drift) {
            return drift.peer == peer && drift.text == text;
        });
        if (known) {
            known->seen = now;
        } else if (list_.size() < kMostDrift) {
            list_.push_back({peer, text, now, false, now});
        }
    }
    std::erase_if(list_, [&](const Drift &drift) {
        const bool over = drift.peer == peer && drift.seen != now;
        if (over && drift.reported) {
            news_.push_back({drift.peer, drift.text, true});
        }
        return over;
    });
}

std::vector<Drift> DriftWatch::list() const {
    std::vector<Drift> reported;
    std::ranges::copy_if(list_, std::back_inserter(reported), &Drift::reported);
    return reported;
}

void DriftWatch::settle(Instant now) {
    std::erase_if(list_, [&](const Drift &drift) {
        const bool over = now - drift.seen >= kDriftKept;
        if (over && drift.reported) {
            news_.push_back({drift.peer, drift.text, true});
        }
        return over;
    });
    for (Drift &drift : list_) {
        if (!drift.reported && drift.seen == now &&
            now - drift.since >= kDriftSettles) {
            drift.reported = true;
            news_.push_back({drift.peer, drift.text, false});
        }
    }
}

}  // namespace ngx_vrrp::peer
