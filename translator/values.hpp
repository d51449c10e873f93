// Values as keepalived reads them: one that it does not accept is reported,
// and has no effect.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "translator/grammar.hpp"
#include "translator/model.hpp"

namespace ngx_vrrp::translator {

std::optional<std::int64_t> read_number(Reading &reading, const Entry &entry,
                                        std::int64_t least, std::int64_t most);

// Seconds with a fraction, in microseconds; the bounds, too.
std::optional<std::int64_t> read_time(Reading &reading, const Entry &entry,
                                      std::int64_t least, std::int64_t most);

// Without a value: true.
bool read_flag(Reading &reading, const Entry &entry);

struct Weight {
    std::int64_t weight = 0;
    bool reverse = false;
};
std::optional<Weight> read_weight(Reading &reading, const Entry &entry,
                                  std::int64_t most);

// Words from "first" on: name [weight N] [reverse|noreverse]
void read_tracks(Reading &reading, const Entry &entry,
                 std::vector<Track> &tracks);

void read_notify(Reading &reading, const Entry &entry,
                 std::vector<Notify> &notify);

// A directive of ours that runs a program: the text for "path [argument ...]",
// or nothing if nginx cannot run it, which is reported.
std::optional<std::string> program_argument(Reading &reading,
                                            const Place &place,
                                            const std::string &word,
                                            const Command &command);

// The value of user= for a script: as configured, or as keepalived chooses.
std::string script_user(const Reading &reading,
                        const std::vector<std::string> &words,
                        std::size_t first);

// Words of global_defs and of vrrp_instance with one meaning.
void set_garp_delay(Reading &reading, const Entry &entry);
void set_garp_repeat(Reading &reading, const Entry &entry);
void set_garp_refresh(Reading &reading, const Entry &entry);
void set_garp_refresh_repeat(Reading &reading, const Entry &entry);
void set_extra_if(Reading &reading, const Entry &entry);
void set_down_timer(Reading &reading, const Entry &entry);
void set_v3_checksum(Reading &reading, const Entry &entry);

constexpr std::int64_t kOwner = 255;
constexpr std::int64_t kSecond = 1'000'000;

}  // namespace ngx_vrrp::translator
