// Recorded conversations with one virtual router, as text that can be read in
// a diff:
//
//     # RFC 9568, 6.4.2: the Active_Down_Timer fires
//     router version 2 vrid 51 priority 100 interval 1s
//     router address 192.168.64.200 source 192.168.64.130
//
//            0 ms  in   startup
//            0 ms  out  transition initialize -> backup: startup
//     3609.375 ms  in   time
//     3609.375 ms  out  send-advert priority 100
//
// `router` lines come first; their words: version, vrid, priority, interval,
// address, source, peer (any number), nopreempt, preempt_delay,
// link_up_delay, garp_delay, garp_refresh. Inputs:
//
//     startup
//     time
//     advert priority 90 from 192.168.64.134
//     advert priority 90 from 192.168.64.134 interval 300ms
//     priority 80
//     source 192.168.64.131
//     fault: interface eth0 is down
//     fault cleared
//     link up
//     claim
//     shutdown: master died
//     shutdown serving 1200ms: nginx quits
//
// `out` lines are the actions in their order, or `nothing`.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace ngx_vrrp::test {

// The case with its `out` lines as the router speaks today, all else as it
// was: the same text when the router still behaves as recorded. The error
// says which line is not understood.
Result<std::string, std::string> replay_case(std::string_view text);

}  // namespace ngx_vrrp::test
