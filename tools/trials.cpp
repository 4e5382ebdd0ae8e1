#include "tools/trials.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <boost/dll/runtime_symbol_info.hpp>
#include <chrono>
#include <csignal>
#include <deque>
#include <iostream>
#include <sstream>
#include <thread>

#include "core/data/files.h"
#include "core/engine/checkpoint.h"
#include "core/error/error.h"
#include "core/model/safetensors.h"
#include "core/study/trial_result.h"
#include "tools/child.h"

namespace tasuki::tools {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPoll = std::chrono::milliseconds(50);
constexpr const char* kStopped = "stopped; the same command goes on from here";
constexpr size_t kLogLines = 8;
constexpr size_t kLargestLog = size_t{1} << 30;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string duration(double seconds) {
  const auto total = static_cast<int64_t>(seconds + 0.5);
  if (total < 60) return fmt::format("{}s", total);
  if (total < 3600) return fmt::format("{}m{:02}s", total / 60, total % 60);
  return fmt::format("{}h{:02}m", total / 3600, total / 60 % 60);
}

std::filesystem::path log_of(const TrainJob& job) {
  return job.work_dir.string() + ".log";
}

// The end of a log, each line indented.
std::string last_lines(const std::filesystem::path& log) {
  std::istringstream in(read_file(log, kLargestLog));
  std::deque<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    lines.push_back("    " + line);
    if (lines.size() > kLogLines) lines.pop_front();
  }
  return join({lines.begin(), lines.end()}, "\n");
}

// The epoch whose end the last checkpoint holds; 0 where there is none.
int64_t checkpoint_epoch(const std::filesystem::path& work_dir) {
  const auto file = work_dir / kLastFile;
  if (!std::filesystem::exists(file)) return 0;
  const auto metadata = read_safetensors_metadata(file);
  const auto epoch = metadata.find("epoch");
  return epoch == metadata.end() ? 0 : std::strtoll(epoch->second.c_str(), nullptr, 10);
}

}  // namespace

bool is_finished(const TrainJob& job) {
  return with_advice(job.work_dir, [&] {
    const auto progress = progress_of(job.work_dir);
    // The last checkpoint is written after metrics.json; without it a kill fell between the two.
    return progress.finished && progress.epochs == job.epochs &&
           checkpoint_epoch(job.work_dir) == job.epochs;
  });
}

void evaluate_checkpoint(const TrainJob& job, const std::string& split,
                         const std::vector<std::string>& arguments) {
  if (std::filesystem::exists(job.work_dir / ("eval_" + split + ".json"))) return;
  std::vector<std::string> command = {boost::dll::program_location().string(),
                                      "eval",
                                      job.config.string(),
                                      (job.work_dir / kBestFile).string(),
                                      "--split",
                                      split,
                                      "--samples",
                                      "0"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::cout << job.label << ": split " << split << "\n" << std::flush;
  const StopSignals stop;
  Child child(command, log_of(job));
  auto status = child.ended();
  for (; !status; status = child.ended()) {
    std::this_thread::sleep_for(kPoll);
    if (stop.arrived()) throw Error(ErrorKind::kRun, kStopped);
  }
  if (WIFEXITED(*status) && WEXITSTATUS(*status) == 0) return;
  throw Error(ErrorKind::kRun, job.label + ": no figures on split " + split + "; the log is " +
                                   log_of(job).string() + " and ends:\n" + last_lines(log_of(job)) +
                                   "\nWhere a file of the training is "
                                   "damaged, " +
                                   advice_for(job.work_dir));
}

struct TrainRunner::Running {
  TrainJob job;
  Child child;
  Clock::time_point start;
  bool resumed;  // goes on from files of an earlier call
};

TrainRunner::TrainRunner(std::vector<std::string> arguments, size_t side_by_side, double total)
    : arguments_(std::move(arguments)),
      side_by_side_(std::max<size_t>(side_by_side, 1)),
      total_(total) {}

std::string TrainRunner::time_left() const {
  const double rate = here_ > 0 ? seconds_ / here_ : 0;
  return duration(rate * std::max(0.0, total_ - done_));
}

TrainRunner::Running TrainRunner::start(const TrainJob& job) {
  std::vector<std::string> command = {boost::dll::program_location().string(), "train",
                                      job.config.string(), "--work-dir", job.work_dir.string()};
  const bool resumed = std::filesystem::exists(job.work_dir / kConfigFile);
  if (resumed) command.push_back("--resume");
  command.insert(command.end(), arguments_.begin(), arguments_.end());
  std::filesystem::create_directories(job.work_dir.parent_path());
  std::cout << fmt::format("[{}/{}] {}: {} epochs\n", ++count_, of_, job.label, job.epochs)
            << std::flush;
  return {job, Child(command, log_of(job)), Clock::now(), resumed};
}

void TrainRunner::finish(const Running& running, int status) {
  const auto& job = running.job;
  const bool ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (ended && is_finished(job)) {
    done_ += job.cost;
    here_ += job.cost;
    std::cout << fmt::format("      {}: done in {}", job.label,
                             duration(seconds_since(running.start)))
              << (done_ < total_ ? ", about " + time_left() + " left\n" : "\n") << std::flush;
    return;
  }
  const std::string how = ended ? "ended without its last checkpoint"
                          : WIFSIGNALED(status)
                              ? fmt::format("was killed by signal {}", WTERMSIG(status))
                              : fmt::format("failed with exit code {}", WEXITSTATUS(status));
  failures_.push_back(job.label + " " + how + "; its log is " + log_of(job).string() +
                      " and ends:\n" + last_lines(log_of(job)) +
                      (running.resumed
                           ? "\nIt went on from the files of an earlier call; where one "
                             "of them is damaged, " +
                                 advice_for(job.work_dir)
                           : ""));
}

void TrainRunner::run(const std::vector<TrainJob>& jobs, bool last) {
  std::deque<TrainJob> waiting;
  for (const auto& job : jobs) {
    if (is_finished(job)) {
      done_ += job.cost;
    } else {
      waiting.push_back(job);
    }
  }
  of_ += waiting.size();
  if (last) {
    total_ = done_;
    for (const auto& job : waiting) total_ += job.cost;
  }
  const StopSignals stop;
  std::vector<Running> running;
  auto mark = Clock::now();
  while (!running.empty() || (!waiting.empty() && failures_.empty())) {
    while (failures_.empty() && !waiting.empty() && running.size() < side_by_side_) {
      running.push_back(start(waiting.front()));
      waiting.pop_front();
    }
    std::this_thread::sleep_for(kPoll);
    // Their destructors end them.
    if (stop.arrived()) throw Error(ErrorKind::kRun, kStopped);
    seconds_ += seconds_since(std::exchange(mark, Clock::now()));
    for (auto item = running.begin(); item != running.end();) {
      const auto status = item->child.ended();
      if (status) finish(*item, *status);
      item = status ? running.erase(item) : item + 1;
    }
  }
  if (failures_.empty()) return;
  throw Error(ErrorKind::kRun,
              join(failures_, "\n") + "\nWhat is finished is kept; the same command goes on.");
}

}  // namespace tasuki::tools
