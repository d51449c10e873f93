#include "core/probe/file_prober.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "tests/probe/prober_loop.hpp"
#include "tests/support/defaults.hpp"

namespace ngx_vrrp::probe {
namespace {

namespace fs = std::filesystem;

class FileProberTest : public testing::Test {
protected:
    void SetUp() override {
        std::string name = "/tmp/ngx_vrrp_file.XXXXXX";
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        root = name;
        path = root + "/weight";
    }

    void TearDown() override {
        prober.reset();
        fs::remove_all(root);
    }

    std::string probe(const std::string &file, check::CheckId id = 1) {
        check::Config config = test::default_check();
        config.probe = check::FileCheck{file};
        prober->start(id, config, os::now());
        return text_of(loop.next());
    }

    std::string probe() { return probe(path); }

    void write(const std::string &text) { write(path, text); }

    static void write(const std::string &file, const std::string &text) {
        std::ofstream(file, std::ios::binary) << text;
    }

    // The value of a file with this text.
    std::string worth(const std::string &text) {
        write(text);
        return probe();
    }

    // Whether the prober notices, and forgets that it did.
    bool notices(check::CheckId id = 1) {
        const bool noticed = loop.wait([&] { return !loop.wanted.empty(); });
        for (const check::CheckId wanted : loop.wanted) {
            EXPECT_EQ(wanted, id);
        }
        loop.run(Milliseconds{10});
        loop.wanted.clear();
        return noticed;
    }

    bool notices_nothing() {
        loop.run(Milliseconds{30});
        return loop.wanted.empty();
    }

    std::string root;
    std::string path;
    ProberLoop loop;
    std::unique_ptr<FileProber> prober = [this] {
        loop.on_readable = [this](int fd) { return prober->on_readable(fd); };
        return std::make_unique<FileProber>(loop, loop, loop);
    }();
};

TEST_F(FileProberTest, NumbersPass) {
    EXPECT_EQ(worth("5"), "passed 5");
    EXPECT_EQ(worth("-20\n"), "passed -20");
    EXPECT_EQ(worth(" \t+7 \r\n"), "passed 7");
    EXPECT_EQ(worth("0"), "passed 0");
    EXPECT_EQ(worth("007\n\n"), "passed 7");
    EXPECT_EQ(worth("-9223372036854775808"), "passed -9223372036854775808");
}

TEST_F(FileProberTest, NothingIsZero) {
    EXPECT_EQ(probe(), "passed 0");
    EXPECT_EQ(probe(root + "/no/such/folder"), "passed 0");
    EXPECT_EQ(worth(""), "passed 0");
    EXPECT_EQ(worth(" \n"), "passed 0");
    EXPECT_EQ(probe(path + "/below"), "passed 0");
    EXPECT_TRUE(loop.log.empty());
}

TEST_F(FileProberTest, AnythingElseFails) {
    EXPECT_EQ(worth("drain\n"), "FILE 0: not a number: \"drain\"");
    EXPECT_EQ(worth("5 6"), "FILE 0: not a number: \"5 6\"");
    EXPECT_EQ(worth("1.5"), "FILE 0: not a number: \"1.5\"");
    EXPECT_EQ(worth("0x10"), "FILE 0: not a number: \"0x10\"");
    EXPECT_EQ(worth("+-5"), "FILE 0: not a number: \"+-5\"");
    EXPECT_EQ(worth("+"), "FILE 0: not a number: \"+\"");
    EXPECT_EQ(worth("- 5"), "FILE 0: not a number: \"- 5\"");
    EXPECT_EQ(worth("9223372036854775808"),
              "FILE 0: not a number: \"9223372036854775808\"");
    EXPECT_EQ(worth("\x1b[31m\xff"), "FILE 0: not a number: \"?[31m?\"");
}

TEST_F(FileProberTest, ReadsLittle) {
    const std::string longest(64, '0');
    EXPECT_EQ(worth(longest), "passed 0");
    EXPECT_EQ(worth(longest + "0"),
              "FILE 0: not a number: \"" + longest + "\"");
    EXPECT_EQ(worth("1" + std::string(100, ' ') + "2"),
              "FILE 0: not a number: \"1\"");
}

TEST_F(FileProberTest, OnlyRegularFiles) {
    EXPECT_EQ(probe(root), "FILE 0: \"" + root + "\" is not a regular file");
    ASSERT_EQ(0, ::mkfifo(path.c_str(), 0600));
    EXPECT_EQ(probe(), "FILE 0: \"" + path + "\" is not a regular file");
}

TEST_F(FileProberTest, WhatCannotBeOpenedFails) {
    fs::create_symlink("weight", path);
    EXPECT_EQ(probe(), "FILE 0: open() of \"" + path +
                           "\" failed (40: Too many levels of symbolic "
                           "links)");
}

TEST_F(FileProberTest, NoticesWhatHappensToTheFile) {
    probe();
    write("1");
    EXPECT_TRUE(notices());
    write("2");
    EXPECT_TRUE(notices());
    EXPECT_EQ(probe(), "passed 2");
    EXPECT_TRUE(notices_nothing()) << "to read is no event";

    write(root + "/new", "3");
    fs::rename(root + "/new", path);
    EXPECT_TRUE(notices());
    EXPECT_EQ(probe(), "passed 3");

    fs::rename(path, root + "/old");
    EXPECT_TRUE(notices());
    fs::create_hard_link(root + "/old", path);
    EXPECT_TRUE(notices());
    fs::remove(path);
    EXPECT_TRUE(notices());
    EXPECT_EQ(probe(), "passed 0");
}

TEST_F(FileProberTest, OtherFilesDoNotMatter) {
    probe();
    write(root + "/weight2", "1");
    write(root + "/weigh", "1");
    EXPECT_TRUE(notices_nothing());
}

TEST_F(FileProberTest, FilesOfOneFolder) {
    probe(root + "/a", 1);
    probe(root + "/b", 2);
    write(root + "/b", "1");
    EXPECT_TRUE(notices(2));

    prober->forget(2);
    write(root + "/b", "2");
    EXPECT_TRUE(notices_nothing());
    write(root + "/a", "1");
    EXPECT_TRUE(notices(1)) << "the folder is still watched";

    prober->forget(1);
    loop.run(Milliseconds{10});
    write(root + "/a", "2");
    EXPECT_FALSE(loop.turn(Milliseconds{30})) << "and now it is not";
}

TEST_F(FileProberTest, FolderThatComesLater) {
    const std::string file = root + "/later/weight";
    EXPECT_EQ(probe(file), "passed 0");
    fs::create_directory(root + "/later");
    write(file, "4");
    EXPECT_TRUE(notices_nothing());

    EXPECT_EQ(probe(file), "passed 4");
    write(file, "5");
    EXPECT_TRUE(notices());
}

TEST_F(FileProberTest, FolderThatIsReplaced) {
    const std::string folder = root + "/folder";
    const std::string file = folder + "/weight";
    fs::create_directory(folder);
    write(file, "1");
    EXPECT_EQ(probe(file), "passed 1");

    fs::rename(folder, root + "/before");
    EXPECT_TRUE(notices());
    fs::create_directory(folder);
    EXPECT_EQ(probe(file), "passed 0");
    write(root + "/before/weight", "2");
    EXPECT_TRUE(notices_nothing());
    write(file, "3");
    EXPECT_TRUE(notices());

    fs::remove_all(folder);
    EXPECT_TRUE(notices());
    EXPECT_EQ(probe(file), "passed 0");
    fs::create_directory(folder);
    EXPECT_EQ(probe(file), "passed 0");
    write(file, "6");
    EXPECT_TRUE(notices());
}

TEST_F(FileProberTest, WithoutInotifyTheIntervalHasToDo) {
    loop.full = true;
    write("5");
    EXPECT_EQ(probe(), "passed 5");
    EXPECT_EQ(probe(), "passed 5");
    EXPECT_THAT(loop.log,
                testing::ElementsAre(testing::StrEq(
                    "inotify for \"" + root +
                    "\" failed (24: Too many open files), reading file "
                    "\"weight\" only at its interval")));
}

TEST_F(FileProberTest, EveryTenMilliseconds) {
    for (int n = 0; n < 20; n++) {
        EXPECT_EQ(worth(std::to_string(n)), "passed " + std::to_string(n));
        loop.run(Milliseconds{10});
    }
    EXPECT_FALSE(prober->on_readable(-1));
}

TEST_F(FileProberTest, ExistenceMayBeAFailure) {
    const auto probe_for = [&](check::FileTest test) {
        check::Config config = test::default_check();
        config.probe = check::FileCheck{path, test};
        prober->start(1, config, os::now());
        return text_of(loop.next());
    };
    EXPECT_EQ(probe_for(check::FileTest::exists), "passed 0");
    EXPECT_EQ(probe_for(check::FileTest::absent),
              "FILE 0: \"" + path + "\" does not exist");

    write("");  // as touch does
    EXPECT_TRUE(notices());
    EXPECT_EQ(probe_for(check::FileTest::exists),
              "FILE 0: \"" + path + "\" exists");
    EXPECT_EQ(probe_for(check::FileTest::absent), "passed 0");

    ::unlink(path.c_str());
    EXPECT_TRUE(notices());
    EXPECT_EQ(::symlink("/nonexistent", path.c_str()), 0);
    EXPECT_EQ(probe_for(check::FileTest::exists), "passed 0") << "a dead link";
}

}  // namespace
}  // namespace ngx_vrrp::probe
