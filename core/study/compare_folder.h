#pragma once

#include <filesystem>
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "tasuki/config/config.h"
#include "tasuki/io/folder_lock.h"
#include "tasuki/study/conditions.h"
#include "tasuki/study/study_base.h"
#include "tasuki/study/train_queue.h"

namespace tasuki {

// A config of a comparison.
struct ComparedConfig {
  std::string name;
  ResolvedConfig config;
  // Some of them may be read from a file beside the config.
  std::vector<std::string> self_auxiliaries;
};

// All tasks, each with the first config that has it.
std::map<std::string, const ComparedConfig*> first_with_task(
    const std::vector<ComparedConfig>& configs);

// The folder of a comparison: one of each config, one of the single-task trainings.
class CompareFolder {
 public:
  // Begins a comparison in `path` or goes on with the one that is there. Error (kUsage) says in
  // what that one differs. Refers to the base.
  CompareFolder(const std::filesystem::path& path, const std::vector<ComparedConfig>& configs,
                const StudyBase& base, const RunConditions& conditions, std::ostream& out);

  // Error (kUsage) where a config has a name that a comparison needs for something of its own.
  static void check_name(const ComparedConfig& config);

  // The training of a config with one seed, and of a task alone by a config; their config files are
  // written where they are not there.
  TrainJob job(const ComparedConfig& config, uint64_t seed) const;
  TrainJob single_job(const ComparedConfig& config, const std::string& task, uint64_t seed) const;

  // compare.json and compare.html.
  std::filesystem::path json_file() const;
  std::filesystem::path html_file() const;

 private:
  void check_conditions();
  void check_is_new() const;
  void open(const ComparedConfig& config) const;
  void check_self_auxiliaries(const ComparedConfig& config) const;

  std::filesystem::path path_;
  const StudyBase& base_;
  RunConditions conditions_;
  FolderLock lock_;
};

}  // namespace tasuki
