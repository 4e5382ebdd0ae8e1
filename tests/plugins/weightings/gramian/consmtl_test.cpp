#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/plugins/weightings/fixtures.h"
#include "tests/plugins/weightings/linear_step.h"

namespace tasuki {
namespace {

using testing::to_tensor;

constexpr double kPeerRate = 0.05;

nlohmann::json peer_cases() {
  std::ifstream file(std::string(TASUKI_TEST_DATA) + "/weightings/consmtl.json");
  return nlohmann::json::parse(file);
}

// The model of tests/peers/consmtl.py.
class CurvedProblem {
 public:
  explicit CurvedProblem(const nlohmann::json& peer)
      : mixing_(to_tensor(peer["mixing"])), targets_(to_tensor(peer["targets"])) {
    module_.register_parameter("shared", to_tensor(peer["shared"]));
    for (size_t i = 0; i < peer["decoders"].size(); ++i) {
      objectives_.push_back(Objective::primary("t" + std::to_string(i)));
      module_.register_parameter("decoder_t" + std::to_string(i), to_tensor(peer["decoders"][i]));
    }
    flat_ = std::make_unique<ParameterSpace>(module_, false);
  }

  Weighting::Context context() {
    Weighting::Context context;
    context.objectives = objectives_;
    context.parameters = flat_.get();
    for (const auto& span : flat_->segments()) {
      if (span.name == "shared") {
        context.shared.push_back(span);
      } else {
        context.decoders[span.name.substr(8)].push_back(span);
      }
    }
    for (const auto& item : module_.named_parameters()) context.leaves[item.key()] = item.value();
    context.has_cut = true;
    return context;
  }

  StepContext step() {
    flat_->zero_gradient();
    trace_ = ForwardTrace();
    trace_.cuts = true;
    StepContext step;
    const auto parameters = module_.named_parameters();
    const auto z = trace_.cut("z", torch::tanh(mixing_.mv(parameters["shared"])));
    for (size_t i = 0; i < objectives_.size(); ++i) {
      const auto reached = torch::tanh(z * parameters["decoder_t" + std::to_string(i)]).sum();
      step.losses.push_back((reached - targets_[int64_t(i)]).square() / 2);
      step.index.push_back(i);
    }
    step.parameters = flat_.get();
    step.trace = &trace_;
    step.coefficients = torch::ones({int64_t(objectives_.size())}, torch::kFloat64);
    step.normalize = RouteNormalizer(Train::NONE, objectives_);
    step.backward = [](const torch::Tensor& loss, bool keep_graph) {
      loss.backward({}, keep_graph);
    };
    return step;
  }

  // Of "shared" or a decoder.
  torch::Tensor gradient(const std::string& name) {
    return module_.named_parameters()[name].grad();
  }
  void update() {
    const torch::NoGradGuard no_grad;
    flat_->values().sub_(kPeerRate * flat_->gradient());
  }

 private:
  torch::nn::Module module_;
  std::vector<Objective> objectives_;
  torch::Tensor mixing_, targets_;
  std::unique_ptr<ParameterSpace> flat_;
  ForwardTrace trace_;
};

std::string options_of(const nlohmann::json& peer, const std::string& gradients = "") {
  return "lambda: " + peer["lambda"].dump() + " max_ratio: " + peer["max_ratio"].dump() +
         " gradients { " + gradients + " }";
}

void expect_near(const torch::Tensor& actual, const torch::Tensor& expected) {
  EXPECT_LE((actual - expected).norm().item<double>(), 1e-9 * expected.norm().item<double>());
}

TEST(ConsMTL, IsItsPeerOverTenSteps) {
  for (const auto& peer : peer_cases()) {
    CurvedProblem problem(peer);
    const auto weighting =
        testing::make<Weighting>("tasuki/ConsMTL", options_of(peer), problem.context());
    for (const auto& expected : peer["gradients"]) {
      auto step = problem.step();
      testing::take_step(*weighting, step);
      expect_near(problem.gradient("shared"), to_tensor(expected[0]));
      for (size_t i = 0; i + 1 < expected.size(); ++i) {
        expect_near(problem.gradient("decoder_t" + std::to_string(i)), to_tensor(expected[i + 1]));
      }
      problem.update();
    }
  }
}

TEST(ConsMTL, WithoutItsTermIsFairGradWithAlpha2) {
  const auto peer = peer_cases()[0];
  for (const std::string gradients : {"", "at: FEATURES", "decoders: WEIGHTED", "scale: MEAN"}) {
    CurvedProblem with(peer), without(peer);
    const auto common = " gradients { " + gradients + " }";
    const auto first =
        testing::make<Weighting>("tasuki/ConsMTL", "lambda: 0" + common, with.context());
    const auto second =
        testing::make<Weighting>("tasuki/FairGrad", "alpha: 2" + common, without.context());
    auto step = with.step(), other = without.step();
    testing::take_step(*first, step);
    if (!second->needs().features) {
      const auto walk = other.backward;
      other.backward = [&, walk](const torch::Tensor& loss, bool keep_graph) {
        walk(loss, keep_graph);
        other.trace->cut.backward(other.trace->cut.take_gradients(), keep_graph);
      };
    }
    testing::take_step(*second, other);
    for (const std::string name : {"shared", "decoder_t0", "decoder_t2"}) {
      expect_near(with.gradient(name), without.gradient(name));
    }
  }
}

TEST(ConsMTL, ChangesNothingButDecoders) {
  const auto peer = peer_cases()[1];
  for (const std::string gradients : {"", "at: FEATURES"}) {
    CurvedProblem with(peer), without(peer);
    auto step = with.step(), other = without.step();
    testing::take_step(
        *testing::make<Weighting>("tasuki/ConsMTL", options_of(peer, gradients), with.context()),
        step);
    testing::take_step(
        *testing::make<Weighting>("tasuki/ConsMTL", "lambda: 0 gradients { " + gradients + " }",
                                  without.context()),
        other);
    expect_near(with.gradient("shared"), without.gradient("shared"));
    EXPECT_FALSE(with.gradient("decoder_t1").allclose(without.gradient("decoder_t1")));
  }
}

TEST(ConsMTL, RefusesWhatItCannotDo) {
  testing::LinearProblem problem(testing::three_tasks());
  const auto field = [&](const std::string& options, bool has_cut) {
    auto context = problem.context();
    context.has_cut = has_cut;
    try {
      testing::make<Weighting>("tasuki/ConsMTL", options, context);
    } catch (const OptionError& error) {
      return error.field() + ": " + error.what();
    }
    return std::string("nothing refused");
  };
  EXPECT_THAT(field("gradients { every: 2 }", true), ::testing::HasSubstr("gradients.every"));
  EXPECT_THAT(field("gradients { smoothing: 0.5 }", true), ::testing::HasSubstr("every"));
  EXPECT_THAT(field("gradients { log_losses: true }", true), ::testing::HasSubstr("log_losses"));
  EXPECT_THAT(field("", false), ::testing::HasSubstr("choose FairGrad"));
  EXPECT_EQ(field("max_ratio: 0.5", true), "nothing refused");
}

}  // namespace
}  // namespace tasuki
