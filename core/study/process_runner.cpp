#include "tasuki/study/process_runner.h"

#include <sys/wait.h>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/system/child.h"

namespace tasuki {
namespace {

class StartedProcess : public StartedWork {
 public:
  StartedProcess(const std::vector<std::string>& command, const std::filesystem::path& log)
      : child_(command, log) {}

  std::optional<std::string> ended() override {
    const auto status = child_.ended();
    if (!status) return {};
    if (WIFSIGNALED(*status)) return "was killed by signal " + std::to_string(WTERMSIG(*status));
    const int code = WEXITSTATUS(*status);
    return code == 0 ? "" : "failed with exit code " + std::to_string(code);
  }

 private:
  Child child_;
};

}  // namespace

ProcessRunner::ProcessRunner(std::filesystem::path program, std::vector<std::string> arguments)
    : program_(program.string()), arguments_(std::move(arguments)) {}

std::unique_ptr<StartedWork> ProcessRunner::train(const TrainJob& job, bool resume) {
  std::vector<std::string> command = {"train", job.config.string(), "--work-dir",
                                      job.work_dir.string()};
  if (resume) command.emplace_back("--resume");
  return start(std::move(command), job);
}

std::unique_ptr<StartedWork> ProcessRunner::evaluate(const TrainJob& job,
                                                     const std::string& split) {
  const auto checkpoint = (job.work_dir / kBestFile).string();
  return start({"eval", job.config.string(), checkpoint, "--split", split, "--samples", "0"}, job);
}

std::unique_ptr<StartedWork> ProcessRunner::start(std::vector<std::string> command,
                                                  const TrainJob& job) const {
  command.insert(command.begin(), program_);
  command.insert(command.end(), arguments_.begin(), arguments_.end());
  return std::make_unique<StartedProcess>(command, job.log());
}

}  // namespace tasuki
