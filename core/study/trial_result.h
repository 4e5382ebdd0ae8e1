#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tasuki/error/error.h"
#include "tasuki/evaluation/delta_m.h"
#include "tasuki/study/affinity.h"

namespace tasuki {

// What a config's metrics are, by "task.metric": result files hold values alone.
using MetricInfos = std::map<std::string, MetricInfo>;

// What to do where a file is damaged that is made again when it is missing, or one in a work dir
// that is: "remove PATH, and the same command makes it anew".
std::string advice_for(const std::filesystem::path& path);
// What `read` returns, its Errors followed by that advice.
template <class Read>
auto with_advice(const std::filesystem::path& path, Read read) {
  try {
    return read();
  } catch (const Error& wrong) {
    throw Error(wrong.kind(), std::string(wrong.what()) + "; " + advice_for(path));
  }
}

// Where a training stands, from its metrics.json. Error (kData) where that is broken.
struct Progress {
  int64_t epochs = 0;  // finished ones; 0 where there is no such file yet
  bool finished = false;
};
Progress progress_of(const std::filesystem::path& work_dir);

// A finished training: figures of its best checkpoint and what it cost.
struct TrialResult {
  std::filesystem::path work_dir;
  std::string protocol;
  std::string split;
  std::vector<TaskValues> tasks;  // by name
  int64_t epochs = 0;
  double seconds = 0;   // of its epochs' steps, without evaluation
  Affinities affinity;  // where it was measured
};

// Reads metrics.json, history.jsonl and affinity.jsonl of a work dir. Error (kData) names the file
// and what is wrong (it is missing, broken, or has a metric that `infos` does not know), with
// advice.
TrialResult read_trial_result(const std::filesystem::path& work_dir, const MetricInfos& infos);

// Figures of a result file (metrics.json, eval_SPLIT.json): by task, protocol metrics marked. Error
// (kData) names the file and what is wrong.
std::vector<TaskValues> read_figures(const std::filesystem::path& file, const MetricInfos& infos);

// The values of one task. Error (kRun) lists the tasks that are there.
const TaskValues& values_of(const std::vector<TaskValues>& all, const std::string& task);

}  // namespace tasuki
