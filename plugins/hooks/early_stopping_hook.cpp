#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "plugins/hooks/hooks.pb.h"
#include "tasuki/engine/evaluation_policy.h"
#include "tasuki/engine/hook.h"
#include "tasuki/registry/registry.h"

namespace tasuki::hooks {
namespace {

class EarlyStopping : public Hook {
 public:
  EarlyStopping(const options::EarlyStopping& options, const Context& context)
      : name_(context.name),
        monitor_(options.monitor()),
        patience_(options.patience()),
        min_delta_(options.min_delta()) {}

  // It decides when a run ends, as train.epochs does, and nothing of what is learnt until then: a
  // run may go on with more patience.
  bool only_observes() const override { return true; }

  void before_run(Run& run) override {
    const auto known = measured_names(run);
    if (std::find(known.begin(), known.end(), monitor_) == known.end()) {
      throw run.experiment.config.error("train.hook[" + name_ + "].hook.monitor",
                                        "nothing is measured by the name \"" + monitor_ + "\"" +
                                            did_you_mean(monitor_, known) +
                                            "; known: " + join(known));
    }
    // One that has ended stays ended.
    if (bad_ >= patience_ && run.epoch < run.epochs) end(run, run.epoch);
  }

  void after_epoch(Run& run) override {
    if (!run.evaluation) return;
    const auto figures = measured(run);
    const auto found = std::find_if(figures.begin(), figures.end(), [&](const Measured& figure) {
      return figure.name == monitor_;
    });
    if (found == figures.end()) return;  // of an objective that does not run in this epoch
    if (is_better(*found)) {
      best_ = found->value;
      bad_ = 0;
    } else {
      ++bad_;
    }
    if (bad_ >= patience_ && run.epoch + 1 < run.epochs) end(run, run.epoch + 1);
  }

  nlohmann::json state() const override {
    nlohmann::json state = {{"monitor", monitor_}, {"bad", bad_}};
    if (std::isfinite(best_)) state["best"] = best_;
    return state;
  }
  // What was counted of another figure says nothing of this one.
  void load_state(const nlohmann::json& state) override {
    if (!state.is_object() || state.at("monitor") != monitor_) return;
    bad_ = state.at("bad");
    best_ = state.value("best", std::numeric_limits<double>::quiet_NaN());
  }

 private:
  // The first number is; what is no number never.
  bool is_better(const Measured& figure) const {
    if (std::isnan(best_)) return std::isfinite(figure.value);
    return figure.higher_is_better ? figure.value > best_ + min_delta_
                                   : figure.value < best_ - min_delta_;
  }

  // These epochs are all that the run has: its results are those of a finished one.
  void end(Run& run, int64_t epochs) const {
    const auto more = min_delta_ > 0 ? fmt::format(" by more than {}", min_delta_) : "";
    const auto reason =
        fmt::format("{} has not become better{} in {} evaluations", monitor_, more, bad_);
    const auto note = fmt::format("ended after epoch {} of {}: {}", epochs, run.epochs, reason);
    if (std::find(run.notes.begin(), run.notes.end(), note) == run.notes.end()) {
      run.notes.push_back(note);
    }
    run.epochs = epochs;
    run.stop(reason);
  }

  std::string name_;
  std::string monitor_;
  int64_t patience_;
  double min_delta_;

  double best_ = std::numeric_limits<double>::quiet_NaN();  // none yet
  int64_t bad_ = 0;                                         // evaluations since the best
};

}  // namespace

TASUKI_REGISTER(Hook, EarlyStopping, options::EarlyStopping, "tasuki/EarlyStopping");

}  // namespace tasuki::hooks
