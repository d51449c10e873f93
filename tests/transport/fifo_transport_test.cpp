// Named pipes with a reader, without one, and full ones.
#include "core/transport/fifo_transport.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string>
#include <utility>

#include "core/os/fd.hpp"
#include "tests/support/events.hpp"
#include "tests/support/script_folder.hpp"
#include "tests/transport/transport_loop.hpp"

namespace ngx_vrrp::transport {

using namespace os;
namespace {

using test::state_event;

class FifoTransportTest : public ::testing::Test {
protected:
    FifoTransportTest() { make_pipe(); }

    void make_pipe() { ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0); }

    os::Fd open_reader() const {
        return os::Fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK));
    }

    std::string deliver(const std::string &state) {
        const notify::ChannelConfig config{.name = "notify_fifo",
                                           .target = path,
                                           .instance = {},
                                           .events = 1,
                                           .states = 1,
                                           .how = notify::FifoChannel{path}};
        transport.deliver(
            {.id = 1, .channel = 0, .events = {state_event("VI_1", state)}},
            config, os::now());
        return loop.next();
    }

    static std::string read_from(const os::Fd &reader) {
        std::array<char, 65536> buffer;
        const ssize_t n = ::read(reader.get(), buffer.data(), buffer.size());
        return n < 0 ? "nothing"
                     : std::string(buffer.data(), static_cast<std::size_t>(n));
    }

    test::ScriptFolder folder;
    std::string path = folder.path + "/fifo";
    TransportLoop loop;
    FifoTransport transport{loop};
};

TEST_F(FifoTransportTest, WritesLines) {
    const Fd reader = open_reader();
    EXPECT_EQ(deliver("MASTER"), "delivered");
    EXPECT_EQ(deliver("BACKUP"), "delivered");
    EXPECT_EQ(read_from(reader),
              "INSTANCE \"VI_1\" MASTER 100\nINSTANCE \"VI_1\" BACKUP 100\n");
    EXPECT_EQ(read_from(reader), "nothing") << "the pipe stays open";
}

TEST_F(FifoTransportTest, WithoutAReader) {
    EXPECT_EQ(deliver("MASTER"), "no process reads the FIFO");
    const os::Fd reader = open_reader();
    EXPECT_EQ(deliver("MASTER"), "delivered");
}

TEST_F(FifoTransportTest, ReaderThatGoesAndComesBack) {
    Fd reader = open_reader();
    EXPECT_EQ(deliver("MASTER"), "delivered");
    reader.reset();
    EXPECT_EQ(deliver("BACKUP"), "no process reads the FIFO");
    reader = open_reader();
    EXPECT_EQ(deliver("BACKUP"), "delivered");
    EXPECT_EQ(read_from(reader), "INSTANCE \"VI_1\" BACKUP 100\n");
}

TEST_F(FifoTransportTest, PipeThatItsReaderMakesAgain) {
    Fd reader = open_reader();
    EXPECT_EQ(deliver("MASTER"), "delivered");
    reader.reset();
    std::filesystem::remove(path);
    make_pipe();
    reader = open_reader();
    EXPECT_EQ(deliver("BACKUP"), "delivered");
    EXPECT_EQ(read_from(reader), "INSTANCE \"VI_1\" BACKUP 100\n");
}

TEST_F(FifoTransportTest, FullPipe) {
    const Fd reader = open_reader();
    std::string last;
    for (int i = 0; i < 100000 && (last = deliver("MASTER")) == "delivered";
         ++i) {
    }
    EXPECT_EQ(last, "the FIFO is full");
    const std::string text = read_from(reader);
    EXPECT_EQ(text.substr(text.rfind('\n', text.size() - 2) + 1),
              "INSTANCE \"VI_1\" MASTER 100\n")
        << "no line is cut";
    EXPECT_EQ(deliver("BACKUP"), "delivered");
}

TEST_F(FifoTransportTest, WhatIsNoPipeIsNotWrittenTo) {
    std::filesystem::remove(path);
    std::ofstream(path) << "precious";
    EXPECT_NE(deliver("MASTER").find("which is not a FIFO"), std::string::npos);
    EXPECT_EQ(folder.lines("fifo").front(), "precious");
    std::filesystem::remove(path);
    EXPECT_NE(deliver("MASTER").find("failed (2: No such file"),
              std::string::npos);
}

}  // namespace
}  // namespace ngx_vrrp::transport
