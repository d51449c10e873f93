// What a client of vrrp_control or vrrp_status says: the path, the name of an
// instance, and headers "Accept". (nginx splits a request into these.)
//
// An input: the path, the name and the headers, one per line.

#include <string>
#include <string_view>

#include "core/base/text.hpp"
#include "core/capi.h"
#include "core/engine/command.hpp"
#include "tests/fuzz/require.hpp"

namespace ngx_vrrp {
namespace {

using fuzz::require;

vrrp_core_str_t to_c(std::string_view text) {
    return {text.data(), text.size()};
}

std::string_view take_line(std::string_view &rest) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return line;
}

void check_path(std::string_view path) {
    const vrrp_core_str_t text = to_c(path);
    vrrp_core_command_e command{};
    if (vrrp_core_action(&text, &command) != VRRP_CORE_OK) {
        return;
    }
    const std::string_view name =
        to_string(static_cast<engine::Command>(command));
    require(!name.empty() && path.ends_with(name), "another command");
    require(path.size() == name.size() ||
                path[path.size() - name.size() - 1] == '/',
            "a part of a name");
}

void check_name(std::string_view name) {
    const vrrp_core_str_t text = to_c(name);
    if (vrrp_core_is_name(&text) != 0) {
        Text<64> record{};
        record.set(name);
        require(record.view() == name, "a name that has no room");
        require(vrrp_core_is_line(&text) != 0, "a name that is no line");
    }
}

void check_accept(std::string_view header, vrrp_core_preference_t &preference) {
    const vrrp_core_str_t text = to_c(header);
    const int before = preference.quality;
    vrrp_core_accept(&text, &preference);
    require(preference.quality >= before && preference.quality <= 1000,
            "a quality out of range");
    require(preference.format >= VRRP_CORE_JSON &&
                preference.format <= VRRP_CORE_OPENMETRICS,
            "no format");

    const vrrp_core_preference_t first = preference;
    vrrp_core_accept(&text, &preference);
    require(preference.quality == first.quality &&
                preference.format == first.format,
            "the same header says something else");
}

}  // namespace
}  // namespace ngx_vrrp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    using namespace ngx_vrrp;

    std::string_view rest(reinterpret_cast<const char *>(data), size);
    check_path(take_line(rest));
    check_name(take_line(rest));
    vrrp_core_preference_t preference{};
    while (!rest.empty()) {
        check_accept(take_line(rest), preference);
    }
    return 0;
}
