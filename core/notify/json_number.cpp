#include "core/notify/json_number.hpp"

#include <nlohmann/json.hpp>

#include "core/base/utf8.hpp"

namespace ngx_vrrp::notify {

namespace {

using Json = nlohmann::json;

constexpr int kDeepest = 32;

std::optional<Json> find(std::string_view text, std::string_view name) {
    int times = 0;
    bool too_deep = false;
    const auto look = [&](int depth, Json::parse_event_t event, Json &value) {
        times += event == Json::parse_event_t::key && depth == 1 &&
                 value.get_ref<const std::string &>() == name;
        too_deep = too_deep || depth > kDeepest;
        return !too_deep;
    };
    const Json object = Json::parse(valid_utf8(text), look, false);
    return object.is_object() && times == 1 && !too_deep
               ? std::optional(object.at(std::string(name)))
               : std::nullopt;
}

}  // namespace

std::optional<std::string> find_text(std::string_view text,
                                     std::string_view name) {
    const auto value = find(text, name);
    return value && value->is_string()
               ? std::optional(value->get<std::string>())
               : std::nullopt;
}

std::optional<std::int64_t> find_number(std::string_view text,
                                        std::string_view name) {
    const auto value = find(text, name);
    if (!value || !value->is_number_integer()) {
        return std::nullopt;
    }
    const auto number = value->get<std::int64_t>();
    const bool fits = number >= 0 || !value->is_number_unsigned();
    return fits ? std::optional(number) : std::nullopt;
}

}  // namespace ngx_vrrp::notify
