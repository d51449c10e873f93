// What the functions of the grammar work on.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "translator/files.hpp"
#include "translator/model.hpp"
#include "translator/remarks.hpp"
#include "translator/text.hpp"

namespace ngx_vrrp::translator {

struct Reading {
    const Files &files;
    Model &model;
    Remarks &remarks;

    // The block that is being read, for remarks.
    std::string scope = {};

    // Directives of the block: global_defs, or a vrrp_instance.
    Settings *settings = nullptr;

    // A block whose name is in use already is read into these and forgotten.
    Instance spare_instance = {};
    bool spare = false;
    std::set<std::string> instance_names = {};
    std::set<std::string> written_names = {};
    std::map<std::string, unsigned> written_counts = {};

    Instance &instance() {
        return spare ? spare_instance : model.instances.back();
    }

    void remark(Severity severity, const Place &place, std::string_view word,
                std::string text) {
        if (!spare) {
            remarks.push_back(
                {severity, place, printable(word), std::move(text), scope});
        }
    }
    void note(const Place &place, std::string_view word, std::string text) {
        remark(Severity::note, place, word, std::move(text));
    }
    void decide(const Place &place, std::string_view word, std::string text) {
        remark(Severity::decide, place, word, std::move(text));
    }
};

}  // namespace ngx_vrrp::translator
