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
        first_(options.has_first() ? options.first() : 10),
        multiplier_(options.has_multiplier() ? options.multiplier() : 1),
        least_(factor_option(options.min_factor())),
        decay_(options.has_decay() ? options.decay() : 1) {
    require_option(first_ > 0, "first", "must be at least 1 epoch");
    require_option(multiplier_ > 0, "multiplier", "must be at least 1");
    require_option(decay_ > 0 && decay_ <= 1, "decay", "must be in (0, 1]");
  }

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
      : rise_(options.has_rise() ? options.rise() : 0.3),
        start_(1 / (options.has_start_divisor() ? options.start_divisor() : 25)),
        end_(start_ / (options.has_end_divisor() ? options.end_divisor() : 1e4)),
        linear_(options.anneal() == options::OneCycle::LINEAR),
        last_(double(std::max<int64_t>(context.total_steps, 1) - 1)),
        top_(rise_ * double(std::max<int64_t>(context.total_steps, 1)) - 1) {
    require_option(rise_ >= 0 && rise_ <= 1, "rise", "must be in [0, 1]");
    require_option(start_ > 0 && start_ <= 1, "start_divisor", "must be at least 1");
    require_option(end_ > 0 && end_ <= start_, "end_divisor", "must be at least 1");
    require_option(options::OneCycle::Anneal_IsValid(options.anneal()), "anneal",
                   "is no shape; known: COSINE, LINEAR");
  }

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
