#include "tasuki/distributed/process_team.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <thread>

#include "tests/core/distributed/in_processes.h"

namespace tasuki::testing {
namespace {

using ::testing::HasSubstr;

volatile std::sig_atomic_t told = 0;
void note_told(int) {
  told = 1;
}

constexpr std::chrono::seconds kVeryLong{600};

// Both halves of a test: what the processes do, and what their starter sees.
#define TASUKI_TEAM(n, ended)                                                \
  if (!has_process_groups()) GTEST_SKIP() << "built without Gloo's headers"; \
  const auto ended = run_in_processes(n);

TEST(ProcessTeam, OneThatIsKilledEndsAll) {
  TASUKI_TEAM(3, ended);
  if (ended) {
    EXPECT_EQ(ended->code, 128 + SIGKILL);
    EXPECT_THAT(ended->errors, HasSubstr("process 1 of 3 (0 is the first) was killed by signal 9"));
    EXPECT_THAT(ended->errors, HasSubstr("--resume"));
    return;
  }
  const auto group = join_team();
  if (group->rank() == 1) raise(SIGKILL);
  auto x = torch::ones({10});
  EXPECT_THROW(group->sum(x), ProcessLost);
  std::_Exit(kOtherProcessFailed);
}

TEST(ProcessTeam, ShowsTheErrorOfTheOneThatFailed) {
  TASUKI_TEAM(2, ended);
  if (ended) {
    EXPECT_EQ(ended->code, 2);
    EXPECT_EQ(ended->errors, "tasuki: process 1 of 2 (0 is the first) failed: it rains\n");
    return;
  }
  const auto group = join_team();
  if (group->rank() == 1) {
    std::cerr << "some words\ntasuki: it rains" << std::endl;
    std::_Exit(2);
  }
  auto x = torch::ones({10});
  EXPECT_THROW(group->sum(x), ProcessLost);
  std::_Exit(kOtherProcessFailed);
}

// The first has said it already, on this program's own output.
TEST(ProcessTeam, SaysNothingAfterTheFirst) {
  TASUKI_TEAM(2, ended);
  if (ended) {
    EXPECT_EQ(ended->code, 2);
    EXPECT_EQ(ended->errors, "");
    return;
  }
  std::_Exit(2);
}

TEST(ProcessTeam, OneThatDoesNotNoticeIsEnded) {
  TASUKI_TEAM(2, ended);
  if (ended) {
    EXPECT_EQ(ended->code, 5);
    return;
  }
  const auto group = join_team();
  if (group->rank() == 1) std::_Exit(5);
  std::this_thread::sleep_for(kVeryLong);
}

TEST(ProcessTeam, HandsSignalsOnToAll) {
  TASUKI_TEAM(3, ended);
  if (ended) {
    EXPECT_EQ(ended->code, 0) << ended->errors;
    return;
  }
  std::signal(SIGUSR1, note_told);
  const auto group = join_team();
  if (group->rank() == 0) kill(getppid(), SIGUSR1);
  const auto end = std::chrono::steady_clock::now() + kVeryLong;
  while (told == 0 && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(told, 1);
  group->gather("");  // all have got there
}

TEST(ProcessTeam, EndsByTheSignalThatEndsItsProcesses) {
  TASUKI_TEAM(2, ended);
  if (ended) {
    EXPECT_EQ(ended->code, 128 + SIGTERM);
    EXPECT_EQ(ended->errors, "");
    return;
  }
  std::signal(SIGTERM, SIG_DFL);
  const auto group = join_team();
  group->gather("");
  if (group->rank() == 0) kill(getppid(), SIGTERM);
  std::this_thread::sleep_for(kVeryLong);
}

// One has ended as it was asked to, and the first still writes, for longer than a failure would
// leave it.
TEST(ProcessTeam, WaitsForTheOthersOnceASignalAskedForTheEnd) {
  TASUKI_TEAM(2, ended);
  if (ended) {
    EXPECT_EQ(ended->code, 128 + SIGUSR1);
    EXPECT_EQ(ended->errors, "");
    return;
  }
  std::signal(SIGUSR1, note_told);
  const auto group = join_team();
  if (group->rank() == 0) kill(getppid(), SIGUSR1);
  while (told == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  if (group->rank() == 0) std::this_thread::sleep_for(std::chrono::seconds(7));
  std::_Exit(128 + SIGUSR1);
}

TEST(ProcessTeam, SaysWhatCanNotBeStarted) {
  std::ostringstream errors;
  EXPECT_EQ(run_processes({"/no/such/program"}, 2, errors), 127);
}

}  // namespace
}  // namespace tasuki::testing
