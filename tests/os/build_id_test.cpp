// The build of this test itself, as the linker and the file have it; and notes
// that are cut.
#include "core/os/build_id.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "core/os/fd.hpp"

namespace ngx_vrrp::os {
namespace {

const Buffer kNotes{
    4,   0,   0,   0, 4,    0,    0,   0, 1, 0, 0, 0,  // NT_GNU_ABI_TAG
    'G', 'N', 'U', 0, 9,    9,    9,   9,              //
    4,   0,   0,   0, 3,    0,    0,   0, 3, 0, 0, 0,  // NT_GNU_BUILD_ID
    'G', 'N', 'U', 0, 0x0a, 0xbc, 0xff};

TEST(BuildId, IsReadFromNotes) {
    EXPECT_EQ(build_id_in(kNotes), "0abcff");
}

TEST(BuildId, OfOtherNotesIsEmpty) {
    EXPECT_EQ(build_id_in(Bytes(kNotes).first(20)), "");
    Buffer other = kNotes;
    other[32] = 'X';
    EXPECT_EQ(build_id_in(other), "");
}

TEST(BuildId, OfNotesThatAreCutIsEmpty) {
    for (std::size_t n = 0; n < kNotes.size(); ++n) {
        EXPECT_EQ(build_id_in(Bytes(kNotes).first(n)), "") << n;
    }
}

TEST(BuildId, OfNotesWithWrongSizesIsEmpty) {
    for (const std::size_t size : {0U, 4U, 20U, 24U}) {
        Buffer wrong = kNotes;
        std::fill_n(wrong.begin() + static_cast<std::ptrdiff_t>(size), 4, 0xff);
        EXPECT_EQ(build_id_in(wrong), "") << size;
    }
}

TEST(BuildId, IsCutToTwentyBytes) {
    Buffer notes{4, 0, 0, 0, 32, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0};
    notes.resize(notes.size() + 32, 0x11);
    EXPECT_EQ(build_id_in(notes), std::string(40, '1'));
}

int data_of_this_program = 0;

TEST(BuildId, OfTheLoadedProgramIsThatOfItsFile) {
    const LoadedFile loaded = loaded_file(&data_of_this_program);
    EXPECT_EQ(loaded.path, "");
    const std::string in_file = build_id_of("/proc/self/exe");
    EXPECT_EQ(loaded.build_id, in_file);
    // No linker has to write one.
    if (loaded.build_id.empty() && in_file.empty()) {
        GTEST_SKIP() << "this test has no build id: --build-id";
    }
}

TEST(BuildId, OfALibraryIsThatOfItsFile) {
    const LoadedFile library =
        loaded_file(reinterpret_cast<const void *>(&::getpid));
    ASSERT_TRUE(library.path.starts_with("/")) << library.path;
    EXPECT_EQ(library.build_id.size(), 40U);
    EXPECT_EQ(library.build_id, build_id_of(library.path));
}

TEST(BuildId, OfOtherFilesIsEmpty) {
    EXPECT_EQ(build_id_of("/nonexistent"), "");
    EXPECT_EQ(build_id_of("/dev/null"), "");
    EXPECT_EQ(build_id_of("/proc/self"), "");
    EXPECT_EQ(build_id_of("/etc/passwd"), "");
}

// A header with wrong numbers, as a file that is being written can have it.
TEST(BuildId, OfABrokenFileIsEmpty) {
    std::ifstream self("/proc/self/exe", std::ios::binary);
    std::string begin(4096, '\0');
    self.read(begin.data(), static_cast<std::streamsize>(begin.size()));

    char name[] = "/tmp/build_id_XXXXXX";
    const Fd file(::mkstemp(name));
    for (std::size_t size = 0; size < begin.size(); size += 97) {
        std::ofstream(name, std::ios::binary)
            .write(begin.data(), static_cast<std::streamsize>(size));
        build_id_of(name);
    }
    std::string wrong = begin;
    std::fill_n(wrong.begin() + 32, 8, '\xff');  // where the segments begin
    std::ofstream(name, std::ios::binary) << wrong;
    EXPECT_EQ(build_id_of(name), "");
    ::unlink(name);
}

}  // namespace
}  // namespace ngx_vrrp::os
