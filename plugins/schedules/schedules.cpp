#include <algorithm>
#include <cmath>
#include <numbers>

#include "plugins/schedules/progress.h"
#include "plugins/schedules/schedules.pb.h"
#include "tasuki/engine/optimizer.h"
#include "tasuki/registry/registry.h"

namespace tasuki::schedules {
namespace {

class Constant : public Schedule {
 public:
  Constant(const options::Constant&, const Context&) {}
  double factor(int64_t) const override { return 1; }
};

class Cosine : public Schedule {
 public:
  Cosine(const options::Cosine& options, const Context& context)
      : run_(context), least_(options.min_factor()) {}

  double factor(int64_t step) const override {
    const double wave = 0.5 * (1 + std::cos(std::numbers::pi * progress(step, run_)));
    return least_ + (1 - least_) * wave;
  }

 private:
  Context run_;
  double least_;
};

class Polynomial : public Schedule {
 public:
  Polynomial(const options::Polynomial& options, const Context& context)
      : run_(context), power_(options.power()), least_(options.min_factor()) {}

  double factor(int64_t step) const override {
    return std::max(least_, std::pow(1 - progress(step, run_), power_));
  }

 private:
  Context run_;
  double power_;
  double least_;
};

class Step : public Schedule {
 public:
  Step(const options::Step& options, const Context& context)
      : run_(context),
        gamma_(options.gamma()),
        every_(options.has_every() ? options.every() : 100),
        epochs_(options.epoch().begin(), options.epoch().end()) {
    require_option(epochs_.empty() || !options.has_every(), "every",
                   "give either every or a list of epochs, not both");
    require_option(std::is_sorted(epochs_.begin(), epochs_.end()), "epoch", "must ascend");
  }

  double factor(int64_t step) const override {
    const int64_t epoch = step / std::max<int64_t>(run_.steps_per_epoch, 1);
    const int64_t drops =
        epochs_.empty() ? epoch / every_
                        : std::upper_bound(epochs_.begin(), epochs_.end(), epoch) - epochs_.begin();
    return std::pow(gamma_, double(drops));
  }

 private:
  Context run_;
  double gamma_;
  int64_t every_;
  std::vector<int64_t> epochs_;
};

class Exponential : public Schedule {
 public:
  Exponential(const options::Exponential& options, const Context& context)
      : run_(context), gamma_(options.gamma()) {}

  double factor(int64_t step) const override {
    return std::pow(gamma_, double(step) / double(std::max<int64_t>(run_.steps_per_epoch, 1)));
  }

 private:
  Context run_;
  double gamma_;
};

class Linear : public Schedule {
 public:
  Linear(const options::Linear& options, const Context& context)
      : run_(context), from_(options.from()), to_(options.to()) {}

  double factor(int64_t step) const override {
    return from_ + (to_ - from_) * progress(step, run_);
  }

 private:
  Context run_;
  double from_;
  double to_;
};

}  // namespace

TASUKI_REGISTER(Schedule, Constant, options::Constant, "tasuki/Constant");
TASUKI_REGISTER(Schedule, Cosine, options::Cosine, "tasuki/Cosine");
TASUKI_REGISTER(Schedule, Polynomial, options::Polynomial, "tasuki/Polynomial");
TASUKI_REGISTER(Schedule, Step, options::Step, "tasuki/Step");
TASUKI_REGISTER(Schedule, Exponential, options::Exponential, "tasuki/Exponential");
TASUKI_REGISTER(Schedule, Linear, options::Linear, "tasuki/Linear");

}  // namespace tasuki::schedules
