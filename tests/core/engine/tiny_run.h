#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tasuki/engine/trainer.h"

// The smallest run that has all parts: rendered rooms of 32x40 pixels, three small stages of which
// the last is each task's own, three tasks.
namespace tasuki::testing {

// Two epochs of three steps, fp32, two threads.
ResolvedConfig tiny_config(const std::vector<std::string>& assignments = {});

// Gives it a self-auxiliary.
inline constexpr const char* kNormalToDepth =
    "model.self_auxiliary={[tasuki/Transfers]{edge{from:\"normal\" to:\"depth\"}}}";

// A run of it with the config's hooks and further ones.
struct TinyRun {
  explicit TinyRun(const std::filesystem::path& work_dir,
                   const std::vector<std::string>& assignments = {});
  void train() { Trainer(run, hooks).train(); }

  Run run;
  std::vector<NamedHook> hooks;
};

// A hook made of functions.
struct FakeHook : Hook {
  using Function = std::function<void(Run&)>;
  Function at_before_run, at_before_epoch, at_after_step, at_after_epoch;
  Function at_before_evaluation, at_after_evaluation;
  std::function<void(Run&, bool)> at_after_run;
  std::vector<StepPhase> listens;  // to these
  std::function<void(Run&, StepPhase)> at_phase;

  void before_run(Run& run) override { call(at_before_run, run); }
  void before_epoch(Run& run) override { call(at_before_epoch, run); }
  void after_step(Run& run) override { call(at_after_step, run); }
  void after_epoch(Run& run) override { call(at_after_epoch, run); }
  void before_evaluation(Run& run) override { call(at_before_evaluation, run); }
  void after_evaluation(Run& run) override { call(at_after_evaluation, run); }
  std::vector<StepPhase> phases() const override { return listens; }
  void after_phase(Run& run, StepPhase phase) override { at_phase(run, phase); }
  void after_run(Run& run, bool finished) override {
    if (at_after_run) at_after_run(run, finished);
  }

 private:
  static void call(const Function& function, Run& run) {
    if (function) function(run);
  }
};

// Every parameter and buffer, copied.
std::vector<std::pair<std::string, torch::Tensor>> weights_of(const Run& run);
// The first tensor that differs, or "".
std::string first_difference(const std::vector<std::pair<std::string, torch::Tensor>>& a,
                             const std::vector<std::pair<std::string, torch::Tensor>>& b);

// The lines of a history.jsonl without what a clock measured.
std::vector<nlohmann::json> history_of(const std::filesystem::path& work_dir);

}  // namespace tasuki::testing
