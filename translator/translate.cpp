#include "translator/translate.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "translator/grammar.hpp"
#include "translator/pieces.hpp"
#include "translator/settle.hpp"

namespace ngx_vrrp::translator {
namespace {

void settle_mail(Reading &reading) {
    const Globals &globals = reading.model.globals;
    const auto wanted = [](const auto &element) {
        return element.mail.value_or(false);
    };
    const bool asked = globals.mail.value_or(false) ||
                       std::ranges::any_of(reading.model.instances, wanted) ||
                       std::ranges::any_of(reading.model.groups, wanted);
    if (!asked && !reading.model.server_mail && !globals.mail_to.empty()) {
        reading.note(globals.mail_place, "notification_email",
                     "keepalived sends no mail without smtp_alert, so there "
                     "is no notify_email");
    } else if (asked &&
               (globals.mail_to.empty() || globals.smtp_server.empty())) {
        reading.decide(globals.place, "smtp_alert",
                       "keepalived sends no mail without notification_email "
                       "and smtp_server");
    }
}

// One FIFO gets the lines of all instances.
void settle_priority_changes(Reading &reading) {
    Globals &globals = reading.model.globals;
    for (const Instance &instance : reading.model.instances) {
        globals.notify_priority =
            globals.notify_priority || instance.notify_priority;
    }
    if (globals.notify_priority) {
        reading.note(globals.place, "notify_priority_changes",
                     globals.fifos.empty()
                         ? "has no effect without notify_fifo"
                         : "the FIFO gets the priorities of all instances");
    }
}

}  // namespace

Translation translate(const Files &files, const std::string &path,
                      const Identity &identity, const Limits &limits) {
    Translation result;
    Model model;
    const auto lines =
        read_lines(files, path, identity, limits, result.remarks);
    const auto pieces = split_pieces(lines, result.remarks);
    if (pieces.empty()) {
        throw NotKeepalived{{std::make_shared<const std::string>(path), 0},
                            "a block, but there is none",
                            std::move(result.remarks)};
    }
    Reading reading{files, model, result.remarks};
    read_pieces(pieces, reading);
    settle(reading);
    settle_mail(reading);
    settle_priority_changes(reading);
    result.output = write(model, result.remarks);
    return result;
}

}  // namespace ngx_vrrp::translator
