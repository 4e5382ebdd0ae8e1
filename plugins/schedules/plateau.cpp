#include <algorithm>
#include <cmath>
#include <limits>

#include "plugins/schedules/progress.h"
#include "plugins/schedules/schedules.pb.h"
#include "tasuki/engine/optimizer.h"
#include "tasuki/registry/registry.h"

namespace tasuki::schedules {
namespace {

class Plateau : public Schedule {
 public:
  Plateau(const options::Plateau& options, const Context& context)
      : metric_(options.metric()),
        fall_(options.factor()),
        patience_(options.patience()),
        threshold_(options.threshold()),
        relative_(options.threshold_mode() == options::Plateau::REL),
        cooldown_(options.cooldown()),
        least_(options.min_factor()) {
    const auto& known = context.measured;
    require_option(known.empty() || std::find(known.begin(), known.end(), metric_) != known.end(),
                   "metric",
                   "nothing is measured by the name \"" + metric_ + "\"" +
                       did_you_mean(metric_, known) + "; known: " + join(known));
  }

  double factor(int64_t) const override { return factor_; }

  void observe(const std::vector<Measured>& measured, int64_t) override {
    const auto found = std::find_if(measured.begin(), measured.end(),
                                    [&](const Measured& figure) { return figure.name == metric_; });
    if (found == measured.end()) return;
    if (is_better(*found)) {
      best_ = found->value;
      bad_ = 0;
    } else {
      ++bad_;
    }
    if (left_of_cooldown_ > 0) {
      --left_of_cooldown_;
      bad_ = 0;
    }
    if (bad_ <= patience_) return;
    factor_ = std::max(factor_ * fall_, least_);
    left_of_cooldown_ = cooldown_;
    bad_ = 0;
  }

  nlohmann::json state() const override {
    nlohmann::json state = {
        {"factor", factor_}, {"bad", bad_}, {"left_of_cooldown", left_of_cooldown_}};
    if (std::isfinite(best_)) state["best"] = best_;
    return state;
  }
  void load_state(const nlohmann::json& state) override {
    factor_ = state.at("factor");
    bad_ = state.at("bad");
    left_of_cooldown_ = state.at("left_of_cooldown");
    best_ = state.value("best", std::numeric_limits<double>::quiet_NaN());
  }

 private:
  // The first number is; what is no number never.
  bool is_better(const Measured& figure) const {
    if (std::isnan(best_)) return std::isfinite(figure.value);
    const double margin = figure.higher_is_better ? threshold_ : -threshold_;
    const double share = best_ < 0 ? -margin : margin;  // of its size
    const double bound = relative_ ? best_ * (1 + share) : best_ + margin;
    return figure.higher_is_better ? figure.value > bound : figure.value < bound;
  }

  std::string metric_;
  double fall_;
  int64_t patience_;
  double threshold_;
  bool relative_;
  int64_t cooldown_;
  double least_;

  double factor_ = 1;
  double best_ = std::numeric_limits<double>::quiet_NaN();  // none yet
  int64_t bad_ = 0;                                         // evaluations since the best
  int64_t left_of_cooldown_ = 0;
};

}  // namespace

TASUKI_REGISTER(Schedule, Plateau, options::Plateau, "tasuki/Plateau");

}  // namespace tasuki::schedules
