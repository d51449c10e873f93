#include "core/engine/connection_counts.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>

namespace ngx_vrrp::engine {
namespace {

IpAddress address(std::uint8_t n) {
    return IpAddress::v4({10, 0, 1, n});
}

class FakeKernel : public Connections {
public:
    Result<Closed, SystemError> close_connections(
        const std::vector<IpAddress> &,
        const std::vector<std::uint16_t> &) override {
        return Closed{};
    }

    Result<std::vector<unsigned>, SystemError> count_connections(
        const std::vector<IpAddress> &addresses) override {
        asked.push_back(addresses.size());
        if (error != 0) {
            return failure("count", error);
        }
        std::vector<unsigned> list;
        for (const IpAddress &a : addresses) {
            list.push_back(numbers[a]);
        }
        return list;
    }

    std::map<IpAddress, unsigned> numbers;
    std::vector<std::size_t> asked;  // for so many addresses, each time
    int error = 0;
};

class ConnectionCountsTest : public ::testing::Test {
protected:
    using Asked = std::vector<std::size_t>;

    ConnectionCountsTest() {
        for (std::uint8_t n = 1; n <= 100; ++n) {
            kernel.numbers[address(n)] = n;
            counts.add({address(n)});
        }
    }

    unsigned count(const std::vector<IpAddress> &addresses) {
        const auto number =
            counts.count(addresses, now - Milliseconds{200}, now);
        EXPECT_TRUE(number);
        return number ? *number : 4711;
    }

    FakeKernel kernel;
    ConnectionCounts counts{kernel};
    Instant now = instant_from_ns(1'000'000'000);
};

TEST_F(ConnectionCountsTest, TheKernelCountsThemTogether) {
    for (std::uint8_t n = 1; n <= 100; ++n) {
        EXPECT_EQ(count({address(n)}), n);
    }
    EXPECT_EQ(count({address(1), address(2)}), 3u);
    EXPECT_EQ(kernel.asked, Asked{100});
}

TEST_F(ConnectionCountsTest, AsRecentAsWanted) {
    count({address(1)});
    kernel.numbers[address(1)] = 7;
    now += Milliseconds{199};
    EXPECT_EQ(count({address(1)}), 1u);
    now += Milliseconds{1};
    EXPECT_EQ(count({address(1)}), 7u);
    EXPECT_EQ(kernel.asked, (Asked{100, 100}));
}

TEST_F(ConnectionCountsTest, NoneIsNotBelievedLater) {
    kernel.numbers[address(1)] = 0;
    EXPECT_EQ(count({address(1)}), 0u);
    EXPECT_EQ(kernel.asked, Asked{100});
    now += Milliseconds{1};
    kernel.numbers[address(1)] = 5;
    EXPECT_EQ(count({address(1)}), 5u);
    EXPECT_EQ(kernel.asked, (Asked{100, 1}));
}

TEST_F(ConnectionCountsTest, AnErrorIsNotKept) {
    kernel.error = EPERM;
    EXPECT_EQ(counts.count({address(3)}, {}, now).error().code, EPERM);
    kernel.error = 0;
    EXPECT_EQ(count({address(3)}), 3u);
}

}  // namespace
}  // namespace ngx_vrrp::engine
