// Digests of another implementation: Python's hashlib and hmac.

#include "core/notify/sha256.hpp"

#include <gtest/gtest.h>

#include "core/notify/encoding.hpp"

namespace ngx_vrrp::notify {
namespace {

std::string hex_of(std::string_view message) {
    return to_hex(sha256(message));
}

// FIPS 180-4 gives the first two.
TEST(Sha256, DigestsWhatStandardsShow) {
    EXPECT_EQ(
        hex_of("abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(
        hex_of(std::string(1000000, 'a')),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    EXPECT_EQ(
        hex_of(""),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// The length takes eight octets of the last block.
TEST(Sha256, PadsAtTheBordersOfBlocks) {
    EXPECT_EQ(
        hex_of(std::string(55, 'a')),
        "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
    EXPECT_EQ(
        hex_of(std::string(56, 'a')),
        "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a");
    EXPECT_EQ(
        hex_of(std::string(63, 'a')),
        "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34");
    EXPECT_EQ(
        hex_of(std::string(64, 'a')),
        "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
    EXPECT_EQ(
        hex_of(std::string(119, 'a')),
        "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb");
}

TEST(Sha256, DigestsEveryOctet) {
    std::string octets;
    for (int i = 0; i < 256; ++i) {
        octets += static_cast<char>(i);
    }
    EXPECT_EQ(
        hex_of(octets),
        "40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880");
}

std::string hmac_of(std::string_view key, std::string_view message) {
    return to_hex(hmac_sha256(key, message));
}

TEST(HmacSha256, SignsWithKeysOfAnyLength) {
    EXPECT_EQ(
        hmac_of("", ""),
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    EXPECT_EQ(
        hmac_of("key", "The quick brown fox jumps over the lazy dog"),
        "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
    EXPECT_EQ(
        hmac_of(std::string(64, 'k'), std::string(55, 'x')),
        "1bbe8dbb4ed99e04310a084f96d34cc82e5c09e8365731f60f97ad32eac6855c");
    EXPECT_EQ(
        hmac_of(std::string(65, 'k'), std::string(56, 'x')),
        "1ea4efa8c01e19296bd525e50fa4b54b2684024896b51cc762072ce6d9373e4b");
    EXPECT_EQ(
        hmac_of(std::string(200, 'k'), std::string(1000, 'x')),
        "a0713354b969b7a1b05f0f4705a1b6f17bfc7a7972e6d1200c731c2f647f7da5");
}

}  // namespace
}  // namespace ngx_vrrp::notify
