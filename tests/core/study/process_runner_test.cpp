#include "tasuki/study/process_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;

// Shell scripts in the place of the program.
class ProcessRunnerTest : public ::testing::Test {
 protected:
  ProcessRunner program(const std::string& script) const {
    const auto file = folder_ / "program";
    write_file_atomically(file, "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    return {file, {"--data-root", "data"}};
  }
  static std::string wait(StartedWork& work) {
    for (;;) {
      if (const auto how = work.ended()) return *how;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  std::string log() const { return read_file(job_.log()); }

  testing::TemporaryFolder folder_;
  const TrainJob job_{"seg, seed 0", folder_ / "seed_0.pbtxt", folder_ / "seed_0", 2, 1};
};

TEST_F(ProcessRunnerTest, HandsOnWhatATrainingNeeds) {
  auto runner = program("echo \"$@\"");
  EXPECT_EQ(wait(*runner.train(job_, false)), "");
  EXPECT_EQ(wait(*runner.train(job_, true)), "");
  EXPECT_EQ(wait(*runner.evaluate(job_, "test")), "");
  const auto config = job_.config.string(), work_dir = job_.work_dir.string();
  EXPECT_EQ(log(), "train " + config + " --work-dir " + work_dir + " --data-root data\n" +
                       "train " + config + " --work-dir " + work_dir +
                       " --resume --data-root data\n" + "eval " + config + " " + work_dir +
                       "/best.safetensors --split test --samples 0 --data-root data\n");
}

TEST_F(ProcessRunnerTest, SaysHowAProcessEnded) {
  EXPECT_EQ(wait(*program("echo no >&2; exit 3").train(job_, false)), "failed with exit code 3");
  EXPECT_EQ(log(), "no\n");
  EXPECT_EQ(wait(*program("kill -9 $$").train(job_, false)), "was killed by signal 9");
  EXPECT_EQ(wait(*ProcessRunner(folder_ / "none", {}).train(job_, false)),
            "failed with exit code 127");
  EXPECT_THAT(log(), HasSubstr("the program can't be started again"));
}

TEST_F(ProcessRunnerTest, AnUnfinishedProcessEndsWithItsOwner) {
  {
    const auto work =
        program("trap 'echo stopped; exit 0' TERM; echo ready; while :; do sleep 0.01; done")
            .train(job_, false);
    while (!std::filesystem::exists(job_.log()) || log().empty()) std::this_thread::yield();
    EXPECT_FALSE(work->ended());
  }
  EXPECT_EQ(log(), "ready\nstopped\n");
}

TEST_F(ProcessRunnerTest, ALogThatCanNotBeWrittenIsAnError) {
  auto job = job_;
  job.work_dir = folder_ / "none" / "seed_0";
  try {
    program("exit 0").train(job, false);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRun);
    EXPECT_THAT(error.what(), HasSubstr("seed_0.log: can't be written: "));
  }
}

}  // namespace
}  // namespace tasuki
