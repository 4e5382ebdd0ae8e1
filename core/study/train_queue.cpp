#include "tasuki/study/train_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <ostream>
#include <sstream>
#include <thread>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tasuki/model/safetensors.h"
#include "tasuki/study/trial_result.h"
#include "tasuki/system/child.h"
#include "tasuki/system/elapsed.h"

namespace tasuki {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPoll = std::chrono::milliseconds(50);
constexpr const char* kStopped = "stopped; the same command goes on from here";
constexpr size_t kLogLines = 8;
constexpr size_t kLargestLog = size_t{1} << 30;

std::string duration(double seconds) {
  const auto total = static_cast<int64_t>(seconds + 0.5);
  if (total < 60) return fmt::format("{}s", total);
  if (total < 3600) return fmt::format("{}m{:02}s", total / 60, total % 60);
  return fmt::format("{}h{:02}m", total / 3600, total / 60 % 60);
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

void evaluate_checkpoint(TrainRunner& runner, const TrainJob& job, const std::string& split,
                         std::ostream& out) {
  if (std::filesystem::exists(job.work_dir / ("eval_" + split + ".json"))) return;
  out << job.label << ": split " << split << "\n" << std::flush;
  const StopSignals stop;
  const auto work = runner.evaluate(job, split);
  auto how = work->ended();
  for (; !how; how = work->ended()) {
    std::this_thread::sleep_for(kPoll);
    if (stop.arrived()) throw Error(ErrorKind::kRun, kStopped);
  }
  if (how->empty()) return;
  throw Error(ErrorKind::kRun, job.label + ": no figures on split " + split + "; the log is " +
                                   job.log().string() + " and ends:\n" + last_lines(job.log()) +
                                   "\nWhere a file of the training is "
                                   "damaged, " +
                                   advice_for(job.work_dir));
}

struct TrainQueue::Running {
  TrainJob job;
  std::unique_ptr<StartedWork> work;
  Clock::time_point start;
  bool resumed;  // goes on from files of an earlier call
};

TrainQueue::TrainQueue(TrainRunner& runner, std::ostream& out, size_t side_by_side, double total)
    : runner_(runner), out_(out), side_by_side_(std::max<size_t>(side_by_side, 1)), total_(total) {}

std::string TrainQueue::time_left() const {
  const double rate = here_ > 0 ? seconds_ / here_ : 0;
  return duration(rate * std::max(0.0, total_ - done_));
}

TrainQueue::Running TrainQueue::start(const TrainJob& job) {
  const bool resumed = std::filesystem::exists(job.work_dir / kConfigFile);
  std::filesystem::create_directories(job.work_dir.parent_path());
  out_ << fmt::format("[{}/{}] {}: {} epochs\n", ++count_, of_, job.label, job.epochs)
       << std::flush;
  return {job, runner_.train(job, resumed), Clock::now(), resumed};
}

void TrainQueue::finish(const Running& running, const std::string& how) {
  const auto& job = running.job;
  if (how.empty() && is_finished(job)) {
    done_ += job.cost;
    here_ += job.cost;
    out_ << fmt::format("      {}: done in {}", job.label, duration(seconds_since(running.start)))
         << (done_ < total_ ? ", about " + time_left() + " left\n" : "\n") << std::flush;
    return;
  }
  failures_.push_back(
      job.label + " " + (how.empty() ? "ended without its last checkpoint" : how) +
      "; its log is " + job.log().string() + " and ends:\n" + last_lines(job.log()) +
      (running.resumed ? "\nIt went on from the files of an earlier call; where one "
                         "of them is damaged, " +
                             advice_for(job.work_dir)
                       : ""));
}

std::vector<TrainJob> TrainQueue::unfinished(const std::vector<TrainJob>& jobs, bool last) {
  std::vector<TrainJob> left;
  double cost = 0;
  for (const auto& job : jobs) {
    if (is_finished(job)) {
      done_ += job.cost;
    } else {
      left.push_back(job);
      cost += job.cost;
    }
  }
  of_ += left.size();
  if (last) total_ = done_ + cost;
  return left;
}

void TrainQueue::run(const std::vector<TrainJob>& jobs, bool last) {
  const auto left = unfinished(jobs, last);
  std::deque<TrainJob> waiting(left.begin(), left.end());
  const StopSignals stop;
  std::vector<Running> running;
  auto mark = Clock::now();
  while (!running.empty() || (!waiting.empty() && failures_.empty())) {
    while (failures_.empty() && !waiting.empty() && running.size() < side_by_side_) {
      running.push_back(start(waiting.front()));
      waiting.pop_front();
    }
    // Their destructors end them.
    if (stop.arrived()) throw Error(ErrorKind::kRun, kStopped);
    seconds_ += seconds_since(std::exchange(mark, Clock::now()));
    const size_t before = running.size();
    for (auto item = running.begin(); item != running.end();) {
      const auto how = item->work->ended();
      if (how) finish(*item, *how);
      item = how ? running.erase(item) : item + 1;
    }
    if (running.size() == before) std::this_thread::sleep_for(kPoll);
  }
  if (failures_.empty()) return;
  throw Error(ErrorKind::kRun,
              join(failures_, "\n") + "\nWhat is finished is kept; the same command goes on.");
}

}  // namespace tasuki
