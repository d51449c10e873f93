// Everything without which a node must not hold the address, in the order in
// which an operator wants to hear of it. Empty text = all is well.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace ngx_vrrp::engine {

enum class FaultCause : std::uint8_t {
    process,    // the vrrp process cannot do its job at all
    interface,  // missing or down
    source,     // no address to send from
    socket,     // VRRP cannot be heard
    nginx       // too few workers alive
};

inline constexpr std::size_t kFaultCauses = 5;

class Faults {
public:
    void set(FaultCause cause, std::string text) {
        texts_[static_cast<std::size_t>(cause)] = std::move(text);
    }

    void clear(FaultCause cause) { set(cause, {}); }

    // The first reason, or empty.
    const std::string &reason() const {
        for (const std::string &text : texts_) {
            if (!text.empty()) {
                return text;
            }
        }
        return texts_.back();
    }

private:
    std::array<std::string, kFaultCauses> texts_;
};

}  // namespace ngx_vrrp::engine
