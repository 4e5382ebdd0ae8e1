#include <algorithm>
#include <cmath>

#include "core/engine/optimizer.h"
#include "core/registry/registry.h"
#include "plugins/schedules/progress.h"
#include "plugins/schedules/schedules.pb.h"

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

// Phases end at the steps rise * total - 1 and total - 1, as PyTorch's do.
class OneCycle : public Schedule {
 public:
  OneCycle(const options::OneCycle& options, const Context& context)
      : rise_(options.rise()),
        start_(1 / options.start_divisor()),
        end_(start_ / options.end_divisor()),
        linear_(options.anneal() == options::OneCycle::LINEAR),
        last_(double(std::max<int64_t>(context.total_steps, 1) - 1)),
        top_(rise_ * double(std::max<int64_t>(context.total_steps, 1)) - 1) {}

  double factor(int64_t step) const override {
    const double at = double(step);
    if (at <= top_) return between(start_, 1, top_ > 0 ? at / top_ : 1);
    return between(1, end_, last_ > top_ ? std::min((at - top_) / (last_ - top_), 1.0) : 1);
  }

 private:
  double between(double from, double to, double share) const {
    return linear_ ? from + (to - from) * share : half_cosine(from, to, share);
  }

  double rise_;
  double start_;
  double end_;
  bool linear_;
  double last_;
  double top_;
};

}  // namespace

TASUKI_REGISTER(Schedule, CosineRestarts, options::CosineRestarts, "tasuki/CosineRestarts");
TASUKI_REGISTER(Schedule, OneCycle, options::OneCycle, "tasuki/OneCycle");

}  // namespace tasuki::schedules
