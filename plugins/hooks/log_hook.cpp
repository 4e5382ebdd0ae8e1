#include <fmt/format.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "plugins/hooks/hooks.pb.h"
#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/hook.h"
#include "tasuki/engine/parameter_options.h"
#include "tasuki/registry/registry.h"

namespace tasuki::hooks {
namespace {

constexpr int kBarWidth = 24;
constexpr double kRedrawSeconds = 0.1;

std::string duration(double seconds) {
  const auto total = static_cast<int64_t>(seconds + 0.5);
  if (total < 60) return fmt::format("{}s", total);
  if (total < 3600) return fmt::format("{}m{:02}s", total / 60, total % 60);
  return fmt::format("{}h{:02}m", total / 3600, total / 60 % 60);
}

std::string listed(const std::map<std::string, double>& values) {
  std::string text;
  for (const auto& [name, value] : values) {
    text += fmt::format("{}{} {:.4g}", text.empty() ? "" : "  ", name, value);
  }
  return text;
}

class Log : public Hook {
 public:
  Log(const options::Log& options, const Context&)
      : every_(options.every()), terminal_(isatty(STDERR_FILENO) != 0) {}

  bool only_observes() const override { return true; }

  void before_run(Run& run) override {
    auto file = std::make_shared<spdlog::sinks::basic_file_sink_mt>(
        (run.work_dir / kLogFile).string(), !run.resumed);
    auto screen = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    screen->set_pattern("%v");
    file->set_pattern("%Y-%m-%d %H:%M:%S %v");
    log_ = std::make_unique<spdlog::logger>("train", spdlog::sinks_init_list{file, screen});
    log_->flush_on(spdlog::level::info);
    const auto& train = run.experiment.config.message().train();
    log_->info("{} epochs of {} steps, {} parameters, {} samples, {}, {}, {} threads", run.epochs,
               run.steps_per_epoch, run.parameters->count(), run.train_source->size(),
               Precision_Name(run.experiment.precision), run.experiment.device.str(),
               train.threads());
    if (has_parameter_options(train)) {
      log_->info("groups of parameters:\n{}", parameter_table(run.parameters->parameters()));
    }
    if (run.validation_batches) {
      log_->info(
          "the weighting learns on split {}, which also chooses the best epoch: figures on it "
          "flatter "
          "this run; compare on a split that it has not seen ({})",
          run.experiment.validation_split(), run.experiment.test_split());
    }
    if (run.resumed) log_->info("resumed after epoch {}{}", run.epoch, steps_of(run));
    for (const auto& note : run.notes) log_->info("note: {}", note);
    first_epoch_ = run.epoch;
    start_ = Clock::now();
  }

  void before_epoch(Run& run) override {
    images_ = 0;
    seconds_before_ = run.epoch_seconds;
  }

  void after_step(Run& run) override {
    images_ += run.last.images;
    const int64_t done = run.epoch_step;
    if (terminal_) draw_bar(run, done);
    if (every_ > 0 && done % every_ == 0) {
      clear_bar();
      log_->info("epoch {}/{}  step {}/{}  {}  lr {:.4g}  {:.1f} images/s", run.epoch + 1,
                 run.epochs, done, run.steps_per_epoch, listed(run.last.losses),
                 run.last.learning_rate, speed(run));
    }
  }

  void after_epoch(Run& run) override {
    clear_bar();
    const auto auxiliary = run.of_auxiliaries(run.epoch_losses);
    const auto extra = run.of_extra(run.epoch_losses);
    log_->info(
        "epoch {}/{}  loss {}{}{}  lr {:.4g}  {:.1f} images/s  {}  (waited for data {:.2f}s)  "
        "left {}",
        run.epoch + 1, run.epochs, listed(run.of_primaries(run.epoch_losses)),
        auxiliary.empty() ? "" : "  auxiliary " + listed(auxiliary),
        extra.empty() ? "" : "  extra " + listed(extra), run.last.learning_rate, speed(run),
        duration(run.epoch_seconds), run.epoch_waited, duration(left(run, run.epoch + 1)));
    if (!run.evaluation) return;
    log_->info("  {}  {}{}", run.evaluation->split, listed(protocol_values(*run.evaluation)),
               run.is_best() ? "  best" : "");
  }

  void after_run(Run& run, bool finished) override {
    clear_bar();
    if (log_ == nullptr) return;
    if (!finished) {
      log_->info("stopped in epoch {} of {}{}", run.epoch + 1, run.epochs,
                 run.stopped.empty() ? "" : ": " + run.stopped);
      return;
    }
    if (!run.stopped.empty()) log_->info("ended after epoch {}: {}", run.epochs, run.stopped);
    if (run.best_evaluation) {
      log_->info("best epoch {} of {}:  {}", run.best_epoch, run.epochs,
                 listed(protocol_values(*run.best_evaluation)));
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  static std::string steps_of(const Run& run) {
    return run.epoch_step > 0 ? fmt::format(" and {} steps", run.epoch_step) : "";
  }

  double speed(const Run& run) const {
    const double seconds = run.epoch_seconds - seconds_before_;
    return seconds > 0 ? double(images_) / seconds : 0;
  }

  // Seconds until the end, from the mean of the epochs of this process.
  double left(const Run& run, double epochs_done) const {
    const double here = epochs_done - double(first_epoch_);
    const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
    return here > 0 ? elapsed / here * (double(run.epochs) - epochs_done) : 0;
  }

  static std::map<std::string, double> protocol_values(const Evaluation& evaluation) {
    std::map<std::string, double> values;
    for (const auto& task : evaluation.tasks) {
      for (const auto& value : task.values) {
        if (value.info.in_protocol) values[task.task + "." + value.info.name] = value.value;
      }
    }
    return values;
  }

  void draw_bar(const Run& run, int64_t done) {
    const auto now = Clock::now();
    if (std::chrono::duration<double>(now - drawn_).count() < kRedrawSeconds) return;
    drawn_ = now;
    const int filled = static_cast<int>(kBarWidth * done / run.steps_per_epoch);
    std::string bar(static_cast<size_t>(filled), '#');
    bar.resize(kBarWidth, '.');
    std::string line = fmt::format(
        "epoch {}/{} [{}] {}/{}  {}  lr {:.3g}  {:.1f} images/s  left {}", run.epoch + 1,
        run.epochs, bar, done, run.steps_per_epoch, listed(run.of_primaries(run.last.losses)),
        run.last.learning_rate, speed(run),
        duration(left(run, double(run.epoch) + double(done) / double(run.steps_per_epoch))));
    winsize window{};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 1) {
      line = line.substr(0, window.ws_col - 1u);
    }
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    std::fflush(stderr);
    bar_shown_ = true;
  }

  void clear_bar() {
    if (bar_shown_) std::fprintf(stderr, "\r\033[K");
    bar_shown_ = false;
  }

  int64_t every_;
  bool terminal_;
  bool bar_shown_ = false;
  std::unique_ptr<spdlog::logger> log_;
  Clock::time_point start_, drawn_;
  int64_t first_epoch_ = 0;
  int64_t images_ = 0;         // of this epoch, in this process
  double seconds_before_ = 0;  // of this epoch, in the one before
};

}  // namespace

TASUKI_REGISTER(Hook, Log, options::Log, "tasuki/Log");

}  // namespace tasuki::hooks
