#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "plugins/optimizers/state.h"
#include "tasuki/engine/optimizer.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

using Values = std::vector<double>;

// Three parameters, the gradient of each step, and the learning rate of each step.
const Values kStart = {0.5, -2, 3};
const std::vector<Values> kGradients = {{1, -0.5, 0.25}, {0.5, 0.5, -2}, {-1, 0.1, 0}};
const Values kRates = {0.1, 0.05, 0.02};

// The published formula of one step: parameters, gradient, learning rate, number of the step
// from 1.
using Formula = std::function<void(Values&, const Values&, double, int)>;

void expect_steps(const std::string& name, const std::string& options, const Formula& formula) {
  auto parameters = torch::tensor(kStart, torch::kFloat64).requires_grad_();
  parameters.mutable_grad() = torch::zeros({3}, torch::kFloat64);
  const auto optimizer = testing::make<Optimizer>(name, options, {parameters});
  Values expected = kStart;
  for (size_t step = 0; step < kGradients.size(); ++step) {
    parameters.mutable_grad().copy_(torch::tensor(kGradients[step], torch::kFloat64));
    optimizer->step(kRates[step], torch::tensor(true));
    formula(expected, kGradients[step], kRates[step], int(step) + 1);
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(parameters[int64_t(i)].item<double>(), expected[i], 1e-12)
          << name << " { " << options << " } step " << step + 1;
    }
  }
}

TEST(SGD, Plain) {
  expect_steps("tasuki/SGD", "momentum: 0 weight_decay: 0",
               [](Values& x, const Values& g, double lr, int) {
                 for (size_t i = 0; i < x.size(); ++i) x[i] -= lr * g[i];
               });
}

TEST(SGD, MomentumAndWeightDecay) {
  for (const bool nesterov : {false, true}) {
    Values buffer(3, 0);
    expect_steps(
        "tasuki/SGD",
        std::string("momentum: 0.8 weight_decay: 0.01 nesterov: ") + (nesterov ? "true" : "false"),
        [&](Values& x, const Values& g, double lr, int) {
          for (size_t i = 0; i < x.size(); ++i) {
            const double gradient = g[i] + 0.01 * x[i];
            buffer[i] = 0.8 * buffer[i] + gradient;
            x[i] -= lr * (nesterov ? gradient + 0.8 * buffer[i] : buffer[i]);
          }
        });
  }
}

// Algorithm 1 of arXiv:1412.6980; `decay` is the L2 penalty, `decoupled` that of arXiv:1711.05101.
Formula adam(double beta1, double beta2, double eps, double decay, double decoupled) {
  auto m = std::make_shared<Values>(3, 0), v = std::make_shared<Values>(3, 0);
  return [=](Values& x, const Values& g, double lr, int t) {
    for (size_t i = 0; i < x.size(); ++i) {
      const double gradient = g[i] + decay * x[i];
      x[i] *= 1 - lr * decoupled;
      (*m)[i] = beta1 * (*m)[i] + (1 - beta1) * gradient;
      (*v)[i] = beta2 * (*v)[i] + (1 - beta2) * gradient * gradient;
      const double mean = (*m)[i] / (1 - std::pow(beta1, t));
      const double square = (*v)[i] / (1 - std::pow(beta2, t));
      x[i] -= lr * mean / (std::sqrt(square) + eps);
    }
  };
}

TEST(Adam, FollowsThePaper) {
  expect_steps("tasuki/Adam", "", adam(0.9, 0.999, 1e-8, 0, 0));
  expect_steps("tasuki/Adam", "beta1: 0.7 beta2: 0.9 eps: 0.01 weight_decay: 0.1",
               adam(0.7, 0.9, 0.01, 0.1, 0));
}

TEST(AdamW, FollowsThePaper) {
  expect_steps("tasuki/AdamW", "", adam(0.9, 0.999, 1e-8, 0, 1e-2));
  expect_steps("tasuki/AdamW", "beta1: 0.7 beta2: 0.9 eps: 0.01 weight_decay: 0.1",
               adam(0.7, 0.9, 0.01, 0, 0.1));
}

// What a GPU does, where nobody reads the flag: a step is taken, and taken back.
template <class TorchOptimizer, class TorchState, class TorchOptions>
class OnDevice {
 public:
  explicit OnDevice(const TorchOptions& options)
      : values_(torch::tensor(kStart, torch::kFloat64).requires_grad_()),
        optimizer_({values_}, options) {
    values_.mutable_grad() = torch::zeros({3}, torch::kFloat64);
  }
  // Parameters and buffers behind each of the steps.
  std::vector<torch::Tensor> run(const std::vector<Values>& gradients, bool by_flag,
                                 const std::vector<bool>& apply) {
    std::vector<torch::Tensor> all;
    for (size_t i = 0; i < gradients.size(); ++i) {
      values_.mutable_grad().copy_(torch::tensor(gradients[i], torch::kFloat64));
      if (by_flag) {
        optimizers::step_where(
            torch::tensor(bool(apply[i])), values_, [&] { return buffers(); },
            [&] { optimizer_.step(); });
      } else if (apply[i]) {
        optimizer_.step();
      }
    }
    all.push_back(values_.detach().clone());
    for (const auto& buffer : buffers()) all.push_back(buffer.clone());
    return all;
  }

 private:
  std::vector<torch::Tensor> buffers() const {
    const auto* state = optimizers::find_state<TorchState>(optimizer_, values_);
    if (state == nullptr) return {};
    if constexpr (std::is_same_v<TorchState, torch::optim::SGDParamState>) {
      return {state->momentum_buffer()};
    } else {
      return {state->exp_avg(), state->exp_avg_sq()};
    }
  }

  torch::Tensor values_;
  TorchOptimizer optimizer_;
};

template <class TorchOptimizer, class TorchState, class TorchOptions>
void expect_taken_back(const TorchOptions& options, bool counts) {
  using Device = OnDevice<TorchOptimizer, TorchState, TorchOptions>;
  const double nan = std::nan("");
  const std::vector<Values> gradients = {{nan, -HUGE_VAL, 1}, {1, -0.5, 0.25}, {nan, nan, nan}};
  for (const auto& apply :
       std::vector<std::vector<bool>>{{false, true, false}, {false, false, false}, {false, true}}) {
    if (counts && apply[1]) continue;  // LibTorch counts Adam's steps on the host
    const std::vector<Values> some(gradients.begin(), gradients.begin() + long(apply.size()));
    const auto expected = Device(options).run(some, false, apply);
    const auto found = Device(options).run(some, true, apply);
    for (size_t i = 0; i < found.size(); ++i) {
      const auto like = i < expected.size() ? expected[i] : torch::zeros_like(found[i]);
      EXPECT_TRUE(found[i].equal(like)) << i << "\n" << found[i];
    }
  }
  const auto plain = Device(options).run(kGradients, false, {true, true, true});
  const auto flagged = Device(options).run(kGradients, true, {true, true, true});
  ASSERT_EQ(plain.size(), flagged.size());
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_TRUE(plain[i].equal(flagged[i])) << i;
}

TEST(StepWhere, IsTheOptimizersOwnOrNone) {
  using namespace torch::optim;
  expect_taken_back<torch::optim::SGD, SGDParamState>(
      SGDOptions(0.1).momentum(0.9).weight_decay(0.01), false);
  expect_taken_back<torch::optim::Adam, AdamParamState>(AdamOptions(0.1).weight_decay(0.01), true);
  expect_taken_back<torch::optim::AdamW, AdamWParamState>(AdamWOptions(0.1), true);
}

TEST(Optimizers, RefuseOptionsOutOfRange) {
  const auto field = [](const std::string& name, const std::string& options) {
    try {
      testing::make<Optimizer>(name, options, {torch::zeros({1}).requires_grad_()});
    } catch (const OptionError& error) {
      return error.field();
    }
    return std::string("nothing refused");
  };
  for (const std::string name : {"tasuki/SGD", "tasuki/Adam", "tasuki/AdamW"}) {
    for (const std::string value : {"0", "-1", "nan"}) {
      EXPECT_EQ(field(name, "lr: " + value), "lr") << name << " " << value;
    }
    EXPECT_EQ(field(name, "weight_decay: -1e-9"), "weight_decay") << name;
  }
  EXPECT_EQ(field("tasuki/SGD", "momentum: 1"), "momentum");
  EXPECT_EQ(field("tasuki/SGD", "momentum: 0 nesterov: true"), "nesterov");
  EXPECT_EQ(field("tasuki/Adam", "beta1: 1"), "beta1");
  EXPECT_EQ(field("tasuki/AdamW", "beta2: -0.1"), "beta2");
  EXPECT_EQ(field("tasuki/AdamW", "eps: 0"), "eps");
}

}  // namespace
}  // namespace tasuki
