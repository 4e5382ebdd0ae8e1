#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tasuki/config/config.h"
#include "tasuki/data/dataset.h"
#include "tasuki/study/train_runner.h"

namespace tasuki::testing {

// What a runner throws in the place of a kill: nothing after it happens, files stay as they are.
struct Killed {};

// Leaves in a work dir what a training leaves there, with figures that a function gives, and trains
// nothing. Configs are read and networks built, so that what a real training would refuse is
// refused.
class FakeRunner : public TrainRunner {
 public:
  // How good a task is after a training: metrics of which more is better are proportional to it,
  // others to its inverse.
  using Quality = std::function<double(const Config& config, const std::string& task)>;

  std::unique_ptr<StartedWork> train(const TrainJob& job, bool resume) override;
  std::unique_ptr<StartedWork> evaluate(const TrainJob& job, const std::string& split) override;

  Quality quality = [](const Config&, const std::string&) { return 1.0; };
  // Look-ahead affinity of every ordered pair, where a config measures it.
  std::function<double(const std::string& from, const std::string& to)> affinity =
      [](const std::string&, const std::string&) { return 0.5; };
  // Trainings, by label, that end so, and what their log says then.
  std::map<std::string, std::string> failures;
  std::string log_text = "the last words";
  // Trainings that end without their last checkpoint, by label.
  std::set<std::string> without_checkpoint;
  // So many trainings and evaluations succeed; the next one is never started: Killed.
  size_t kill_after = size_t(-1);
  // How often ended() is asked in vain; called at each of these.
  size_t patience = 0;
  std::function<void()> while_running = [] {};

  std::vector<std::string> trained;    // labels, in the order of their starts
  std::vector<std::string> resumed;    // those among them
  std::vector<std::string> evaluated;  // labels
  size_t running = 0, most_running = 0, stopped = 0;

 private:
  class Work;

  std::unique_ptr<StartedWork> start(std::function<std::string()> finish);
  void leave_results(const TrainJob& job) const;
};

}  // namespace tasuki::testing
