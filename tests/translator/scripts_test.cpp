#include "translator/scripts.hpp"

#include <gtest/gtest.h>

#include "tests/translator/memory_files.hpp"
#include "translator/text.hpp"

namespace ngx_vrrp::translator {
namespace {

using Kind = Verdict::Kind;

Verdict judge(const char *command) {
    return judge_script(split_words(command), MemoryFiles());
}

Verdict judge_text(const std::string &text) {
    MemoryFiles files;
    files.files["/etc/check.sh"] = "#!/bin/sh\n" + text;
    return judge_script({"/etc/check.sh"}, files);
}

TEST(TranslatorScripts, RecognisesQuestionsWhetherNginxRuns) {
    for (const char *command :
         {"killall -0 nginx", "/usr/bin/killall -0 nginx", "pgrep nginx",
          "/usr/bin/pgrep -x nginx", "pidof nginx", "ps -C nginx",
          "systemctl is-active --quiet nginx", "service nginx status",
          "pkill -0 nginx", "/usr/libexec/keepalived/nginx-ha-check"}) {
        EXPECT_EQ(judge(command).kind, Kind::nginx_runs) << command;
    }
    for (const char *command :
         {"killall nginx", "killall -0 haproxy", "pgrep haproxy",
          "systemctl stop nginx", "/usr/local/bin/check_nginx", "true",
          "systemctl is-active mysql"}) {
        EXPECT_EQ(judge(command).kind, Kind::other) << command;
    }
}

TEST(TranslatorScripts, RecognisesRequestsToThisNode) {
    const Verdict curl =
        judge("curl -sfo /dev/null -m 2 http://localhost:8080/health");
    EXPECT_EQ(curl.kind, Kind::http);
    EXPECT_EQ(curl.target, "http://127.0.0.1:8080/health");
    EXPECT_EQ(curl.parameters, " host=localhost status=200-399");
    EXPECT_EQ(judge("wget -q --spider http://127.0.0.1/").parameters,
              " method=HEAD status=200-399");
    EXPECT_EQ(judge("curl http://10.0.0.7/").kind, Kind::other);
    EXPECT_EQ(judge("curl --data x http://127.0.0.1/").kind, Kind::other);

    const Verdict port = judge("</dev/tcp/127.0.0.1/80");
    EXPECT_EQ(port.kind, Kind::tcp);
    EXPECT_EQ(port.target, "127.0.0.1:80");
}

TEST(TranslatorScripts, ReadsShellScripts) {
    const Verdict restart = judge_text(
        "counter=$(ps -C nginx --no-heading|wc -l)\n"
        "if [ \"${counter}\" = \"0\" ]; then\n"
        "  /usr/local/nginx/sbin/nginx  # once more\n"
        "  sleep 2\n"
        "  counter=`ps -C nginx --no-heading|wc -l`\n"
        "  if [ \"${counter}\" = \"0\" ]; then\n"
        "    /etc/init.d/keepalived stop\n"
        "  fi\n"
        "fi\n");
    EXPECT_EQ(restart.kind, Kind::nginx_runs);
    EXPECT_TRUE(restart.restarts_nginx);
    EXPECT_TRUE(restart.stops_keepalived);

    EXPECT_EQ(
        judge_text("if [ `ps -C nginx | wc -l` -eq 0 ]; then exit 1; fi").kind,
        Kind::nginx_runs);
    EXPECT_EQ(judge_text("pgrep nginx >/dev/null 2>&1 || exit 1\n").kind,
              Kind::nginx_runs);
    EXPECT_EQ(judge_text("[ -f /run/nginx.pid ] && exit 0\nexit 1\n").kind,
              Kind::nginx_runs);
    EXPECT_EQ(judge_text("curl -fs http://127.0.0.1/ > /dev/null\n").kind,
              Kind::http);
    EXPECT_EQ(judge_text("pgrep nginx && mysql -e 'select 1'\n").kind,
              Kind::other);
    EXPECT_EQ(judge_text("true\n").kind, Kind::other);
}

}  // namespace
}  // namespace ngx_vrrp::translator
