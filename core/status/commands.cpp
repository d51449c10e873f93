#include "core/status/commands.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/base/plain_text.hpp"

namespace ngx_vrrp::status {

namespace {

// A slot's word: the phase, a number that is another one for each command, and
// the second in which it was asked.
constexpr unsigned kPhaseBits = 3;
constexpr unsigned kNumberBits = 29;
constexpr std::uint64_t kPhaseMask = (1U << kPhaseBits) - 1;
constexpr std::uint64_t kNumberMask = (1U << kNumberBits) - 1;

// No worker waits this long: it has died.
constexpr Seconds kAbandoned{10};
static_assert(kAbandoned > 2 * (kNoticedWithin + kAnsweredWithin));

std::uint64_t seconds(Instant now) {
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<Seconds>(now.time_since_epoch()).count());
}

// It is carried out, and its texts are logged. A worker may have written
// anything.
bool is_sane(const CommandRecord &record) {
    const std::string_view instance = record.instance.view();
    return is_known(record.command) && is_possible(terms_of(record)) &&
           is_line(record.who.view()) &&
           (instance.empty() || is_name(instance));
}

template <class Phase>
bool is_in(std::uint64_t word, Phase phase) {
    return (word & kPhaseMask) == static_cast<std::uint64_t>(phase);
}

std::uint64_t without_phase(std::uint64_t word) {
    return word & ~kPhaseMask;
}

template <class Phase>
std::uint64_t with_phase(std::uint64_t word, Phase phase) {
    return without_phase(word) | static_cast<std::uint64_t>(phase);
}

// The word of the next command, without a phase.
std::uint64_t next(std::uint64_t word, Instant now) {
    const std::uint64_t number = ((word >> kPhaseBits) + 1) & kNumberMask;
    return seconds(now) << (kPhaseBits + kNumberBits) | number << kPhaseBits;
}

// In whole seconds: one of them may have just begun.
bool is_older(std::uint64_t word, Seconds age, Instant now) {
    const auto since = static_cast<std::uint32_t>(
        seconds(now) - (word >> (kPhaseBits + kNumberBits)));
    return since > static_cast<std::uint32_t>(age.count());
}

}  // namespace

struct Commands::Slot {
    SharedWord word;
    std::array<SharedWord, words(sizeof(CommandRecord))> record;
    SharedWord count;  // of outcomes, which follow
};

std::size_t Commands::slot_words(std::size_t instances) {
    return words(sizeof(Slot)) + instances * words(sizeof(OutcomeRecord));
}

std::size_t Commands::size(std::size_t instances) {
    return kSlots * slot_words(instances) * sizeof(SharedWord);
}

Commands::Commands(SharedWord &asks, void *memory, std::size_t instances)
    : asks_(asks),
      memory_(static_cast<SharedWord *>(memory)),
      instances_(instances) {}

Commands::Slot &Commands::slot(std::size_t index) const {
    return *reinterpret_cast<Slot *>(memory_ + index * slot_words(instances_));
}

SharedWord *Commands::outcomes(Slot &slot) const {
    return reinterpret_cast<SharedWord *>(&slot) + words(sizeof(Slot));
}

// Worker

std::optional<Commands::Ticket> Commands::ask(const CommandRecord &record,
                                              Instant now) {
    for (std::size_t i = 0; i < kSlots; ++i) {
        const std::uint64_t word = slot(i).word.load();
        if (!is_in(word, Phase::free) && !is_older(word, kAbandoned, now)) {
            continue;
        }
        if (const auto ticket = occupy(i, word, now)) {
            store_words(slot(i).record.data(), bytes_of(record));
            slot(i).word.store(with_phase(ticket->word, Phase::asked));
            asks_.fetch_add(1);
            return ticket;
        }
    }
    return std::nullopt;
}

std::optional<Commands::Ticket> Commands::occupy(std::size_t index,
                                                 std::uint64_t word,
                                                 Instant now) {
    const std::uint64_t ours = next(word, now);
    if (!slot(index).word.compare_exchange_strong(
            word, with_phase(ours, Phase::writing))) {
        return std::nullopt;
    }
    return Ticket{index, ours};
}

Commands::Progress Commands::progress(const Ticket &ticket) const {
    const std::uint64_t word = slot(ticket.slot).word.load();
    if (without_phase(word) != ticket.word) {
        return Progress::lost;
    }
    switch (static_cast<Phase>(word & kPhaseMask)) {
        case Phase::asked:
            return Progress::asked;
        case Phase::taken:
            return Progress::taken;
        case Phase::answered:
            return Progress::answered;
        default:
            return Progress::lost;
    }
}

Outcomes Commands::answer(const Ticket &ticket) const {
    Slot &from = slot(ticket.slot);
    Outcomes list(std::min<std::uint64_t>(from.count.load(), instances_));
    for (std::size_t i = 0; i < list.size(); ++i) {
        load_words(outcomes(from) + i * words(sizeof(OutcomeRecord)),
                   writable_bytes_of(list[i]));
    }
    return list;
}

void Commands::forget(const Ticket &ticket) {
    for (const Phase phase : {Phase::taken, Phase::answered}) {
        if (set_free(ticket, phase)) {
            return;
        }
    }
}

bool Commands::withdraw(const Ticket &ticket) {
    if (set_free(ticket, Phase::asked)) {
        return true;
    }
    forget(ticket);
    return false;
}

bool Commands::set_free(const Ticket &ticket, Phase phase) {
    std::uint64_t expected = with_phase(ticket.word, phase);
    return slot(ticket.slot)
        .word.compare_exchange_strong(expected,
                                      with_phase(ticket.word, Phase::free));
}

bool Commands::is_damaged() const {
    for (std::size_t i = 0; i < kSlots; ++i) {
        if ((slot(i).word.load() & kPhaseMask) >
            static_cast<std::uint64_t>(Phase::answered)) {
            return true;
        }
    }
    return false;
}

// The vrrp process

[[gnu::hot]] std::uint64_t Commands::asks() const {
    return asks_.load();
}

// A command whose worker has given up, or has died, has ended.
std::vector<Commands::Asked> Commands::take(Instant now) {
    std::vector<Asked> list;
    for (std::size_t i = 0; i < kSlots; ++i) {
        std::uint64_t word = slot(i).word.load();
        if (!is_in(word, Phase::asked)) {
            continue;
        }
        const bool late = is_older(word, kNoticedWithin, now);
        const Ticket ticket{i, without_phase(word)};
        if (slot(i).word.compare_exchange_strong(
                word, with_phase(word, late ? Phase::free : Phase::taken)) &&
            !late) {
            CommandRecord record{};
            load_words(slot(i).record.data(), writable_bytes_of(record));
            if (is_sane(record)) {
                list.push_back({ticket, record});
            }
        }
    }
    return list;
}

// One process is in charge, so there is no other writer; a reader may no longer
// exist.
void Commands::set_answer(const Ticket &ticket, const Outcomes &list) {
    Slot &to = slot(ticket.slot);
    const std::size_t count = std::min(list.size(), instances_);
    for (std::size_t i = 0; i < count; ++i) {
        store_words(outcomes(to) + i * words(sizeof(OutcomeRecord)),
                    bytes_of(list[i]));
    }
    to.count.store(count);
    std::uint64_t expected = with_phase(ticket.word, Phase::taken);
    to.word.compare_exchange_strong(expected,
                                    with_phase(ticket.word, Phase::answered));
}

}  // namespace ngx_vrrp::status
