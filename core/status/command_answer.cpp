#include "core/status/command_answer.hpp"

#include "core/base/json_writer.hpp"

namespace ngx_vrrp::status {

std::string to_json(engine::Command command, const Outcomes &outcomes) {
    JsonWriter json;
    json.begin_object();
    json.member("action", to_string(command));
    json.key("instances").begin_array();
    for (const OutcomeRecord &outcome : outcomes) {
        json.begin_object();
        json.member("name", outcome.instance.view());
        json.member("state", outcome.state.view());
        json.member("done", outcome.done != 0);
        json.member("detail", outcome.detail.view());
        if (!outcome.successor.view().empty()) {
            json.member("successor", outcome.successor.view());
            json.member("after_ms", outcome.after_ms);
        }
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return json.text() + "\n";
}

std::string error_json(engine::Command command, std::string_view error) {
    JsonWriter json;
    json.begin_object();
    json.member("action", to_string(command));
    json.member("error", error);
    json.end_object();
    return json.text() + "\n";
}

}  // namespace ngx_vrrp::status
