#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <torch/torch.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "tasuki/io/atomic_file.h"
#include "tasuki/io/files.h"
#include "tests/core/engine/killed_run.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::FakeHook;
using ::testing::IsEmpty;
using testing::kill_at;
using testing::Killed;
using testing::TinyRun;

// Three epochs of three steps; without more, checkpoints are written at the end alone.
std::vector<std::string> writing(const std::string& options) {
  return {"train.hook[checkpoint].hook=[tasuki/Checkpoint]{every: 100 " + options + "}",
          "train.epochs=3"};
}

struct Kept {
  int64_t step;
  fs::path file;
};

// By their names of eight digits.
std::vector<Kept> kept_checkpoints(const fs::path& folder) {
  std::vector<Kept> found;
  for (const auto& item : fs::directory_iterator(folder)) {
    const auto name = item.path().filename().string();
    if (!name.starts_with("step_") || name.size() != 5 + 8 + 12) continue;
    found.push_back({std::stoll(name.substr(5, 8)), item.path()});
  }
  std::sort(found.begin(), found.end(),
            [](const Kept& a, const Kept& b) { return a.step < b.step; });
  return found;
}

std::vector<int64_t> kept_steps(const fs::path& folder) {
  std::vector<int64_t> steps;
  for (const auto& kept : kept_checkpoints(folder)) steps.push_back(kept.step);
  return steps;
}

int64_t step_in(const fs::path& file) {
  return testing::state_of_file(read_safetensors(file)).at("step").get<int64_t>();
}

class CheckpointTest : public ::testing::Test {
 protected:
  // What `look` sees behind each step and its checkpoint.
  void train_and_look(TinyRun& tiny, const std::function<void(int64_t)>& look) {
    auto hook = std::make_unique<FakeHook>();
    hook->at_after_step = [look](tasuki::Run& run) { look(run.step); };
    tiny.hooks.push_back({"looks", 85, std::move(hook)});
    tiny.train();
  }
  void resume(const fs::path& dir, const std::vector<std::string>& with) {
    TinyRun resumed(dir, with);
    load_training_state(resumed.run, resumed.hooks, dir / kLastFile);
    resumed.train();
  }

  testing::TemporaryFolder folder_;
};

TEST_F(CheckpointTest, TheNewestStatesAreKept) {
  TinyRun tiny(folder_.path(), writing("every_steps: 2 keep: 2"));
  std::vector<std::vector<int64_t>> seen;
  train_and_look(tiny, [&](int64_t) { seen.push_back(kept_steps(folder_.path())); });
  using Steps = std::vector<int64_t>;
  // That of step 6 is behind its epoch's evaluation.
  EXPECT_EQ(seen,
            (std::vector<Steps>{{}, {2}, {2}, {2, 4}, {2, 4}, {2, 4}, {4, 6}, {6, 8}, {6, 8}}));
  EXPECT_THAT(kept_steps(folder_.path()), ElementsAre(8, 9));
  for (const auto& kept : kept_checkpoints(folder_.path())) {
    EXPECT_EQ(step_in(kept.file), kept.step);
    EXPECT_EQ(kept.file.filename(), "step_0000000" + std::to_string(kept.step) + ".safetensors");
  }
  EXPECT_EQ(step_in(folder_ / kLastFile), 9);
  EXPECT_TRUE(fs::exists(folder_ / kBestFile));
}

TEST_F(CheckpointTest, WithoutKeepNoneIs) {
  TinyRun(folder_.path(), writing("every_steps: 1")).train();
  EXPECT_THAT(kept_steps(folder_.path()), IsEmpty());
}

TEST_F(CheckpointTest, MinutesAreCountedFromTheLastOne) {
  TinyRun always(folder_ / "always", writing("every_minutes: 1e-9 keep: 100"));
  always.train();
  EXPECT_THAT(kept_steps(folder_ / "always"), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
  TinyRun never(folder_ / "never", writing("every_minutes: 1e9 keep: 100"));
  never.train();
  EXPECT_THAT(kept_steps(folder_ / "never"), ElementsAre(9));
}

// A run goes on from any of them as one that was not stopped.
TEST_F(CheckpointTest, AKeptStateIsOneToGoOnFrom) {
  const auto with = writing("every_steps: 2 keep: 3");
  TinyRun(folder_ / "whole", with).train();
  fs::copy(folder_ / "whole", folder_ / "back");
  fs::copy_file(folder_ / "back" / "step_00000006.safetensors", folder_ / "back" / kLastFile,
                fs::copy_options::overwrite_existing);
  EXPECT_EQ(step_in(folder_ / "back" / kLastFile), 6);
  TinyRun resumed(folder_ / "back", with);
  load_training_state(resumed.run, resumed.hooks, folder_ / "back" / kLastFile);
  EXPECT_EQ(resumed.run.step, 6);
  resumed.train();
  testing::expect_same_runs(folder_ / "whole", folder_ / "back");
}

// Those of later steps are of the run before it went back: they stay until it comes there.
TEST_F(CheckpointTest, ARunThatHasGoneBackKeepsItsOwnAndTheOthers) {
  const auto with = writing("every_steps: 1 keep: 1");
  TinyRun stopped(folder_.path(), with);
  kill_at(stopped, &FakeHook::at_after_step, 85,
          [](const tasuki::Run& run) { return run.step == 4; });
  EXPECT_THROW(stopped.train(), Killed);
  write_file_atomically(folder_ / "step_00000005.safetensors", "of before");
  write_file_atomically(folder_ / "step_00000050.safetensors", "of before");
  write_file_atomically(folder_ / "step_3.safetensors", "somebody's");
  TinyRun resumed(folder_.path(), with);
  load_training_state(resumed.run, resumed.hooks, folder_ / kLastFile);
  std::vector<std::vector<int64_t>> seen;
  train_and_look(resumed, [&](int64_t) { seen.push_back(kept_steps(folder_.path())); });
  ASSERT_EQ(seen.size(), 5u);
  EXPECT_THAT(seen[0], ElementsAre(5, 50));
  EXPECT_THAT(kept_steps(folder_.path()), ElementsAre(9, 50));
  EXPECT_EQ(read_file(folder_ / "step_00000050.safetensors"), "of before");
  EXPECT_TRUE(fs::exists(folder_ / "step_3.safetensors"));
}

// What a kill leaves between any two operations: the last one written and not yet kept, one more
// than are wanted, a name on its way.
TEST_F(CheckpointTest, WhatAKillLeavesIsPutInOrder) {
  const auto with = writing("every_steps: 2 keep: 2");
  TinyRun(folder_ / "whole", with).train();
  const auto dir = folder_ / "killed";
  TinyRun stopped(dir, with);
  kill_at(stopped, &FakeHook::at_after_step, 85,
          [](const tasuki::Run& run) { return run.step == 4; });
  EXPECT_THROW(stopped.train(), Killed);
  fs::remove(dir / "step_00000004.safetensors");
  fs::copy_file(dir / kLastFile, dir / "step_00000001.safetensors");
  fs::create_hard_link(dir / kLastFile, dir / ".step_00000004.safetensors.tmp-1-0");
  resume(dir, with);
  testing::expect_same_runs(folder_ / "whole", dir);
  EXPECT_EQ(kept_steps(dir), kept_steps(folder_ / "whole"));
  EXPECT_EQ(remove_abandoned_files(dir), 1u);
  EXPECT_EQ(step_in(dir / kLastFile), 9);
}

// Longer than those that are killed get to live.
std::vector<std::string> long_run() {
  auto with = writing("every_steps: 1 keep: 2");
  with.push_back("train.epochs=10");
  return with;
}

// The process that the next test kills: trains in this folder, goes on where it can.
TEST(KilledCheckpoints, DISABLED_Train) {
  const char* folder = std::getenv("TASUKI_KILLED_RUN");
  if (folder == nullptr) GTEST_SKIP() << "a part of KilledCheckpoints.LeaveAWholeStateAlways";
  const fs::path dir = folder;
  TinyRun tiny(dir, long_run());
  if (path_exists(dir / kLastFile)) {
    load_training_state(tiny.run, tiny.hooks, dir / kLastFile);
    repair_best(tiny.run, dir);
  }
  tiny.train();
}

// Starts that process and kills it some time after it has written a state of its own.
void start_and_kill(const fs::path& dir, int milliseconds) {
  const std::string program = fs::read_symlink("/proc/self/exe").string();
  const std::string folder = "TASUKI_KILLED_RUN=" + dir.string();
  std::vector<std::string> arguments = {program, "--gtest_also_run_disabled_tests",
                                        "--gtest_filter=KilledCheckpoints.DISABLED_Train"};
  std::vector<char*> argv, environment;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!std::string(*entry).starts_with("GTEST_")) environment.push_back(*entry);
  }
  environment.push_back(const_cast<char*>(folder.c_str()));
  environment.push_back(nullptr);
  const auto written = [&] {
    std::error_code failed;
    return fs::last_write_time(dir / kLastFile, failed);
  };
  const auto before = written();
  pid_t child = 0;
  ASSERT_EQ(
      ::posix_spawn(&child, program.c_str(), nullptr, nullptr, argv.data(), environment.data()), 0);
  int status = 0;
  while (written() == before) {
    ASSERT_EQ(::waitpid(child, &status, WNOHANG), 0) << "it has ended by itself";
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
}

TEST(KilledCheckpoints, LeaveAWholeStateAlways) {
  const testing::TemporaryFolder folder;
  const auto with = long_run();
  const auto dir = folder / "killed";
  for (const int milliseconds : {0, 7, 19, 31}) {
    start_and_kill(dir, milliseconds);
    remove_abandoned_files(dir);
    ASSERT_TRUE(fs::exists(dir / kLastFile));
    const int64_t last = step_in(dir / kLastFile);
    const auto kept = kept_checkpoints(dir);
    EXPECT_GE(kept.size(), std::min<size_t>(size_t(last) - 1, 2));
    EXPECT_LE(kept.size(), 3u);
    for (const auto& one : kept) {
      EXPECT_EQ(step_in(one.file), one.step);
      EXPECT_LE(one.step, last);
    }
  }
  TinyRun whole(folder / "whole", with), rest(dir, with);
  whole.train();
  load_training_state(rest.run, rest.hooks, dir / kLastFile);
  repair_best(rest.run, dir);
  rest.train();
  testing::expect_same_runs(folder / "whole", dir);
  EXPECT_THAT(kept_steps(dir), ElementsAre(29, 30));
}

}  // namespace
}  // namespace tasuki
