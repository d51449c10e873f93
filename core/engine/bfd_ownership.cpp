#include "core/engine/bfd_ownership.hpp"

#include <algorithm>

namespace ngx_vrrp::engine {

namespace {

constexpr std::size_t kCopyWords = words(sizeof(bfd::Record));

static_assert(2 * kCopyWords * sizeof(SharedWord) <= sizeof(SharedRecord));

ProcessId load_id(const SharedWord &word) {
    return ProcessId::from_word(word.load());
}

}  // namespace

BfdOwnership::BfdOwnership(void *memory, ProcessId self,
                           const std::vector<std::string> &names,
                           Processes &processes)
    : memory_(memory),
      self_(self),
      processes_(processes),
      sessions_(names.size()),
      sequences_(names.size()) {
    if (memory == nullptr || names.empty()) {
        return;
    }
    node_ = memory_.find("bfd");
    for (std::size_t i = 0; i < names.size(); ++i) {
        sessions_[i] = memory_.find("bfd " + names[i]);
    }
}

bool BfdOwnership::may_take(ProcessId owner, Instant now) const {
    return owner.is_none() || owner == self_ || self_.is_newer_than(owner) ||
           !processes_.is_alive(owner.pid(), now);
}

bool BfdOwnership::claim(Instant now) {
    if (node_ == nullptr || owns()) {
        return true;
    }
    const ProcessId owner = load_id(node_->owner);
    if (!may_take(owner, now)) {
        node_->wanted.store(self_.word());
        return false;
    }
    // First the sessions: the previous process ends those that remain its own.
    for (OwnershipSlot *slot : sessions_) {
        if (slot != nullptr) {
            slot->owner.store(self_.word());
        }
    }
    std::uint64_t expected = owner.word();
    return node_->owner.compare_exchange_strong(expected, self_.word());
}

bool BfdOwnership::owns() const {
    return node_ == nullptr || load_id(node_->owner) == self_;
}

bool BfdOwnership::is_last(std::size_t session) const {
    const OwnershipSlot *slot = sessions_[session];
    return slot == nullptr || load_id(slot->owner) == self_;
}

bool BfdOwnership::has_successor(Instant now) const {
    if (node_ == nullptr) {
        return false;
    }
    const ProcessId waiter = load_id(node_->wanted);
    const bool waits = !waiter.is_none() && waiter != self_ &&
                       processes_.is_alive(waiter.pid(), now);
    return waits || another_starts(memory_, self_, processes_, now);
}

void BfdOwnership::give_up() {
    if (node_ == nullptr) {
        return;
    }
    for (SharedWord *word : {&node_->wanted, &node_->owner}) {
        std::uint64_t expected = self_.word();
        word->compare_exchange_strong(expected, 0);
    }
}

SharedWord *BfdOwnership::copy_of(const OwnershipSlot &slot,
                                  std::uint64_t n) const {
    return memory_.record_of(slot).data() + n % 2 * kCopyWords;
}

// The newer of two copies; a writer that was killed has spoilt one at most.
std::optional<bfd::Saved> BfdOwnership::read(std::size_t session,
                                             Instant now) const {
    std::optional<bfd::Saved> newest;
    if (sessions_[session] == nullptr) {
        return newest;
    }
    for (std::uint64_t n = 0; n < 2; ++n) {
        bfd::Record record{};
        load_words(copy_of(*sessions_[session], n), writable_bytes_of(record));
        const auto saved = bfd::from_record(record, now);
        if (saved && (!newest || saved->sequence > newest->sequence)) {
            newest = saved;
        }
    }
    return newest;
}

void BfdOwnership::write(std::size_t session, bfd::Saved saved) {
    if (sessions_[session] == nullptr) {
        return;
    }
    std::uint64_t &sequence = sequences_[session];
    sequence = std::max(sequence, saved.sequence) + 1;
    saved.sequence = sequence;
    const bfd::Record record = bfd::to_record(saved);
    store_words(copy_of(*sessions_[session], sequence), bytes_of(record));
}

}  // namespace ngx_vrrp::engine
