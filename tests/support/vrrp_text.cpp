#include "tests/support/vrrp_text.hpp"

#include <array>

namespace ngx_vrrp::test {

namespace {

using namespace vrrp;

struct ActionText {
    std::string operator()(const SendAdvert &a) const {
        return "send-advert priority " + std::to_string(a.priority.value);
    }
    std::string operator()(const AddAddresses &) const {
        return "add-addresses";
    }
    std::string operator()(const RenewAddresses &) const {
        return "renew-addresses";
    }
    std::string operator()(const RemoveAddresses &) const {
        return "remove-addresses";
    }
    std::string operator()(const WithdrawRoutes &) const {
        return "withdraw-routes";
    }
    std::string operator()(const RestoreRoutes &) const {
        return "restore-routes";
    }
    std::string operator()(const AnnounceAddresses &a) const {
        return "announce-addresses " + std::to_string(a.repeat);
    }
    std::string operator()(const AnnounceSource &) const {
        return "announce-source";
    }
    std::string operator()(const AskActive &) const { return "ask-active"; }
    std::string operator()(const AskWitness &) const { return "ask-witness"; }
    std::string operator()(const ReportTransition &a) const {
        return "transition " + to_text(a.from) + " -> " + to_text(a.to) + ": " +
               a.reason;
    }
    std::string operator()(const ReportMismatch &a) const {
        return "mismatch: " + a.text;
    }
    std::string operator()(const ReportFalseDeath &a) const {
        return "false-death " + a.address.to_string();
    }
};

}  // namespace

std::string to_text(StateName state) {
    constexpr std::array<const char *, 4> names{"initialize", "backup",
                                                "active", "fault"};
    return names[static_cast<std::size_t>(state)];
}

std::string to_text(const Action &action) {
    return std::visit(ActionText{}, action);
}

Lines to_text(const Actions &actions) {
    Lines lines;
    for (const Action &action : actions) {
        lines.push_back(to_text(action));
    }
    return lines;
}

}  // namespace ngx_vrrp::test
