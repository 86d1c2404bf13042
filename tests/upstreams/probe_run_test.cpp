// SPDX-License-Identifier: Apache-2.0
#include "upstreams/probe_run.hpp"

#include <gmock/gmock.h>

#include "support/connection_fixture.hpp"
#include "support/options.hpp"

namespace tcpctl {
namespace {

using namespace std::chrono_literals;
using test::Peer;

class ProbeRunTest : public testing::Test {
 protected:
  void make(const std::string& steps, Duration close_wait) {
    const test::Options options{"steps = " + steps, step_keys()};
    runner.worker.tick();
    run = std::make_unique<ProbeRun>(
        runner.worker,
        std::make_shared<const ProbePlan>(ProbePlan{.dial = {.owner = owner, .connect_timeout = 1min},
                                                    .steps = parse_steps(options.reader()).value(),
                                                    .timeout = 1min,
                                                    .close_wait = close_wait}),
        0, [this](ProbeRow told) {
          const auto over = std::move(run);
          row = std::move(told);
        });
  }
  void start(const std::string& steps, Duration close_wait) {
    make(steps, close_wait);
    run->dial({std::make_shared<const AddressList>(std::vector{listener.address()})});
    ASSERT_TRUE(runner.run_until([&] {
      if (Fd fd = listener.accept()) peer = Peer{std::move(fd)};
      return static_cast<bool>(peer);
    }));
  }
  bool told() {
    return runner.run_until([&] { return row.has_value(); });
  }

  test::LoopRunner runner;
  std::shared_ptr<Owner> owner = test::make_owner(Owner::Kind::client, "probe");
  test::PlainListener listener;
  Peer peer;
  std::optional<ProbeRow> row;
  std::unique_ptr<ProbeRun> run;
};

TEST_F(ProbeRunTest, TellsHowLongItTookToClose) {
  start(R"([{ expect = "^hi" }])", 1min);
  peer.write("hi\n");
  ASSERT_TRUE(runner.run_until([&] { return peer.at_eof(); }));
  EXPECT_FALSE(row);
  EXPECT_TRUE(run->is_closing());
  EXPECT_EQ(run->progress().phase, "close");
  runner.run_beats(20);
  peer.close();

  ASSERT_TRUE(told());

  EXPECT_TRUE(row->success);
  ASSERT_TRUE(row->close);
  EXPECT_GE(*row->close, 10ms);
  EXPECT_EQ(row->address, listener.address());
}

TEST_F(ProbeRunTest, CountsTheCloseFromTheFinOfAStep) {
  start(R"([{ close = true }, { expect = "^bye" }])", 1min);
  ASSERT_TRUE(runner.run_until([&] { return peer.at_eof(); }));
  runner.run_beats(20);
  peer.write("bye\n");
  peer.close();

  ASSERT_TRUE(told());

  EXPECT_EQ(row->result, "L7OK");
  ASSERT_TRUE(row->close);
  EXPECT_GE(*row->close, 10ms);
}

TEST_F(ProbeRunTest, TellsAtOnceWhereNobodyWaitsForTheClose) {
  start(R"([{ expect = "^hi" }])", 0ms);
  peer.write("hi\n");

  ASSERT_TRUE(told());

  EXPECT_FALSE(row->close);
  ASSERT_TRUE(runner.run_until([&] { return peer.at_eof(); })) << "it closes its connection";
}

TEST_F(ProbeRunTest, NeedNotBeWaitedForWhileItCloses) {
  start(R"([{ expect = "^hi" }])", 1min);
  peer.write("hi\n");
  ASSERT_TRUE(runner.run_until([&] { return run->is_closing(); }));

  run->leave();

  ASSERT_TRUE(row);
  EXPECT_TRUE(row->success);
  EXPECT_FALSE(row->close);
  peer.close();
  EXPECT_TRUE(runner.run_until([&] { return runner.worker.connections().empty(); }));
}

TEST_F(ProbeRunTest, MayGoWhileItCloses) {
  start(R"([{ expect = "^hi" }])", 1min);
  peer.write("hi\n");
  ASSERT_TRUE(runner.run_until([&] { return run->is_closing(); }));

  run.reset();

  peer.close();
  EXPECT_TRUE(runner.run_until([&] { return runner.worker.connections().empty(); }));
  EXPECT_FALSE(row);
}

TEST_F(ProbeRunTest, CountsTheLookUpThatFails) {
  make("[]", 0ms);
  runner.run_beats(20);

  run->note_resolved();
  run->fail("L4UNR", "no such name");

  ASSERT_TRUE(row && row->resolve);
  EXPECT_GE(*row->resolve, 10ms);
  EXPECT_GE(row->took, *row->resolve);
}

TEST_F(ProbeRunTest, TellsOfAResetInTheMiddleOfAStep) {
  start(R"([{ expect = "^hi" }])", 1min);
  ASSERT_TRUE(runner.run_until([&] { return run->progress().phase == "steps"; }));
  peer.rst();

  ASSERT_TRUE(told());

  EXPECT_EQ(row->result, "L7RSP");
  EXPECT_EQ(row->cause, "reset");
  EXPECT_EQ(row->failed_step, 1U);
  EXPECT_FALSE(row->close) << "we closed nothing";
}

}  // namespace
}  // namespace tcpctl
