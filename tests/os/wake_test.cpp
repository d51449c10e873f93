#include "core/os/wake.hpp"

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include "core/os/fd.hpp"

namespace ngx_vrrp::os {
namespace {

TEST(Wake, ManyBecomeOne) {
    const Fd fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    ASSERT_TRUE(fd);
    EXPECT_FALSE(take_wakes(fd.get()));

    wake(fd.get());
    wake(fd.get());

    EXPECT_TRUE(take_wakes(fd.get()));
    EXPECT_FALSE(take_wakes(fd.get()));
}

TEST(Wake, DoesNotBlockWithoutAReader) {
    const Fd fd(::eventfd(0xfffffffe, EFD_NONBLOCK | EFD_CLOEXEC));
    ASSERT_TRUE(fd);
    std::uint64_t nearly_full = 0xffffffff00000000;
    ASSERT_EQ(::write(fd.get(), &nearly_full, sizeof(nearly_full)), 8);

    wake(fd.get());  // full now
    wake(fd.get());

    EXPECT_TRUE(take_wakes(fd.get()));
}

TEST(Wake, WithoutAReceiver) {
    wake(-1);
}

}  // namespace
}  // namespace ngx_vrrp::os
