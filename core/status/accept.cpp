#include "core/status/accept.hpp"

#include <array>
#include <optional>

#include "core/base/trimmed.hpp"
#include "core/check/http_syntax.hpp"

namespace ngx_vrrp::status {

namespace {

struct Type {
    std::string_view name;
    Format format;
};

constexpr std::array kTypes{
    Type{"application/openmetrics-text", Format::openmetrics},
    Type{"application/json", Format::json},
    Type{"text/html", Format::html},
    Type{"text/plain", Format::prometheus},
};

// Up to the separator, without the spaces around it; `rest` is what follows.
std::string_view take_part(std::string_view &rest, char separator) {
    const std::size_t end = rest.find(separator);
    const std::string_view part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{}
                                         : rest.substr(end + 1);
    return trimmed(part, " \t");
}

// "0.25" is 250 thousandths. Nothing: it is not 0 to 1 with up to 3 decimals.
std::optional<int> thousandths(std::string_view text) {
    if (text.empty() || (text[0] != '0' && text[0] != '1') ||
        (text.size() > 1 && text[1] != '.') || text.size() > 5) {
        return std::nullopt;
    }
    int value = text[0] - '0';
    for (std::size_t i = 2; i < 5; ++i) {
        const char digit = i < text.size() ? text[i] : '0';
        if (digit < '0' || digit > '9') {
            return std::nullopt;
        }
        value = value * 10 + (digit - '0');
    }
    return value <= 1000 ? std::optional{value} : std::nullopt;
}

// Of a type without such a parameter it is 1, of a wrong one 0.
int quality_of(std::string_view parameters) {
    while (!parameters.empty()) {
        const std::string_view parameter = take_part(parameters, ';');
        if (check::same_word(parameter.substr(0, 2), "q=")) {
            return thousandths(parameter.substr(2)).value_or(0);
        }
    }
    return 1000;
}

}  // namespace

void read_accept(std::string_view header, Preference &preference) {
    while (!header.empty()) {
        std::string_view parameters = take_part(header, ',');
        const std::string_view name = take_part(parameters, ';');
        const int quality = quality_of(parameters);
        for (const Type &type : kTypes) {
            if (quality > preference.quality &&
                check::same_word(name, type.name)) {
                preference = {quality, type.format};
            }
        }
    }
}

}  // namespace ngx_vrrp::status
