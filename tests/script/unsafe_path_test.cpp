#include "core/script/unsafe_path.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/capi.h"

namespace ngx_vrrp::script {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kSomebody = 12345;
constexpr std::uint32_t kSomebodyElse = 12346;

// A folder in /tmp, which is sticky; owners can be given by root only.
class UnsafePath : public testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0) {
            GTEST_SKIP() << "needs root";
        }
        std::string name = "/tmp/ngx_vrrp_path.XXXXXX";
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        root = name;
        ::chmod(root.c_str(), 0755);
        fs::create_directory(root + "/folder");
        ::chmod((root + "/folder").c_str(), 0755);
        file = root + "/folder/check.sh";
        std::ofstream(file) << "#!/bin/sh\n";
        ::chmod(file.c_str(), 0755);
    }

    void TearDown() override {
        if (!root.empty()) {
            fs::remove_all(root);
        }
    }

    std::string folder() const { return root + "/folder"; }

    // The problem, without the name of the directory.
    std::string wrong(std::string path, std::uint32_t uid = 0) const {
        std::string text = unsafe_path(path, uid);
        for (std::size_t at = text.find(root); at != std::string::npos;
             at = text.find(root)) {
            text.replace(at, root.size(), "");
        }
        return text;
    }

    std::string root;
    std::string file;
};

TEST_F(UnsafePath, OfRootIsSafeForAllUsers) {
    EXPECT_EQ(wrong(file), "");
    EXPECT_EQ(wrong(file, kSomebody), "");
    EXPECT_EQ(wrong("/bin/sh", kSomebody), "");
}

TEST_F(UnsafePath, OfTheUserIsSafeForTheUserOnly) {
    ASSERT_EQ(0, ::chown(folder().c_str(), kSomebody, 0));
    ASSERT_EQ(0, ::chown(file.c_str(), kSomebody, 0));

    EXPECT_EQ(wrong(file, kSomebody), "");
    EXPECT_EQ(wrong(file), "directory \"/folder\" belongs to user 12345");
    EXPECT_EQ(wrong(file, kSomebodyElse),
              "directory \"/folder\" belongs to user 12345");
}

TEST_F(UnsafePath, FileOfAnotherUser) {
    ASSERT_EQ(0, ::chown(file.c_str(), kSomebodyElse, 0));
    EXPECT_EQ(wrong(file, kSomebody),
              "\"/folder/check.sh\" belongs to user 12346");
}

TEST_F(UnsafePath, WritableFile) {
    ::chmod(file.c_str(), 0775);
    EXPECT_EQ(wrong(file), "\"/folder/check.sh\" is group-writable");
    ::chmod(file.c_str(), 0757);
    EXPECT_EQ(wrong(file), "\"/folder/check.sh\" is world-writable");
}

TEST_F(UnsafePath, WritableFolderAnywhereAbove) {
    ::chmod(root.c_str(), 0777);
    EXPECT_EQ(wrong(file), "directory \"\" is world-writable");
    ::chmod(root.c_str(), 0755);
    ::chmod(folder().c_str(), 0775);
    EXPECT_EQ(wrong(file), "directory \"/folder\" is group-writable");
}

TEST_F(UnsafePath, StickyFolderProtectsWhatBelongsToUs) {
    ::chmod(folder().c_str(), 01777);
    EXPECT_EQ(wrong(file), "");
    ASSERT_EQ(0, ::chown(file.c_str(), kSomebody, 0));
    EXPECT_EQ(wrong(file), "\"/folder/check.sh\" belongs to user 12345");
}

TEST_F(UnsafePath, NotExecutable) {
    ::chmod(file.c_str(), 0644);
    EXPECT_EQ(wrong(file), "\"/folder/check.sh\" cannot be executed by user 0");
    ::chmod(file.c_str(), 0744);
    EXPECT_EQ(wrong(file), "");
    EXPECT_EQ(wrong(file, kSomebody),
              "\"/folder/check.sh\" cannot be executed by user 12345");
}

TEST_F(UnsafePath, NoFile) {
    EXPECT_EQ(wrong(root + "/missing"),
              "lstat() of \"/missing\" failed (2: No such file or directory)");
    EXPECT_EQ(wrong(folder()), "\"/folder\" is not a regular file");
    EXPECT_EQ(wrong("/"), "\"/\" is not a regular file");
    EXPECT_EQ(wrong(folder() + "/.."), "it is not the path of a file");
    fs::create_symlink("/", root + "/link");
    EXPECT_EQ(wrong(root + "/link"), "it is not the path of a file");
    EXPECT_EQ(wrong("check.sh"), "\"check.sh\" is not an absolute path");
    EXPECT_EQ(wrong(""), "\"\" is not an absolute path");
}

TEST_F(UnsafePath, LinksAreFollowedStepByStep) {
    fs::create_directory(root + "/open");
    ::chmod((root + "/open").c_str(), 0777);
    fs::create_symlink(file, root + "/open/link");
    fs::create_symlink("../folder/./check.sh", root + "/folder/relative");
    fs::create_symlink("open/link", root + "/chain");

    EXPECT_EQ(wrong(root + "/folder/relative"), "");
    EXPECT_EQ(wrong(root + "/open/link"),
              "directory \"/open\" is world-writable");
    EXPECT_EQ(wrong(root + "/chain"), "directory \"/open\" is world-writable");
    EXPECT_EQ(wrong(root + "/open/../folder/check.sh"),
              "directory \"/open\" is world-writable");
}

TEST_F(UnsafePath, LinkOfAnotherUser) {
    const std::string link = root + "/link";
    fs::create_symlink(file, link);
    ASSERT_EQ(0, ::lchown(link.c_str(), kSomebody, 0));
    EXPECT_EQ(wrong(link), "link \"/link\" belongs to user 12345");
}

TEST_F(UnsafePath, LinksInACircle) {
    fs::create_symlink(root + "/b", root + "/a");
    fs::create_symlink(root + "/a", root + "/b");
    EXPECT_THAT(wrong(root + "/a"),
                testing::EndsWith("(40: Too many levels of symbolic links)"));
}

TEST_F(UnsafePath, ForC) {
    char why[64];
    EXPECT_EQ(vrrp_core_unsafe_path(file.c_str(), 0, why, sizeof(why)),
              VRRP_CORE_OK);
    EXPECT_STREQ(why, "");

    char little[10];
    EXPECT_EQ(vrrp_core_unsafe_path("check.sh", 0, little, sizeof(little)),
              VRRP_CORE_ERROR);
    EXPECT_STREQ(little, "\"check.sh");
    EXPECT_EQ(vrrp_core_unsafe_path("check.sh", 0, nullptr, 0),
              VRRP_CORE_ERROR);
}

}  // namespace
}  // namespace ngx_vrrp::script
