// The samples together use each keyword of the grammar, each word of the
// tables of docs/keepalived.md, and each feature of keepalived's language.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "tests/translator/memory_files.hpp"
#include "translator/grammar.hpp"
#include "translator/lines.hpp"
#include "translator/pieces.hpp"
#include "translator/text.hpp"

namespace ngx_vrrp::translator {
namespace {

namespace coverage_fs = std::filesystem;

std::string content_of(const coverage_fs::path &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

const MemoryFiles &sample_files() {
    static MemoryFiles files;
    const coverage_fs::path folder = NGX_VRRP_TESTS_DIR "/translator/samples";
    for (const auto &entry :
         coverage_fs::recursive_directory_iterator(folder)) {
        if (entry.is_regular_file() &&
            entry.path().extension() != ".expected") {
            files.files[entry.path().lexically_relative(folder)] =
                content_of(entry.path());
        }
    }
    return files;
}

std::vector<Piece> pieces_of(const MemoryFiles &files,
                             const std::string &path) {
    Remarks remarks;
    return split_pieces(read_lines(files, path, {"lb1"}, {}, remarks), remarks);
}

// The rows that a sample uses, each after the names of its blocks.
class UsedRows {
public:
    void add(const std::vector<Piece> &pieces) {
        std::size_t at = 0;
        while (at < pieces.size()) {
            add_block(pieces, at, kTop);
            ++at;
        }
    }
    bool has(const Row &row) const { return rows_.contains(&row); }

private:
    void add_block(const std::vector<Piece> &pieces, std::size_t &at,
                   const Grammar &grammar) {
        for (; at < pieces.size(); ++at) {
            if (pieces[at].kind == PieceKind::close) {
                return;
            }
            const Row *const row = pieces[at].kind == PieceKind::words
                                       ? grammar.find(pieces[at].words[0])
                                       : nullptr;
            if (row == nullptr) {
                continue;
            }
            rows_.insert(row);
            if (row->shape == Shape::line) {
                continue;
            }
            ++at;
            if (row->shape == Shape::block) {
                add_block(pieces, at, *row->inner);
                continue;
            }
            while (at < pieces.size() && pieces[at].kind != PieceKind::close) {
                ++at;
            }
        }
    }

    std::set<const Row *> rows_;
};

void expect_all_used(const UsedRows &used, const Grammar &grammar,
                     std::set<const Grammar *> &seen) {
    if (!seen.insert(&grammar).second) {
        return;
    }
    for (const Row &row : grammar.rows) {
        EXPECT_TRUE(used.has(row)) << grammar.name << ": " << row.name;
        if (row.inner != nullptr) {
            expect_all_used(used, *row.inner, seen);
        }
    }
}

TEST(TranslatorCoverage, SamplesUseEachKeyword) {
    const MemoryFiles &files = sample_files();
    UsedRows used;
    for (const auto &[path, content] : files.files) {
        if (path.ends_with(".conf")) {
            used.add(pieces_of(files, path));
        }
    }
    std::set<const Grammar *> seen;
    expect_all_used(used, kTop, seen);
    EXPECT_GE(seen.size(), 20U);
}

std::set<std::string> words_of_samples() {
    std::set<std::string> words;
    const MemoryFiles &files = sample_files();
    for (const auto &[path, content] : files.files) {
        const std::regex word("[A-Za-z0-9_.-]+");
        for (std::sregex_iterator it(content.begin(), content.end(), word), end;
             it != end; ++it) {
            words.insert(it->str());
        }
    }
    return words;
}

// Words in ` ` of the first column, up to the section about signals.
std::set<std::string> words_of_tables() {
    std::set<std::string> words;
    std::istringstream text(
        content_of(NGX_VRRP_TESTS_DIR "/../docs/keepalived.md"));
    std::string line;
    while (std::getline(text, line) && !line.starts_with("## Signals")) {
        if (!line.starts_with("| ")) {
            continue;
        }
        const std::string cell = line.substr(0, line.find('|', 1));
        const std::regex code("`([^`]+)`");
        for (std::sregex_iterator it(cell.begin(), cell.end(), code), end;
             it != end; ++it) {
            const std::string word = split_words((*it)[1].str()).front();
            // "_delay" and "vrrp_netlink_*" are short forms.
            if (!word.starts_with('_') && word.find('*') == std::string::npos) {
                words.insert(word);
            }
        }
    }
    return words;
}

TEST(TranslatorCoverage, SamplesUseEachWordOfTheTables) {
    const std::set<std::string> used = words_of_samples();
    const std::set<std::string> wanted = words_of_tables();
    EXPECT_GE(wanted.size(), 150U);
    for (const std::string &word : wanted) {
        EXPECT_TRUE(used.contains(word)) << word;
    }
}

TEST(TranslatorCoverage, SamplesUseEachFeatureOfTheLanguage) {
    const std::map<std::string, const char *> features = {
        {"include of one file", "\ninclude [^*\n]+\\.inc\n"},
        {"include of a pattern", "\ninclude [^\n]*\\*"},
        {"a definition", "\n\\$[A-Z_0-9]+=[^\n\\\\]+\n"},
        {"a definition of several lines", "\n\\$[A-Z_0-9]+= *\\\\\n"},
        {"$NAME", "[^\n]\\$[A-Z_0-9]+ *\n"},
        {"${NAME}", "\\$\\{[A-Z][A-Z_0-9]*\\}"},
        {"${_PWD}", "\\$\\{_PWD\\}"},
        {"${_INSTANCE}", "\\$\\{_INSTANCE\\}"},
        {"${_HASH}", "\\$\\{_HASH\\}"},
        {"${_BANG}", "\\$\\{_BANG\\}"},
        {"${_ENV}", "\\$\\{_ENV [A-Z]+\\}"},
        {"${_RANDOM}", "\\$\\{_RANDOM[^}]*\\}"},
        {"~SEQ", "~SEQ\\("},
        {"~SEQx", "~SEQx\\("},
        {"~LST", "~LST\\([A-Z]"},
        {"~LST of several names", "~LST\\(\\{"},
        {"@name", "\n *@[a-z0-9]+ "},
        {"@^name", "\n *@\\^[a-z0-9]+ "},
        {"!", "(^|\n) *! "},
        {"#", "(^|\n) *# "},
        {"a comment in a word", "[a-z0-9]#[a-z0-9]"},
        {"a block in one line", "\\{ [^\n{}]+ \\}"},
        {"{ in the next line", "\n\\{\n"},
        {"text in quotes", "\"[^\"\n]+ [^\"\n]+\""},
        {"\\r\\n", "\r\n"},
        {"a byte order mark", "^\xef\xbb\xbf"},
    };
    const MemoryFiles &files = sample_files();
    for (const auto &[name, pattern] : features) {
        const std::regex regex(pattern);
        bool found = false;
        for (const auto &[path, content] : files.files) {
            found = found || std::regex_search(content, regex);
        }
        EXPECT_TRUE(found) << name;
    }
}

}  // namespace
}  // namespace ngx_vrrp::translator
