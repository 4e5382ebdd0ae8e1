#pragma once

#include <chrono>
#include <iosfwd>
#include <string>
#include <vector>

#include "tasuki/study/train_runner.h"

namespace tasuki {

// Whether a job is done for good: metrics.json says so, with all epochs, and the last checkpoint is
// there.
bool is_finished(const TrainJob& job);

// Figures of a job's best checkpoint on `split`: eval_SPLIT.json in its work dir; once. Says so on
// `out`. Error (kRun) with the end of its log when that fails; signals as below.
void evaluate_checkpoint(TrainRunner& runner, const TrainJob& job, const std::string& split,
                         std::ostream& out);

// For the lock of a folder of trainings: those of a process that was killed end with it, but not at
// the same moment.
inline constexpr std::chrono::milliseconds kLockPatience{5000};

// Runs trainings side by side and says on a stream how far they are. Unfinished ones are resumed.
// SIGINT and SIGTERM stop them and throw.
class TrainQueue {
 public:
  // `total`: the cost of all that it will be asked for, as far as it is known. Refers to the runner
  // and the stream.
  TrainQueue(TrainRunner& runner, std::ostream& out, size_t side_by_side, double total);

  // Runs those that are not finished; `last`: nothing comes after them. Error (kRun) when one
  // fails: where its log is and the log's last lines; the others run to their end first, no further
  // ones are started.
  void run(const std::vector<TrainJob>& jobs, bool last = false);

 private:
  struct Running;

  Running start(const TrainJob& job);
  void finish(const Running& running, const std::string& how);
  std::string time_left() const;
  // The jobs that are left to do; counts the others as done.
  std::vector<TrainJob> unfinished(const std::vector<TrainJob>& jobs, bool last);

  TrainRunner& runner_;
  std::ostream& out_;
  size_t side_by_side_;
  double total_;
  double done_ = 0;     // cost of finished jobs, whenever they ran
  double here_ = 0;     // cost of those that ran here
  double seconds_ = 0;  // that those took
  size_t count_ = 0, of_ = 0;
  std::vector<std::string> failures_;
};

}  // namespace tasuki
