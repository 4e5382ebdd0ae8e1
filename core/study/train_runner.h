#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace tasuki {

// One training: a config, and the folder that it leaves its results in.
struct TrainJob {
  std::string label;             // for messages: "seg+depth, seed 0"
  std::filesystem::path config;  // a file
  std::filesystem::path work_dir;
  int64_t epochs = 0;
  double cost = 1;  // what it takes, in any unit: for the time left

  // What its runner has to tell, beside the work dir.
  std::filesystem::path log() const { return work_dir.string() + ".log"; }
};

// Work that a runner has begun. Destroyed before its end, it is stopped.
class StartedWork {
 public:
  virtual ~StartedWork() = default;
  // Nothing while it goes on; then "" where it succeeded, else how it ended: "failed with exit code
  // 1". Does not wait.
  virtual std::optional<std::string> ended() = 0;
};

// Carries out the trainings of a study, some of them at once: as processes in the program, by
// writing drawn figures in tests. What it has to tell goes to the job's log, behind what is there.
class TrainRunner {
 public:
  virtual ~TrainRunner() = default;

  // Begins a job or, with `resume`, goes on with what an earlier one left in its work dir. Once it
  // has succeeded, the work dir is as `tasuki train` leaves it.
  virtual std::unique_ptr<StartedWork> train(const TrainJob& job, bool resume) = 0;
  // Figures of a finished job's best checkpoint on a split: eval_SPLIT.json in its work dir.
  virtual std::unique_ptr<StartedWork> evaluate(const TrainJob& job, const std::string& split) = 0;
};

}  // namespace tasuki
