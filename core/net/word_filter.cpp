#include "core/net/word_filter.hpp"

#include <utility>

#include "core/net/attach_filter.hpp"

namespace ngx_vrrp::net {

namespace {

// Two instructions for each word; a filter also counts against optmem_max.
constexpr std::size_t kMaxWords = 500;

constexpr std::uint32_t kTakeAll = 0xffff;
constexpr std::uint32_t kTakeNothing = 0;

std::vector<sock_filter> program(std::size_t offset,
                                 const std::vector<std::uint32_t> &words) {
    std::vector<sock_filter> code;
    code.push_back(
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
    for (const std::uint32_t word : words) {
        code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, word, 0, 1));
        code.push_back(BPF_STMT(BPF_RET | BPF_K, kTakeAll));
    }
    code.push_back(BPF_STMT(BPF_RET | BPF_K, kTakeNothing));
    return code;
}

std::vector<sock_filter> take_all() {
    return {BPF_STMT(BPF_RET | BPF_K, kTakeAll)};
}

}  // namespace

Status set_word_filter(int fd, std::size_t offset,
                       const std::vector<std::uint32_t> &words) {
    std::vector<sock_filter> code =
        words.size() > kMaxWords ? take_all() : program(offset, words);
    return attach_filter(fd, std::move(code));
}

}  // namespace ngx_vrrp::net
