// Each sample, written as in tutorials, has its expected translation beside
// it. With NGX_VRRP_WRITE_EXPECTED=1, the expected files are written.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/translator/memory_files.hpp"
#include "translator/translate.hpp"

namespace ngx_vrrp::translator {
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string result_of(const MemoryFiles &files, const std::string &path) {
    const Translation result = translate(files, path, {"lb1"});
    std::string text =
        needs_decision(result.remarks) ? "status 1\n" : "status 0\n";
    for (const Remark &remark : result.remarks) {
        text += describe(remark) + "\n";
    }
    return text + "--\n" + as_one(result.output);
}

TEST(TranslatorSamples, HaveTheExpectedTranslation) {
    const fs::path folder = NGX_VRRP_TESTS_DIR "/translator/samples";
    MemoryFiles files;
    for (const auto &entry : fs::recursive_directory_iterator(folder)) {
        if (entry.is_regular_file()) {
            files.files[entry.path().lexically_relative(folder)] =
                slurp(entry.path());
        }
    }
    files.files["/etc/keepalived/check_nginx.sh"] =
        files.files["check_nginx.txt"];
    for (const char *program : {"true", "echo", "sh", "pgrep"}) {
        files.files["/bin/" + std::string(program)] = "";
    }

    unsigned samples = 0;
    for (const auto &[path, content] : files.files) {
        if (!path.ends_with(".conf")) {
            continue;
        }
        ++samples;
        const fs::path expected =
            folder / (path.substr(0, path.size() - 5) + ".expected");
        const std::string result = result_of(files, path);
        if (std::getenv("NGX_VRRP_WRITE_EXPECTED") != nullptr) {
            std::ofstream(expected, std::ios::binary) << result;
        }
        EXPECT_EQ(result, slurp(expected)) << path;
    }
    EXPECT_GE(samples, 46U);
}

}  // namespace
}  // namespace ngx_vrrp::translator
