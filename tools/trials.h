#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tasuki::tools {

// One training that runs as a process of its own: `tasuki train`.
struct TrainJob {
  std::string label;             // for messages: "seg+depth, seed 0"
  std::filesystem::path config;  // a file
  std::filesystem::path work_dir;
  int64_t epochs = 0;
  double cost = 1;  // what it takes, in any unit: for the time left
};

// Whether a job is done for good: metrics.json says so, with all epochs, and the last checkpoint is
// there.
bool is_finished(const TrainJob& job);

// Figures of a job's best checkpoint on `split`, with `tasuki eval`: eval_SPLIT.json in its work
// dir; once. Error (kRun) with the end of its log when that fails.
void evaluate_checkpoint(const TrainJob& job, const std::string& split,
                         const std::vector<std::string>& arguments);

// For the lock of a folder of trainings: those of a process that was killed end with it, but not at
// the same moment.
inline constexpr std::chrono::milliseconds kLockPatience{5000};

// Runs trainings side by side, one a process, and says how far they are. Unfinished ones go on with
// --resume. Trainings end with this process, however it ends; SIGINT and SIGTERM stop them and
// throw.
class TrainRunner {
 public:
  // `arguments`: further ones of `tasuki train` (--data-root, --plugin). `total`: the cost of all
  // that this runner will be asked for, as far as it is known.
  TrainRunner(std::vector<std::string> arguments, size_t side_by_side, double total);

  // Runs those that are not finished; `last`: nothing comes after them. Error (kRun) when one
  // fails: where its log is and the log's last lines; the others run to their end first, no further
  // ones are started.
  void run(const std::vector<TrainJob>& jobs, bool last = false);

 private:
  struct Running;

  Running start(const TrainJob& job);
  void finish(const Running& running, int status);
  std::string time_left() const;

  std::vector<std::string> arguments_;
  size_t side_by_side_;
  double total_;
  double done_ = 0;     // cost of finished jobs, whenever they ran
  double here_ = 0;     // cost of those that ran here
  double seconds_ = 0;  // that those took
  size_t count_ = 0, of_ = 0;
  std::vector<std::string> failures_;
};

}  // namespace tasuki::tools
