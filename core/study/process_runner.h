#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tasuki/study/train_runner.h"

namespace tasuki {

// Each piece of work is a process of its own, `PROGRAM train ...` or `PROGRAM eval ...`, which ends
// with this one, however that ends.
class ProcessRunner : public TrainRunner {
 public:
  // `program`: `tasuki`. `arguments`: further ones of both (--data-root, --plugin).
  ProcessRunner(std::filesystem::path program, std::vector<std::string> arguments);

  std::unique_ptr<StartedWork> train(const TrainJob& job, bool resume) override;
  std::unique_ptr<StartedWork> evaluate(const TrainJob& job, const std::string& split) override;

 private:
  std::unique_ptr<StartedWork> start(std::vector<std::string> command, const TrainJob& job) const;

  std::string program_;
  std::vector<std::string> arguments_;
};

}  // namespace tasuki
