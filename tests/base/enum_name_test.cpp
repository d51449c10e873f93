#include "core/base/enum_name.hpp"

#include <gtest/gtest.h>

#include <string_view>

#include "core/check/verdict.hpp"
#include "core/engine/command.hpp"
#include "core/engine/event.hpp"
#include "core/engine/faults.hpp"
#include "core/notify/event.hpp"
#include "core/vrrp/state.hpp"
#include "core/wire/drop_reason.hpp"

namespace ngx_vrrp {
namespace {

// The first number behind an enumeration, and the last that there is.
template <class Enum>
void expect_words_for_any_number(std::size_t count) {
    for (const std::size_t number : {count, std::size_t{255}}) {
        EXPECT_EQ(to_string(static_cast<Enum>(number)), "unknown") << number;
    }
    for (std::size_t number = 0; number < count; ++number) {
        EXPECT_NE(to_string(static_cast<Enum>(number)), "unknown") << number;
    }
}

TEST(EnumName, ANumberThatIsNoneOfThemHasAWord) {
    expect_words_for_any_number<check::Verdict>(check::kVerdicts.size());
    expect_words_for_any_number<check::Reason>(check::kReasons.size());
    expect_words_for_any_number<engine::Command>(3);
    expect_words_for_any_number<engine::FaultCause>(
        engine::kFaultCauses.size());
    expect_words_for_any_number<engine::SplitBrainSign>(
        engine::kSplitBrainSigns.size());
    expect_words_for_any_number<notify::EventKind>(notify::kEventTraits.size());
    expect_words_for_any_number<wire::DropReason>(wire::kDropReasons);
    EXPECT_EQ(to_words(static_cast<engine::SplitBrainSign>(255)), "unknown");
    EXPECT_EQ(public_name(static_cast<vrrp::StateName>(255)), "unknown");
}

}  // namespace
}  // namespace ngx_vrrp
