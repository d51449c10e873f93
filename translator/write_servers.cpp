#include "translator/comments.hpp"
#include "translator/write.hpp"

namespace ngx_vrrp::translator {
namespace {

constexpr std::string_view kLine = "    ";

void line(std::string &out, bool is_comment, const std::string &text) {
    out += is_comment ? "# " + text + "\n" : text + "\n";
}

void block(std::string &out, bool is_comment, const std::string &head,
           const std::vector<std::string> &lines) {
    line(out, is_comment, head + " {");
    for (const std::string &inner : lines) {
        line(out, is_comment, std::string(kLine) + inner);
    }
    line(out, is_comment, "}");
}

void write_upstream(std::string &out, const Upstream &upstream,
                    const Comments &comments) {
    out += out.empty() ? "" : "\n";
    comment(out, "", to_string(upstream.place));
    comments.write(out, "", upstream.scope);
    if (!upstream.match.empty()) {
        block(out, false, "vrrp_match " + upstream.name, upstream.match);
        out += "\n";
    }
    block(out, false, "upstream " + upstream.name, upstream.upstream);
    out += "\n";
    std::vector<std::string> lines = upstream.listens;
    if (lines.empty()) {
        lines.emplace_back("listen 80;");
    }
    lines.insert(lines.end(), upstream.server.begin(), upstream.server.end());
    block(out, upstream.comment, "server", lines);
}

}  // namespace

std::string write_upstreams(const Model &model, const Comments &comments,
                            bool http) {
    std::string out;
    for (const Upstream &upstream : model.upstreams) {
        if (upstream.http == http) {
            write_upstream(out, upstream, comments);
        }
    }
    return out;
}

}  // namespace ngx_vrrp::translator
