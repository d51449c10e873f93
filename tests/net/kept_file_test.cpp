// The file of remembered peers.
#include "core/net/kept_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace ngx_vrrp::net {
namespace {

class KeptFileTest : public testing::Test {
protected:
    void TearDown() override { std::filesystem::remove_all(directory); }

    std::string directory = [] {
        std::string name = testing::TempDir() + "peersXXXXXX";
        return std::string(::mkdtemp(name.data()));
    }();
    std::string path = directory + "/nginx.pid.vrrp_peers";
};

TEST_F(KeptFileTest, IsReadByTheNextProcess) {
    {
        KeptFile file(std::move(open_kept_file(path.c_str()).value()));
        EXPECT_EQ(file.read(), "");
        EXPECT_TRUE(file.write("a longer text"));
        EXPECT_TRUE(file.write("text"));
    }
    KeptFile next(std::move(open_kept_file(path.c_str()).value()));
    EXPECT_EQ(next.read(), "text");
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(KeptFileTest, AHugeFileIsNotReadToItsEnd) {
    std::ofstream(path) << std::string(100'000, 'x');
    KeptFile file(std::move(open_kept_file(path.c_str()).value()));
    EXPECT_EQ(file.read().size(), kLargestStore);
}

TEST_F(KeptFileTest, ALinkIsRefused) {
    std::ofstream(directory + "/other") << "x";
    ASSERT_EQ(::symlink((directory + "/other").c_str(), path.c_str()), 0);
    EXPECT_FALSE(open_kept_file(path.c_str()));
    std::filesystem::remove(path);
    ASSERT_EQ(::link((directory + "/other").c_str(), path.c_str()), 0);
    EXPECT_FALSE(open_kept_file(path.c_str()));
}

TEST_F(KeptFileTest, AFileThatOthersCanWriteIsRefused) {
    std::ofstream(path) << "x";
    ASSERT_EQ(::chmod(path.c_str(), 0620), 0);
    EXPECT_FALSE(open_kept_file(path.c_str()));
}

TEST_F(KeptFileTest, NoRegularFileIsRefused) {
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_FALSE(open_kept_file(path.c_str()));
}

TEST_F(KeptFileTest, AFailedWriteIsReported) {
    KeptFile full(os::Fd(::open("/dev/full", O_WRONLY | O_CLOEXEC)));
    EXPECT_EQ(full.write("text").error().to_string(),
              "pwrite() failed (28: No space left on device)");
    KeptFile no_file(os::Fd(::open("/dev/null", O_WRONLY | O_CLOEXEC)));
    EXPECT_EQ(no_file.write("text").error().to_string(),
              "ftruncate() failed (22: Invalid argument)");
}

TEST_F(KeptFileTest, WithoutAFileNothingIsRemembered) {
    KeptFile file{os::Fd{}};
    EXPECT_TRUE(file.write("text"));
    EXPECT_EQ(file.read(), "");
}

}  // namespace
}  // namespace ngx_vrrp::net
