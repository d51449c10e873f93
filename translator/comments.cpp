#include "translator/comments.hpp"

#include "translator/text.hpp"

namespace ngx_vrrp::translator {

void comment(std::string &out, std::string_view indent,
             const std::string &text) {
    constexpr std::size_t kColumns = 80;
    const std::string begin = std::string(indent) + "# ";
    std::string line;
    for (const std::string &word : split_words(text)) {
        if (!line.empty() &&
            begin.size() + line.size() + 1 + word.size() > kColumns) {
            out += begin + line + "\n";
            line = "  ";
        } else if (!line.empty()) {
            line += " ";
        }
        line += word;
    }
    out += begin + line + "\n";
}

std::string describe(const Remark &remark) {
    return to_string(remark.place) + ": " + remark.word + ": " +
           (remark.severity == Severity::decide ? "DECIDE: " : "") +
           remark.text;
}

Comments::Comments(const Remarks &remarks) {
    for (const Remark &remark : remarks) {
        all_[remark.scope].push_back(&remark);
    }
}

void Comments::write(std::string &out, std::string_view indent,
                     std::string_view scope) const {
    const auto found = all_.find(scope);
    if (found == all_.end()) {
        return;
    }
    for (const Remark *remark : found->second) {
        comment(out, indent, describe(*remark));
    }
}

}  // namespace ngx_vrrp::translator
