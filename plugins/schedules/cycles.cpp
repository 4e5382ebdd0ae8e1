#include <algorithm>
#include <cmath>

#include "plugins/schedules/progress.h"
#include "plugins/schedules/schedules.pb.h"
#include "tasuki/engine/optimizer.h"
#include "tasuki/registry/registry.h"

namespace tasuki::schedules {
namespace {

class CosineRestarts : public Schedule {
 public:
  CosineRestarts(const options::CosineRestarts& options, const Context& context)
      : run_(context),
        first_(options.first()),
        multiplier_(options.multiplier()),
        least_(options.min_factor()),
        decay_(options.decay()) {}

  double factor(int64_t step) const override {
    double epoch = double(step) / double(std::max<int64_t>(run_.steps_per_epoch, 1));
    double length = first_, peak = 1;
    while (epoch >= length) {
      epoch -= length;
      length *= multiplier_;
      peak *= decay_;
    }
    return half_cosine(std::max(peak, least_), least_, epoch / length);
  }

 private:
  Context run_;
  double first_;
  double multiplier_;
  double least_;
  double decay_;
};

// The two sides of a cycle: from `start` at step 0 to `peak`, and from there to `end` at the last
// step. They meet at the step rise * total - 1, as PyTorch's do.
class TwoSides {
 public:
  TwoSides(double rise, options::OneCycle::Anneal anneal, const Schedule::Context& context)
      : linear_(anneal == options::OneCycle::LINEAR),
        last_(double(std::max<int64_t>(context.total_steps, 1) - 1)),
        top_(rise * double(std::max<int64_t>(context.total_steps, 1)) - 1) {}

  double at(int64_t step, double start, double peak, double end) const {
    const double x = double(step);
    if (x <= top_) return between(start, peak, top_ > 0 ? x / top_ : 1);
    return between(peak, end, last_ > top_ ? std::min((x - top_) / (last_ - top_), 1.0) : 1);
  }

 private:
  double between(double from, double to, double share) const {
    return linear_ ? from + (to - from) * share : half_cosine(from, to, share);
  }

  bool linear_;
  double last_;
  double top_;
};

class OneCycle : public Schedule {
 public:
  OneCycle(const options::OneCycle& options, const Context& context)
      : sides_(options.rise(), options.anneal(), context),
        start_(1 / options.start_divisor()),
        end_(start_ / options.end_divisor()) {
    require_option(start_ > 0 && start_ <= 1, "start_divisor", "must be at least 1");
    require_option(end_ > 0 && end_ <= start_, "end_divisor", "must be at least 1");
  }

  double factor(int64_t step) const override { return sides_.at(step, start_, 1, end_); }

 private:
  TwoSides sides_;
  double start_;
  double end_;
};

class OneCycleMomentum : public Schedule {
 public:
  OneCycleMomentum(const options::OneCycleMomentum& options, const Context& context)
      : sides_(options.rise(), options.anneal(), context), least_(options.least()) {
    require_option(least_ >= 0 && least_ <= 1, "least", "must be in [0, 1]");
  }

  double factor(int64_t step) const override { return sides_.at(step, 1, least_, 1); }

 private:
  TwoSides sides_;
  double least_;
};

}  // namespace

TASUKI_REGISTER(Schedule, CosineRestarts, options::CosineRestarts, "tasuki/CosineRestarts");
TASUKI_REGISTER(Schedule, OneCycle, options::OneCycle, "tasuki/OneCycle");
TASUKI_REGISTER(Schedule, OneCycleMomentum, options::OneCycleMomentum, "tasuki/OneCycleMomentum");

}  // namespace tasuki::schedules
