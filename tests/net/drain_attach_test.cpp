// Filters of the drain are added and removed. Those of others stay.
#include <gmock/gmock.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "core/net/bpf_object.hpp"
#include "tests/net/drain_lab.hpp"

namespace ngx_vrrp::net::drain {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Matches nothing.
const std::string kForeign = "bpf bytecode '1,6 0 0 0' flowid 1:1";

std::string filters(const std::string &hook) {
    return output_of("tc filter show dev vr0 " + hook + " 2>&1");
}

bool become_nginx_user() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
    data[0].permitted = data[0].effective = CAP_TO_MASK(CAP_NET_ADMIN);
    return ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 && ::setgid(65534) == 0 &&
           ::setuid(65534) == 0 && ::syscall(SYS_capset, &header, data) == 0 &&
           ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

// A process that does something, and then waits until it is killed.
class Child {
public:
    explicit Child(const std::function<bool()> &body) {
        std::array<int, 2> done{};
        EXPECT_EQ(0, ::pipe(done.data()));
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
            const char answer = body() ? 'y' : 'n';
            (void)!::write(done[1], &answer, 1);
            ::pause();
            ::_exit(0);
        }
        char answer = 'n';
        EXPECT_EQ(1, ::read(done[0], &answer, 1));
        EXPECT_EQ('y', answer);
        ::close(done[0]);
        ::close(done[1]);
    }
    ~Child() { kill_it(); }

    void kill_it() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
            pid_ = -1;
        }
    }

private:
    pid_t pid_ = -1;
};

class DrainAttach : public Node {
protected:
    engine::Interfaces all() const { return {.list = {interface_}}; }

    bool forward_and_hide() {
        return programs_.forward(interface_, {kVip}, kLeaverMac, kNodeMac,
                                 Seconds{60}) &&
               programs_.hide(interface_, {kVip}, kLeaverMac, Seconds{60});
    }
};

TEST_F(DrainAttach, AttachesWhatIsNeededOnly) {
    EXPECT_EQ("", output_of("tc qdisc show dev vr0 | grep clsact"));
    forward();
    EXPECT_THAT(filters("ingress"), HasSubstr("ngx_vrrp_drain"));
    EXPECT_EQ("", filters("egress"));

    ASSERT_DONE(programs_.hide(interface_, {kVip6}, kLeaverMac, Seconds{60}));
    EXPECT_EQ("", filters("egress"));
    hide();
    EXPECT_THAT(filters("egress"), HasSubstr("ngx_vrrp_drain"));

    EXPECT_DONE(programs_.stop_forwarding(interface_, {kVip, kVip6}));
    EXPECT_THAT(filters("ingress"), HasSubstr("ngx_vrrp_drain"));
    EXPECT_DONE(programs_.show(interface_, {kVip}));
    EXPECT_THAT(filters("ingress"), HasSubstr("ngx_vrrp_drain"));
    EXPECT_EQ("", filters("egress"));
    EXPECT_DONE(programs_.show(interface_, {kVip6}));
    EXPECT_EQ("", filters("ingress"));
    EXPECT_DONE(programs_.show(interface_, {kVip6}));
}

TEST_F(DrainAttach, DetachesAtTheEnd) {
    ASSERT_TRUE(forward_and_hide());
    programs_ = DrainPrograms();

    EXPECT_EQ("", filters("ingress"));
    EXPECT_EQ("", filters("egress"));
}

TEST_F(DrainAttach, KeepsFiltersAndQdiscsOfOthers) {
    run("tc qdisc add dev vr0 clsact");
    run("tc filter add dev vr0 ingress prio 7 " + kForeign);
    run("tc filter add dev vr0 egress protocol ip prio 22098 " + kForeign);
    const std::string ingress = filters("ingress");
    const std::string egress = filters("egress");

    forward();
    // The other filter with our priority is for another protocol.
    EXPECT_THAT(
        failure_of(programs_.hide(interface_, {kVip}, kLeaverMac, Seconds{60})),
        HasSubstr("adding a filter at egress of vr0 failed"));
    EXPECT_DONE(programs_.stop_forwarding(interface_, {kVip, kVip6}));
    EXPECT_DONE(programs_.remove_left_behind(all()));

    EXPECT_EQ(ingress, filters("ingress"));
    EXPECT_EQ(egress, filters("egress"));
    EXPECT_THAT(output_of("tc qdisc show dev vr0"), HasSubstr("clsact"));
}

TEST_F(DrainAttach, TheNextFilterRuns) {
    const Child other([&] { return forward_and_hide(); });
    DrainPrograms ours = DrainPrograms::load();
    ASSERT_DONE(
        ours.forward(interface_, {kVip}, kLeaverMac, kNodeMac, Seconds{60}));

    tap_.hand_over(frame_of(Segment{.flags = kSyn}));

    EXPECT_TRUE(wait([&] {
        return ours.counts(interface_, kVip).seen &&
               programs_.counts(interface_, kVip).seen;
    }));
}

// Such a qdisc has no egress, though it accepts filters for it.
TEST_F(DrainAttach, DoesWithoutEgressForIpv6) {
    run("tc qdisc add dev vr0 ingress");

    forward();
    EXPECT_EQ(kRedirected, receive(Segment{}));
    EXPECT_DONE(programs_.hide(interface_, {kVip6}, kLeaverMac, Seconds{60}));
    EXPECT_EQ(
        "adding the qdisc clsact to vr0, which has the qdisc ingress, "
        "failed (17: File exists)",
        failure_of(
            programs_.hide(interface_, {kVip}, kLeaverMac, Seconds{60})));
    EXPECT_EQ(kNext, receive(frame_of(Arp{})).action);
}

TEST_F(DrainAttach, SeesWhetherThereIsAnEgress) {
    EXPECT_FALSE(programs_.look_for_egress(interface_));
    EXPECT_EQ("", programs_.why_not_hidden(interface_));
    run("tc qdisc add dev vr0 ingress");
    EXPECT_TRUE(programs_.look_for_egress(interface_));
    EXPECT_FALSE(programs_.look_for_egress(interface_));
    EXPECT_EQ("vr0 has the qdisc ingress",
              programs_.why_not_hidden(interface_));
    run("tc qdisc del dev vr0 ingress");
    run("tc qdisc add dev vr0 clsact");
    EXPECT_TRUE(programs_.look_for_egress(interface_));
    EXPECT_EQ("", programs_.why_not_hidden(interface_));
}

TEST_F(DrainAttach, NeedsMacAddresses) {
    engine::Interface tunnel = interface_;
    tunnel.mac = {};

    EXPECT_EQ(
        "attaching a BPF program to vr0, which has no MAC address, "
        "failed (95: Operation not supported)",
        failure_of(programs_.forward(tunnel, {kVip}, kLeaverMac, kNodeMac,
                                     Seconds{60})));
}

// As the vrrp process: loaded by root, used by the nginx user.
TEST_F(DrainAttach, WorksWithNetAdminOnly) {
    const Child child([&] {
        return become_nginx_user() && forward_and_hide() &&
               programs_.show(interface_, {kVip}) && forward_and_hide();
    });

    EXPECT_THAT(filters("ingress"), HasSubstr("ngx_vrrp_drain"));
    EXPECT_THAT(filters("egress"), HasSubstr("ngx_vrrp_drain"));
    EXPECT_EQ(kRedirected, receive(Segment{}));
}

TEST_F(DrainAttach, LoadingNeedsMore) {
    const Child child([] {
        return become_nginx_user() &&
               DrainPrograms::load().why_unavailable() ==
                   "bpf(BPF_MAP_CREATE) failed (1: Operation not permitted)";
    });
}

TEST_F(DrainAttach, RefusesWhatIsNotLoaded) {
    DrainPrograms none;
    EXPECT_EQ("its programs were not loaded", none.why_unavailable());

    EXPECT_EQ(
        "attaching a BPF program to vr0 failed (95: Operation not "
        "supported)",
        failure_of(none.hide(interface_, {kVip}, kLeaverMac, Seconds{60})));
    EXPECT_DONE(none.show(interface_, {kVip}));
    EXPECT_FALSE(none.counts(interface_, kVip).seen);
}

TEST_F(DrainAttach, RemovesWhatDeadProcessesLeftBehind) {
    Child child([&] { return forward_and_hide(); });
    EXPECT_DONE(programs_.remove_left_behind(all()));
    EXPECT_THAT(filters("ingress"), HasSubstr("ngx_vrrp_drain"));
    EXPECT_THAT(filters("egress"), HasSubstr("ngx_vrrp_drain"));

    child.kill_it();
    EXPECT_THAT(filters("ingress"), HasSubstr("ngx_vrrp_drain"));
    EXPECT_DONE(programs_.remove_left_behind(all()));
    EXPECT_EQ("", filters("ingress"));
    EXPECT_EQ("", filters("egress"));
}

// The old and the new process of a reload.
TEST_F(DrainAttach, TwoProcessesDoNotDisturbEachOther) {
    Child child([&] { return forward_and_hide(); });
    DrainPrograms newer = DrainPrograms::load();
    ASSERT_DONE(
        newer.forward(interface_, {kVip}, kStranger, kNodeMac, Seconds{60}));
    EXPECT_DONE(newer.remove_left_behind(all()));

    EXPECT_EQ("2\n", output_of("tc filter show dev vr0 ingress"
                               " | grep -c ngx_vrrp_drain"));
    EXPECT_DONE(newer.stop_forwarding(interface_, {kVip}));
    EXPECT_EQ("1\n", output_of("tc filter show dev vr0 ingress"
                               " | grep -c ngx_vrrp_drain"));
}

// Of a dead process with the same pid, as in a container.
TEST_F(DrainAttach, ReplacesAFilterOfTheSamePid) {
    const std::string handle =
        output_of("printf %x " + std::to_string(::getpid()));
    forward();
    const DrainPrograms dead = std::move(programs_);
    programs_ = DrainPrograms::load();
    forward();

    EXPECT_EQ("1\n", output_of("tc filter show dev vr0 ingress"
                               " | grep -c 'handle 0x" +
                               handle + " ngx_vrrp_drain'"));
}

TEST_F(DrainAttach, AnInterfaceMayDisappear) {
    ASSERT_TRUE(forward_and_hide());
    run("ip link del vr0");

    EXPECT_DONE(programs_.show(interface_, {kVip}));
    EXPECT_DONE(programs_.stop_forwarding(interface_, {kVip}));
    EXPECT_DONE(programs_.remove_left_behind(all()));
    EXPECT_THAT(failure_of(programs_.forward(interface_, {kVip}, kLeaverMac,
                                             kNodeMac, Seconds{60})),
                HasSubstr("No such device"));
}

// The object file

Bytes object() {
    return {kDrainObject, kDrainObjectSize};
}

TEST(BpfObject, HasTheMapWhereTheProgramUsesIt) {
    if (kDrainObjectSize == 0) {
        GTEST_SKIP() << "built without clang";
    }
    const auto program =
        read_bpf_program(object(), "egress", "drain_table", 77);

    ASSERT_TRUE(program);
    EXPECT_LT(0, std::ranges::count_if(*program, [](const bpf_insn &i) {
                  return i.src_reg == BPF_PSEUDO_MAP_FD && i.imm == 77 &&
                         i.code == (BPF_LD | BPF_DW | BPF_IMM);
              }));
}

TEST(BpfObject, RefusesWhatItDoesNotKnow) {
    EXPECT_FALSE(read_bpf_program(object(), "other", "drain_table", 77));
    EXPECT_FALSE(read_bpf_program(object(), "egress", "other", 77));
    EXPECT_FALSE(read_bpf_program({}, "egress", "drain_table", 77));
}

TEST(BpfObject, IsReadWithinItsBounds) {
    for (std::size_t size = 0; size < kDrainObjectSize; size += 97) {
        EXPECT_FALSE(read_bpf_program(Bytes(kDrainObject, size), "egress",
                                      "drain_table", 77));
    }
    Buffer broken(kDrainObject, kDrainObject + kDrainObjectSize);
    for (std::size_t at = 0; at < broken.size(); at += 7) {
        broken[at] ^= 0xff;
        (void)read_bpf_program(broken, "egress", "drain_table", 77);
    }
}

}  // namespace
}  // namespace ngx_vrrp::net::drain
