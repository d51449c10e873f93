// Runs a fuzz entry over its corpus and over damaged copies of it: linked with
// every tests/fuzz/*_fuzz.cpp, which thereby is always built.

#include <errno.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "core/base/bytes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size);

namespace ngx_vrrp {
namespace {

constexpr std::uint8_t kOctets[] = {0x00, 0x01, 0x7f, 0x80, 0xff};

Buffer read_file(const std::filesystem::path &path) {
    std::ifstream file(path, std::ios::binary);
    return Buffer(std::istreambuf_iterator<char>(file), {});
}

// The program answer_fuzz_test has the corpus in corpus/answer.
std::filesystem::path folder() {
    const std::string program = program_invocation_short_name;
    return std::filesystem::path(NGX_VRRP_TESTS_DIR "/fuzz/corpus") /
           program.substr(0, program.rfind("_fuzz_test"));
}

std::vector<Buffer> corpus() {
    std::vector<Buffer> inputs;
    for (const auto &entry : std::filesystem::directory_iterator(folder())) {
        inputs.push_back(read_file(entry.path()));
    }
    return inputs;
}

int run(const Buffer &input) {
    return LLVMFuzzerTestOneInput(input.data(), input.size());
}

TEST(FuzzCorpus, IsAccepted) {
    ASSERT_FALSE(corpus().empty());

    for (const Buffer &input : corpus()) {
        EXPECT_FALSE(input.empty());
        EXPECT_EQ(run(input), 0);
    }
}

TEST(FuzzCorpus, MayBeCutAnywhere) {
    for (const Buffer &input : corpus()) {
        for (std::size_t size = 0; size < input.size(); ++size) {
            EXPECT_EQ(
                run(Buffer(input.begin(),
                           input.begin() + static_cast<std::ptrdiff_t>(size))),
                0);
        }
    }
}

TEST(FuzzCorpus, MayHaveAnyOctetReplaced) {
    for (const Buffer &input : corpus()) {
        for (std::size_t i = 0; i < input.size(); ++i) {
            for (const std::uint8_t octet : kOctets) {
                Buffer damaged = input;
                damaged[i] = octet;
                EXPECT_EQ(run(damaged), 0);
            }
        }
    }
}

}  // namespace
}  // namespace ngx_vrrp
