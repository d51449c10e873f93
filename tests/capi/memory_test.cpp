// The shared memory of one nginx over a reload.

#include "core/capi/memory.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace ngx_vrrp {
namespace {

class ReloadedMemory : public ::testing::Test {
protected:
    ReloadedMemory() : first(make(nullptr)) {}
    ~ReloadedMemory() override {
        vrrp_core_memory_destroy(second);
        vrrp_core_memory_destroy(first);
    }

    void reload() { second = make(first); }

    vrrp_core_memory_t *make(const vrrp_core_memory_t *previous) {
        char text[512];
        auto *memory =
            vrrp_core_memory_create(&conf, previous, text, sizeof(text));
        notes = text;
        return memory;
    }

    vrrp_core_conf_t conf{};
    std::string notes;
    vrrp_core_memory_t *first;
    vrrp_core_memory_t *second = nullptr;
};

TEST_F(ReloadedMemory, IsKept) {
    ASSERT_NE(first, nullptr);
    vrrp_core_begin_generation(first, nullptr);
    reload();
    ASSERT_NE(second, nullptr);
    EXPECT_EQ(second->status, first->status);
    EXPECT_EQ(second->workers, first->workers);
    EXPECT_EQ(notes, "");
}

TEST_F(ReloadedMemory, WithAnOverwrittenStatusIsReplacedOnce) {
    ASSERT_NE(first, nullptr);
    std::memset(first->status->writable(), 0x77,
                status::Area::size(first->room));
    reload();
    ASSERT_NE(second, nullptr);
    EXPECT_NE(second->status, first->status);
    EXPECT_EQ(second->workers, first->workers);
    EXPECT_EQ(notes,
              "the shared memory with the status was overwritten, a new one is "
              "created");
    EXPECT_FALSE(second->area().is_damaged());
}

}  // namespace
}  // namespace ngx_vrrp
