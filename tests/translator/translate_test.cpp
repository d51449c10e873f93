#include "translator/translate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "tests/translator/memory_files.hpp"
#include "translator/text.hpp"

namespace ngx_vrrp::translator {
namespace {

constexpr const char *kFile = "keepalived.conf";

Translation translate_text(const std::string &text, const Limits &limits = {}) {
    MemoryFiles files;
    files.files[kFile] = text;
    files.files["/bin/true"] = "";
    return translate(files, kFile, {"lb1"}, limits);
}

// One instance with these lines, and what comes before it.
Translation translate_lines(const std::string &lines,
                            const std::string &before = {}) {
    return translate_text(before +
                          "vrrp_instance VI_1 {\n"
                          "interface eth0\n"
                          "virtual_router_id 51\n" +
                          lines +
                          "\n"
                          "virtual_ipaddress {\n10.0.0.1/24\n}\n"
                          "}\n");
}

// Directives with single spaces, without comments.
std::string directives(const Translation &translation) {
    std::string result;
    std::string line;
    const Output &output = translation.output;
    for (const char c : output.main + output.http + output.stream) {
        if (c != '\n') {
            line += c;
            continue;
        }
        const auto words = split_words(line);
        if (!words.empty() && !words[0].starts_with('#')) {
            for (const std::string &word : words) {
                result += word + " ";
            }
        }
        line.clear();
    }
    return result;
}

bool has(const Translation &translation, const std::string &directive) {
    return directives(translation).find(directive) != std::string::npos;
}

unsigned decisions(const Translation &translation) {
    unsigned count = 0;
    for (const Remark &remark : translation.remarks) {
        count += remark.severity == Severity::decide ? 1 : 0;
    }
    return count;
}

std::string refusal(const std::string &text, const Limits &limits = {}) {
    try {
        translate_text(text, limits);
    } catch (const NotKeepalived &error) {
        return to_string(error.place) + " " + error.expected;
    }
    return {};
}

TEST(Translator, WritesThePlainCase) {
    const Translation result = translate_lines("priority 90\nadvert_int 2");

    EXPECT_TRUE(result.remarks.empty());
    EXPECT_EQ(directives(result),
              "vrrp { vrrp_instance VI_1 { interface eth0; "
              "virtual_router_id 51; priority 90; version 2; advert_int 2s; "
              "virtual_ipaddress 10.0.0.1/24; } } ");
}

TEST(Translator, RoundsIntervalsOfVersionTwo) {
    EXPECT_TRUE(has(translate_lines("advert_int 0.03"), "advert_int 1s;"));
    EXPECT_TRUE(has(translate_lines("advert_int 1.49"), "advert_int 1s;"));
    EXPECT_TRUE(has(translate_lines("advert_int 1.5"), "advert_int 2s;"));
    EXPECT_EQ(decisions(translate_lines("advert_int 1.5")), 0U);
}

TEST(Translator, KeepsShortIntervalsOfVersionThree) {
    EXPECT_TRUE(
        has(translate_lines("version 3\nadvert_int 0.03"), "advert_int 30ms;"));
    EXPECT_TRUE(has(translate_lines("version 3\nadvert_int 41"),
                    "advert_int 40950ms;"));
    EXPECT_TRUE(has(translate_lines("advert_int 0.03",
                                    "global_defs {\nvrrp_version 3\n}\n"),
                    "advert_int 30ms;"));
}

TEST(Translator, ClearsNopreemptWithStateMaster) {
    const Translation master =
        translate_lines("state MASTER\npriority 100\nnopreempt");
    EXPECT_FALSE(has(master, "nopreempt"));
    EXPECT_EQ(decisions(master), 1U);

    const Translation backup = translate_lines("state BACKUP\nnopreempt");
    EXPECT_TRUE(has(backup, "nopreempt;"));
    EXPECT_EQ(decisions(backup), 0U);
}

TEST(Translator, MakesTheOwnerOfAMasterWithoutPriority) {
    const Translation result = translate_lines("state MASTER");
    EXPECT_TRUE(has(result, "priority 255;"));
    EXPECT_EQ(decisions(result), 1U);
}

TEST(Translator, DropsPasswordsThatKeepalivedDrops) {
    const std::string pass =
        "authentication {\nauth_type PASS\nauth_pass 1234#678\n}";
    EXPECT_TRUE(has(translate_lines(pass), "authentication PASS 1234;"));
    EXPECT_FALSE(has(translate_lines("version 3\n" + pass), "authent"));
    EXPECT_FALSE(has(translate_lines(pass, "global_defs {\nvrrp_strict\n}\n"),
                     "authent"));
    EXPECT_TRUE(has(translate_lines("authentication {\nauth_type PASS\n"
                                    "auth_pass \"a;b{c#d!efg\"\n}"),
                    "authentication PASS \"a;b{c#d!\";"));
}

TEST(Translator, ReadsOneLineBlocksAndCarriageReturns) {
    const Translation result = translate_text(
        "vrrp_instance VI_1{\r\ninterface eth0\r\nvirtual_router_id 5\r\n"
        "authentication { auth_type PASS\r\nauth_pass x }\r\n"
        "virtual_ipaddress { 10.0.0.1 }\r\n}\r\n");
    EXPECT_TRUE(result.remarks.empty());
    EXPECT_TRUE(has(result, "authentication PASS x;"));
}

// It logs them and runs on.
TEST(Translator, ContinuesAfterUnknownWordsAndMissingBraces) {
    const Translation unknown = translate_lines("prioritty 10");
    ASSERT_EQ(unknown.remarks.size(), 1U);
    EXPECT_NE(unknown.remarks[0].text.find("did you mean \"priority\"?"),
              std::string::npos);
    EXPECT_EQ(unknown.remarks[0].place.line, 4U);

    const Translation missing = translate_text(
        "vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 1\n"
        "virtual_ipaddress {\n10.0.0.1\n}\n"
        "vrrp_instance VI_2 {\ninterface eth1\n}\n");
    EXPECT_TRUE(has(missing, "interface eth1; virtual_router_id 1;"));
    EXPECT_FALSE(has(missing, "VI_2"));
    EXPECT_EQ(decisions(missing), 1U);
}

TEST(Translator, QuotesWordsThatWouldEndADirective) {
    const Translation result = translate_lines(
        "notify_master \"/bin/true ;x{y\" \"us er;\"\n"
        "virtual_routes {\n10.0.0.0/8 via 10.0.0.254; dev \"a b;c\"\n}");
    EXPECT_TRUE(has(result,
                    "notify_master \"/bin/true ;x{y\" "
                    "user=\"us er;\";"));
    EXPECT_TRUE(has(result, "via \"10.0.0.254;\" dev \"a b;c\";"));
}

TEST(Translator, GivesIpv6AddressesTheLifetimeOfKeepalived) {
    const Translation result = translate_text(
        "vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 5\n"
        "virtual_ipaddress {\nfe80::1\n2001:db8::1/64\n10.0.0.1\n}\n}\n");
    EXPECT_TRUE(has(result, "version 3;"));
    EXPECT_TRUE(has(result,
                    "virtual_ipaddress fe80::1; virtual_ipaddress "
                    "2001:db8::1/64 preferred_lft=forever; }"));
    EXPECT_EQ(decisions(result), 1U);
}

TEST(Translator, DropsThePrefixOfAnAddressWithAPeer) {
    EXPECT_TRUE(has(translate_lines("virtual_ipaddress_excluded {\n"
                                    "10.0.0.5/24 peer 10.0.0.6\n}"),
                    "virtual_ipaddress_excluded 10.0.0.5;"));
}

TEST(Translator, IgnoresWeightsInASyncGroup) {
    const std::string script =
        "vrrp_script s {\nscript /bin/true\nweight 5\n}\n";
    const std::string group = "vrrp_sync_group G {\ngroup {\nVI_1\n}\n}\n";
    const std::string track = "track_script {\ns\n}";
    EXPECT_TRUE(has(translate_lines(track, script), "weight=5;"));
    EXPECT_FALSE(has(translate_lines(track, script + group), "track_script"));
}

// An instance with 2001:db8:0::10, and these lines.
Translation translate_servers(const std::string &servers) {
    return translate_text(
        "vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\n"
        "virtual_ipaddress {\n2001:db8:0::10/64\n}\n}\n" +
        servers);
}

bool remarks(const Translation &translation, std::string_view text) {
    return std::ranges::any_of(translation.remarks, [&](const Remark &remark) {
        return describe(remark).find(text) != std::string::npos;
    });
}

TEST(Translator, KnowsAnIPv6AddressInEachForm) {
    const Translation one = translate_servers(
        "virtual_server 2001:DB8::10 80 {\nprotocol TCP\n"
        "real_server 2001:db8::31 80 {\n}\n"
        "real_server 2001:db8:0:0::31 80 {\n}\n}\n");
    EXPECT_TRUE(has(one, "listen [2001:DB8::10]:80;"));
    EXPECT_FALSE(remarks(one, "is not in a virtual_ipaddress"));
    EXPECT_TRUE(remarks(one, "is already in this virtual_server"));

    const std::string server =
        " 80 {\nprotocol TCP\nreal_server 10.0.0.1 80 {\n}\n}\n";
    const Translation two =
        translate_servers("virtual_server 2001:DB8::10" + server +
                          "virtual_server 2001:db8::0:10" + server);
    EXPECT_TRUE(remarks(two, "[2001:db8::0:10]:80 is already in use"));
}

TEST(Translator, SaysWhichServerHasAnotherPort) {
    const Translation result = translate_servers(
        "virtual_server 2001:db8::10 80 {\nprotocol TCP\nlb_kind DR\n"
        "sorry_server 10.0.0.9 8080\nreal_server 10.0.0.1 81 {\n}\n}\n");
    EXPECT_TRUE(remarks(result, ":11: sorry_server: DECIDE: port 8080 is not"));
    EXPECT_TRUE(remarks(result, ":12: real_server: DECIDE: port 81 is not"));
}

TEST(Translator, RefusesOtherFiles) {
    EXPECT_EQ(refusal("http {\nserver {\nlisten 80;\n}\n}\n"),
              "keepalived.conf:1 a block of keepalived, for example "
              "\"vrrp_instance NAME {\"");
    for (const char *text : {"", "# nothing\n", "include other.conf\n"}) {
        EXPECT_EQ(refusal(text), "keepalived.conf a block, but there is none");
    }
    EXPECT_TRUE(
        refusal(std::string("\nv\0r", 4)).starts_with("keepalived.conf:2 "));
    MemoryFiles none;
    EXPECT_THROW(translate(none, kFile, {}), NotKeepalived);
}

TEST(Translator, LosesTheFirstWordAfterAByteOrderMark) {
    const Translation result = translate_text(
        "\xef\xbb\xbfglobal_defs {\nrouter_id a\n}\n"
        "vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 1\n"
        "virtual_ipaddress {\n10.0.0.1\n}\n}\n");
    EXPECT_FALSE(has(result, "router_id a"));
    EXPECT_TRUE(has(result, "vrrp_instance VI_1"));
    EXPECT_NE(decisions(result), 0U);
}

TEST(Translator, EndsOnVariablesThatContainThemselves) {
    EXPECT_FALSE(refusal("$A=x${A}\nvrrp_instance ${A} {\n}\n").empty());
    EXPECT_FALSE(
        refusal("$A=$B $B\n$B=$C $C\n$C=$D $D\n$D=$A $A\n$A\n", {1000, 100'000})
            .empty());
    EXPECT_FALSE(
        refusal("~SEQ(A,1,900) ~SEQ(B,1,900) x ${A} ${B}\n", {1000, 1'000'000})
            .empty());
}

// Each has a remark. With ten times as many, all of it takes a second.
TEST(Translator, TranslatesThousandsOfEverything) {
    const Translation many = translate_text(
        "~SEQ(A,1,50) ~SEQ(B,1,50) vrrp_instance v.${A}.${B} { accept }\n"
        "vrrp_instance all {\ninterface eth0\nvirtual_router_id 1\n"
        "virtual_ipaddress {\n"
        "~SEQ(A,1,50) ~SEQ(B,1,50) 10.0.${A}.${B}\n}\n}\n"
        "~SEQ(A,1,50) ~SEQ(B,1,50) virtual_server 10.1.${A}.${B} 80 "
        "{ real_server 10.0.0.1 80 { } }\n");
    EXPECT_GE(many.remarks.size(), 7'500U);
    EXPECT_TRUE(has(many, "vrrp_instance v.50.50 {"));
}

TEST(Translator, EndsADefinitionAtAnEmptyLine) {
    const Translation result =
        translate_lines("$M", "$M= \\\nadvert_int 3 \\\n\npriority 9\n");
    EXPECT_TRUE(has(result, "advert_int 3s;"));
    EXPECT_FALSE(has(result, "priority 9;"));
    EXPECT_EQ(decisions(result), 2U);
}

TEST(Translator, EndsOnAFileThatIncludesItself) {
    EXPECT_NE(refusal("include keepalived.conf\n", {1000, 100'000})
                  .find("files that do not include each other"),
              std::string::npos);
}

TEST(Translator, IncludesAFileThatAVariableNames) {
    MemoryFiles files;
    files.files["one.inc"] = "priority 77\n";
    files.files[kFile] =
        "$PART=one\n$LINE=include ${PART}.inc\n"
        "vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 1\n"
        "@lb1 $LINE\n@lb2 include two.inc\n"
        "virtual_ipaddress {\n10.0.0.1\n}\n}\n";
    const Translation result = translate(files, kFile, {"lb1"});
    EXPECT_TRUE(has(result, "priority 77;"));
    EXPECT_EQ(decisions(result), 0U);
}

TEST(Translator, ReadsTheEnvironment) {
    MemoryFiles files;
    files.variables["NODE_PRIORITY"] = "77";
    files.files[kFile] =
        "vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 1\n"
        "priority ${_ENV NODE_PRIORITY}\n"
        "virtual_ipaddress {\n10.0.0.1\n}\n}\n";
    EXPECT_TRUE(has(translate(files, kFile, {}), "priority 77;"));
}

}  // namespace
}  // namespace ngx_vrrp::translator
