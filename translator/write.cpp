#include "translator/write.hpp"

#include <algorithm>
#include <string_view>

#include "translator/comments.hpp"
#include "translator/text.hpp"

namespace ngx_vrrp::translator {
namespace {

constexpr std::size_t kNameWidth = 17;

std::string aligned(std::string_view name, std::string_view value) {
    std::string line(name);
    line.resize(std::max(line.size(), kNameWidth), ' ');
    line += ' ';
    line += value;
    return line;
}

void directive(std::string &out, std::string_view indent, std::string_view name,
               std::string_view value) {
    out += indent;
    out += value.empty() ? std::string(name) : aligned(name, value);
    out += ";\n";
}

void extras(std::string &out, std::string_view indent,
            const std::vector<Extra> &lines) {
    for (const Extra &extra : lines) {
        out += indent;
        out += extra.comment ? "# " : "";
        const std::size_t space = extra.line.find(' ');
        out += space == std::string::npos
                   ? extra.line
                   : aligned(extra.line.substr(0, space),
                             extra.line.substr(space + 1));
        out += "\n";
    }
}

class Writer {
public:
    Writer(const Model &model, const Comments &comments)
        : model_(model), comments_(comments) {}

    std::string main() {
        const Globals &globals = model_.globals;
        comments_.write(out_, "", "");
        out_ += "vrrp {\n";
        settings(kBlock, globals.settings);
        settings(kBlock, globals.instance_settings);
        for (const Setting &fifo : globals.fifos) {
            directive(
                out_, kBlock, fifo.name,
                nginx_word(fifo.value) +
                    (globals.notify_priority ? " events=state,priority" : ""));
        }
        if (model_.server_mail && mail_works()) {
            email(kBlock, "upstream");
        }
        for (const Group &group : model_.groups) {
            sync_group(group);
        }
        for (const Instance &instance : model_.instances) {
            router(instance);
        }
        out_ += "}\n";
        return std::move(out_);
    }

private:
    static constexpr std::string_view kBlock = "    ";
    static constexpr std::string_view kInner = "        ";

    void settings(std::string_view indent, const Settings &list) {
        for (const Setting &setting : list.all()) {
            directive(out_, indent, setting.name, nginx_word(setting.value));
        }
    }

    void sync_group(const Group &group) {
        const bool mails = mail(group.mail);
        comments_.write(out_, kBlock, group.name);
        if (!has_members(group) || (!mails && group.notify.empty())) {
            return;
        }
        out_ += "\n";
        comment(out_, kBlock, to_string(group.place));
        out_ +=
            std::string(kBlock) + "sync_group " + group.written_name + " {\n";
        notify(group.notify);
        if (mails) {
            email(kInner, "state");
        }
        out_ += std::string(kBlock) + "}\n";
    }

    bool has_members(const Group &group) const {
        return std::ranges::find(model_.instances, group.written_name,
                                 &Instance::group) != model_.instances.end();
    }

    void router(const Instance &instance) {
        out_ += "\n";
        comment(out_, kBlock, to_string(instance.place));
        comments_.write(out_, kBlock, instance.name);
        out_ += std::string(kBlock) + "vrrp_instance " + instance.written_name +
                " {\n";
        identity(instance);
        election(instance);
        transport(instance);
        addresses(instance);
        settings(kInner, instance.settings);
        extras(out_, kInner, instance.routes);
        extras(out_, kInner, instance.rules);
        extras(out_, kInner, instance.trackers);
        notify(instance.notify);
        if (mail(instance.mail)) {
            email(kInner, "state");
        }
        out_ += std::string(kBlock) + "}\n";
    }

    void identity(const Instance &instance) {
        if (!instance.group.empty()) {
            directive(out_, kInner, "sync_group", instance.group);
        }
        if (instance.interface.empty()) {
            out_ += std::string(kInner) + "# interface IF;\n";
        } else {
            directive(out_, kInner, "interface",
                      nginx_word(instance.interface));
        }
        if (instance.virtual_router_id) {
            directive(out_, kInner, "virtual_router_id",
                      std::to_string(*instance.virtual_router_id));
        } else {
            out_ += std::string(kInner) + "# virtual_router_id N;\n";
        }
        directive(out_, kInner, "priority", std::to_string(*instance.priority));
    }

    void election(const Instance &instance) {
        directive(out_, kInner, "version", std::to_string(*instance.version));
        directive(out_, kInner, "advert_int", nginx_time(*instance.advert_int));
        if (instance.auth_pass) {
            directive(out_, kInner, "authentication",
                      "PASS " + nginx_word(*instance.auth_pass));
        }
        if (!instance.hmac.empty()) {
            std::string words = "HMAC";
            for (const std::string &word : split_words(instance.hmac)) {
                words += " " + nginx_word(word);
            }
            directive(out_, kInner, "authentication", words);
        }
        if (instance.nopreempt) {
            directive(out_, kInner, "nopreempt", "");
        }
        if (instance.preempt_delay != 0) {
            directive(out_, kInner, "preempt_delay",
                      nginx_time(instance.preempt_delay));
        }
    }

    void transport(const Instance &instance) {
        if (!instance.unicast_source.empty()) {
            directive(out_, kInner, "unicast_src_ip", instance.unicast_source);
        }
        if (!instance.multicast_source.empty()) {
            directive(out_, kInner, "mcast_src_ip", instance.multicast_source);
        }
        for (const Peer &peer : instance.peers) {
            directive(
                out_, kInner, "unicast_peer",
                peer.address +
                    (peer.min_ttl ? " min_ttl=" + std::to_string(*peer.min_ttl)
                                  : "") +
                    (peer.max_ttl ? " max_ttl=" + std::to_string(*peer.max_ttl)
                                  : ""));
        }
        if (instance.vmac) {
            directive(out_, kInner, "use_vmac",
                      std::string(trim(
                          (instance.vmac_name.empty()
                               ? ""
                               : "name=" + nginx_word(instance.vmac_name)) +
                          (instance.vmac_base ? " xmit_base=on" : ""))));
        }
    }

    void addresses(const Instance &instance) {
        if (instance.addresses.empty() && instance.no_address) {
            directive(out_, kInner, "virtual_ipaddress", "none");
        }
        for (const Address &address : instance.addresses) {
            directive(out_, kInner, "virtual_ipaddress", value(address));
        }
        for (const Address &address : instance.excluded) {
            directive(out_, kInner, "virtual_ipaddress_excluded",
                      value(address));
        }
    }

    // keepalived deprecates an IPv6 address only if its prefix is /128.
    static std::string value(const Address &address) {
        std::string text = address.address;
        if (address.prefix) {
            text += "/" + std::to_string(*address.prefix);
        }
        if (!address.device.empty()) {
            text += " " + nginx_word("dev=" + address.device);
        }
        if (!address.label.empty()) {
            text += " " + nginx_word("label=" + address.label);
        }
        for (const std::string &word : split_words(address.parameters)) {
            text += " " + nginx_word(word);
        }
        if (address.family == 6 && !address.has_lifetime &&
            address.prefix.value_or(128) != 128) {
            text += " preferred_lft=forever";
        }
        return text;
    }

    void notify(const std::vector<Notify> &list) {
        for (const Notify &script : list) {
            out_ += kInner;
            out_ += script.missing ? "# " : "";
            out_ += aligned(script.directive, nginx_word(script.command)) +
                    " user=" + nginx_word(script.user) + ";\n";
        }
    }

    bool mail(const std::optional<bool> &own) const {
        const Globals &globals = model_.globals;
        return own.value_or(globals.mail.value_or(false)) && mail_works();
    }

    bool mail_works() const {
        return !model_.globals.mail_to.empty() &&
               !model_.globals.smtp_server.empty();
    }

    void email(std::string_view indent, std::string_view events) {
        const Globals &globals = model_.globals;
        std::string to;
        for (const std::string &address : globals.mail_to) {
            to += (to.empty() ? "to=" : ",") + address;
        }
        directive(out_, indent, "notify_email",
                  nginx_word(to) + " " +
                      nginx_word("from=" + (globals.mail_from.empty()
                                                ? globals.mail_to[0]
                                                : globals.mail_from)) +
                      " " + nginx_word("smtp=smtp://" + globals.smtp_server) +
                      (globals.smtp_helo.empty()
                           ? ""
                           : " " + nginx_word("helo=" + globals.smtp_helo)) +
                      " events=" + std::string(events));
    }

    const Model &model_;
    const Comments &comments_;
    std::string out_;
};

void indented(std::string &out, const std::string &text) {
    std::size_t begin = 0;
    while (begin < text.size()) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        out += end == begin ? "\n"
                            : "    " + text.substr(begin, end - begin) + "\n";
        begin = end + 1;
    }
}

}  // namespace

Output write(const Model &model, const Remarks &remarks) {
    Output output;
    const Comments comments(remarks);
    output.http = write_upstreams(model, comments, true);
    output.stream = write_upstreams(model, comments, false);
    if (!model.instances.empty()) {
        output.main = Writer(model, comments).main();
    } else if (!model.upstreams.empty()) {
        std::string of_file;
        comments.write(of_file, "", "");
        std::string &first = output.http.empty() ? output.stream : output.http;
        first.insert(0, of_file + "\n");
    }
    for (const Instance &instance : model.instances) {
        output.secret =
            output.secret || instance.auth_pass || !instance.hmac.empty();
    }
    return output;
}

std::string as_one(const Output &output) {
    std::string text;
    if (!output.main.empty()) {
        text += "# In the main context, outside of http { }:\n" + output.main;
    }
    if (!output.http.empty()) {
        text += "\n# In http { }:\nhttp {\n";
        indented(text, output.http);
        text += "}\n";
    }
    if (!output.stream.empty()) {
        text += "\n# In stream { }:\nstream {\n";
        indented(text, output.stream);
        text += "}\n";
    }
    return text;
}

}  // namespace ngx_vrrp::translator
