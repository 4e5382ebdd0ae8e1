#include <algorithm>
#include <array>
#include <optional>

#include "plugins/hooks/hooks.pb.h"
#include "plugins/hooks/trace_recorder.h"
#include "tasuki/engine/hook.h"
#include "tasuki/io/files.h"
#include "tasuki/registry/registry.h"

namespace tasuki::hooks {
namespace {

constexpr const char* kTraceFile = "trace.json";
constexpr std::array<const char*, kStepPhases> kPhaseNames = {
    "forward", "losses", "backward", "unscale", "reduce", "combine", "clip", "update", "after"};

class Profiler : public Hook {
 public:
  Profiler(const options::Profiler& options, const Context& context)
      : name_(context.name),
        warmup_(options.warmup()),
        steps_(options.steps()),
        shapes_(options.shapes()) {}

  bool only_observes() const override { return true; }
  int default_priority() const override { return 100; }

  std::vector<StepPhase> phases() const override {
    std::vector<StepPhase> all;
    for (int i = 0; i < kStepPhases; ++i) all.push_back(StepPhase(i));
    return all;
  }

  void before_run(Run& run) override {
    const int64_t all = run.epochs * run.steps_per_epoch;
    if (!run.resumed && warmup_ + steps_ > all) {
      throw run.experiment.config.error(
          "train.hook[" + name_ + "].hook",
          "the run has only " + std::to_string(all) + " steps; give fewer for warmup and steps");
    }
    done_ = 0;
    begin_where_due();
  }

  void before_epoch(Run& run) override {
    waited_ = run.epoch_waited;
    if (!recorder_) return;
    recorder_->go_on();
    begin_step();
  }

  void after_phase(Run&, StepPhase phase) override {
    if (recorder_) ends_[size_t(phase)] = TraceRecorder::now();
  }

  void after_step(Run& run) override {
    if (recorder_) add_step(run);
    waited_ = run.epoch_waited;
    ++done_;
    if (recorder_ && done_ == warmup_ + steps_) finish(run);
    begin_where_due();
    if (!recorder_) return;
    recorder_->go_on();
    begin_step();
  }

  // Of an evaluation there may be more operators than anybody wants to see.
  void before_evaluation(Run&) override {
    if (!recorder_) return;
    recorder_->pause();
    evaluation_ = TraceRecorder::now();
  }

  void after_evaluation(Run&) override {
    if (recorder_) recorder_->add("evaluation", "evaluation", evaluation_, TraceRecorder::now());
  }

  void after_epoch(Run&) override {
    if (recorder_) recorder_->pause();
  }

  void after_run(Run& run, bool /*finished*/) override {
    if (recorder_) finish(run);
  }

 private:
  void begin_where_due() {
    if (done_ == warmup_ && !recorder_) recorder_ = std::make_unique<TraceRecorder>(shapes_);
  }

  void begin_step() { step_ = TraceRecorder::now(); }

  // The loop counts what it waited for a batch, which is what a step begins with.
  void add_step(const Run& run) {
    const int64_t end = TraceRecorder::now();
    const auto waited = int64_t(1e9 * std::max(run.epoch_waited - waited_, 0.0));
    int64_t begin = std::min(recorder_->behind_operators(step_ + waited), ends_.front());
    recorder_->add("step " + std::to_string(run.step), "step", step_, end);
    recorder_->add("data", "phase", step_, begin);
    for (size_t i = 0; i < ends_.size(); ++i) {
      recorder_->add(kPhaseNames[i], "phase", begin, ends_[i]);
      begin = ends_[i];
    }
    recorder_->add("hooks", "phase", begin, end);
  }

  void finish(const Run& run) {
    const auto trace = recorder_->chrome_trace();
    recorder_.reset();
    write_file_atomically(run.work_dir / kTraceFile, trace);
  }

  std::string name_;
  int64_t warmup_, steps_;
  bool shapes_;
  int64_t done_ = 0;  // steps of this process
  std::unique_ptr<TraceRecorder> recorder_;
  int64_t step_ = 0, evaluation_ = 0;        // when they began
  std::array<int64_t, kStepPhases> ends_{};  // of the step's phases
  double waited_ = 0;                        // for the loader, in this epoch up to the step
};

}  // namespace

TASUKI_REGISTER(Hook, Profiler, options::Profiler, "tasuki/Profiler");

}  // namespace tasuki::hooks
