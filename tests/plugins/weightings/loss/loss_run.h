#pragma once

#include <iomanip>
#include <sstream>

#include "tests/plugins/weightings/linear_step.h"

namespace tasuki::testing {

using Values = std::vector<double>;

// The values, each multiplied with the factor.
inline Values times(Values values, double factor) {
  for (double& value : values) value *= factor;
  return values;
}

// "t0", "t1", ...
inline std::vector<Objective> numbered_tasks(size_t count) {
  std::vector<Objective> objectives;
  for (size_t i = 0; i < count; ++i)
    objectives.push_back(Objective::primary("t" + std::to_string(i)));
  return objectives;
}

// Options that give each of them a number.
inline std::string numbers_text(const std::string& field, const Values& values) {
  std::ostringstream text;
  text << std::setprecision(17);
  for (size_t i = 0; i < values.size(); ++i) {
    text << field << " { objective: \"t" << i << "\" value: " << values[i] << " } ";
  }
  return text.str();
}

// Losses that a test gives as those of the same batch after an update.
class GivenLosses : public LookAhead {
 public:
  explicit GivenLosses(Values values) : values_(std::move(values)) {}
  std::vector<torch::Tensor> training_losses(bool) override {
    std::vector<torch::Tensor> losses;
    for (const double value : values_) losses.push_back(torch::tensor(value, torch::kFloat64));
    return losses;
  }
  std::vector<torch::Tensor> validation_losses(bool) override { return {}; }

 private:
  Values values_;
};

// A method on tasks t0, t1, ... whose losses the test gives. Parameters of the method's own are
// trained by plain SGD with the learning rate 0.1; all gradients of the losses are 0 unless the
// test sets them.
class LossRun {
 public:
  LossRun(const std::string& name, const std::string& options, size_t tasks)
      : LossRun(name, options, numbered_tasks(tasks)) {}
  LossRun(const std::string& name, const std::string& options,
          const std::vector<Objective>& objectives)
      : problem(objectives), objectives_(objectives) {
    problem.set_rows(torch::zeros_like(problem.rows()));
    auto context = problem.context();
    context.make_optimizer = [](const Optimizer::Context& own) {
      return make<Optimizer>("tasuki/SGD", "momentum: 0 weight_decay: 0", own);
    };
    weighting = make<Weighting>(name, options, context);
  }

  // The factors of a step in `epoch` of the objectives at `index` (all when empty).
  Values step(const Values& losses, int64_t epoch = 0, const std::vector<size_t>& index = {}) {
    step_ = problem.step(Train::NONE, index, weighting->needs());
    step_.epoch = epoch;
    for (size_t i = 0; i < losses.size(); ++i) {
      step_.losses[i] = (step_.losses[i] - step_.losses[i].detach()) + losses[i];
    }
    return take_step(*weighting, step_);
  }
  // The update of that step, behind which its batch has these losses.
  void update(const Values& losses) {
    GivenLosses given(losses);
    step_.look_ahead = &given;
    weighting->after_update(step_);
    step_.look_ahead = nullptr;
  }

  // What the method keeps of each task under this name.
  Values kept(const std::string& name) const {
    Values values;
    const auto state = weighting->state();
    for (const auto& objective : objectives_) {
      values.push_back(state.at(objective.name + "." + name).item<double>());
    }
    return values;
  }
  // Another number for each.
  void keep(const std::string& name, const Values& values) {
    std::map<std::string, torch::Tensor> state;
    for (const auto& [key, tensor] : weighting->state()) state[key] = tensor.clone();
    for (size_t i = 0; i < values.size(); ++i) {
      state.at(objectives_[i].name + "." + name).fill_(values[i]);
    }
    weighting->load_state(state);
  }

  LinearProblem problem;
  std::unique_ptr<Weighting> weighting;

 private:
  std::vector<Objective> objectives_;
  StepContext step_;  // the last one
};

}  // namespace tasuki::testing
