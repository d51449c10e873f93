// The file of remembered peers.
#include "core/net/peer_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace ngx_vrrp::net {
namespace {

class PeerFileTest : public testing::Test {
protected:
    void TearDown() override { std::filesystem::remove_all(directory); }

    std::string directory = [] {
        std::string name = testing::TempDir() + "peersXXXXXX";
        return std::string(::mkdtemp(name.data()));
    }();
    std::string path = directory + "/nginx.pid.vrrp_peers";
};

TEST_F(PeerFileTest, IsReadByTheNextProcess) {
    {
        PeerFile file(std::move(open_peer_file(path.c_str()).value()));
        EXPECT_EQ(file.read(), "");
        EXPECT_TRUE(file.write("a longer text"));
        EXPECT_TRUE(file.write("text"));
    }
    PeerFile next(std::move(open_peer_file(path.c_str()).value()));
    EXPECT_EQ(next.read(), "text");
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(PeerFileTest, AHugeFileIsNotReadToItsEnd) {
    std::ofstream(path) << std::string(100'000, 'x');
    PeerFile file(std::move(open_peer_file(path.c_str()).value()));
    EXPECT_EQ(file.read().size(), peer::kLargestStore);
}

TEST_F(PeerFileTest, ALinkIsRefused) {
    std::ofstream(directory + "/other") << "x";
    ASSERT_EQ(::symlink((directory + "/other").c_str(), path.c_str()), 0);
    EXPECT_FALSE(open_peer_file(path.c_str()));
    std::filesystem::remove(path);
    ASSERT_EQ(::link((directory + "/other").c_str(), path.c_str()), 0);
    EXPECT_FALSE(open_peer_file(path.c_str()));
}

TEST_F(PeerFileTest, AFileThatOthersCanWriteIsRefused) {
    std::ofstream(path) << "x";
    ASSERT_EQ(::chmod(path.c_str(), 0620), 0);
    EXPECT_FALSE(open_peer_file(path.c_str()));
}

TEST_F(PeerFileTest, NoRegularFileIsRefused) {
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_FALSE(open_peer_file(path.c_str()));
}

TEST_F(PeerFileTest, AFailedWriteIsReported) {
    PeerFile full(os::Fd(::open("/dev/full", O_WRONLY | O_CLOEXEC)));
    EXPECT_EQ(full.write("text").error().to_string(),
              "pwrite() of the remembered peers failed (28: No space left on "
              "device)");
    PeerFile no_file(os::Fd(::open("/dev/null", O_WRONLY | O_CLOEXEC)));
    EXPECT_EQ(no_file.write("text").error().to_string(),
              "ftruncate() of the remembered peers failed (22: Invalid "
              "argument)");
}

TEST_F(PeerFileTest, WithoutAFileNothingIsRemembered) {
    PeerFile file{os::Fd{}};
    EXPECT_TRUE(file.write("text"));
    EXPECT_EQ(file.read(), "");
}

}  // namespace
}  // namespace ngx_vrrp::net
