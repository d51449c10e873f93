// The part of a URL that may be shown.

#include "core/notify/endpoint.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::notify {
namespace {

TEST(Endpoint, HasThePortOfTheScheme) {
    EXPECT_EQ(endpoint_of("smtp://mail.example.org").host_port,
              "mail.example.org:25");
    EXPECT_EQ(endpoint_of("smtps://mail.example.org").host_port,
              "mail.example.org:465");
    EXPECT_EQ(endpoint_of("http://a/").host_port, "a:80");
    EXPECT_EQ(endpoint_of("https://a").host_port, "a:443");
    EXPECT_EQ(endpoint_of("https://a:8443/x").host_port, "a:8443");
}

TEST(Endpoint, SchemesAreInLowerCase) {
    EXPECT_EQ(endpoint_of("HTTPS://A").scheme, "https");
    EXPECT_EQ(endpoint_of("HTTPS://A").host_port, "A:443");
    EXPECT_EQ(endpoint_of("key").scheme, "?");
}

TEST(Endpoint, HasNoSecret) {
    const Endpoint endpoint =
        endpoint_of("https://me:pass@word@hooks.example.org:444/T0/key?t=k#f");
    EXPECT_EQ(endpoint.host, "hooks.example.org");
    EXPECT_EQ(endpoint.host_port, "hooks.example.org:444");
    EXPECT_EQ(endpoint_of("https://a?access_token=k").host, "a");
    EXPECT_EQ(endpoint_of("https://a#k@b").host, "a");
    EXPECT_EQ(endpoint_of("key").host, "?");
}

TEST(Endpoint, MayBeAnAddress) {
    EXPECT_EQ(endpoint_of("http://127.0.0.1:8080/").host, "127.0.0.1");
    EXPECT_EQ(endpoint_of("http://[2001:db8::1]/").host, "[2001:db8::1]");
    EXPECT_EQ(endpoint_of("http://[2001:db8::1]/").host_port,
              "[2001:db8::1]:80");
    EXPECT_EQ(endpoint_of("http://[::1]:8080/").host_port, "[::1]:8080");
    EXPECT_EQ(endpoint_of("http://[::1]:8080/").host, "[::1]");
}

TEST(WithoutTokens, HidesWhatCouldBeASecret) {
    const auto hidden = [](std::string text) {
        return without_tokens(
            std::move(text),
            "https://hooks.example.org:443/services/T0123456?key=abcdefgh12");
    };
    EXPECT_EQ(hidden("no such key abcdefgh12, abcdefgh12"),
              "no such key ***, ***");
    EXPECT_EQ(hidden("T0123456 is gone from hooks.example.org"),
              "*** is gone from hooks.example.org");
    EXPECT_EQ(hidden("key"), "key");
    EXPECT_EQ(without_tokens("a", "https://h"), "a");
}

}  // namespace
}  // namespace ngx_vrrp::notify
