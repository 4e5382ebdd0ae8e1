#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/plugins/weightings/loss/fixtures.h"
#include "tests/plugins/weightings/loss/loss_run.h"

namespace tasuki {
namespace {

using nlohmann::json;
using testing::is_near;
using testing::LossRun;
using testing::numbers_text;
using testing::Values;

std::string number_text(const std::string& field, const json& value) {
  return field + ": " + value.dump() + " ";
}

std::string values_text(const std::string& field, const json& options, const std::string& name) {
  return options.contains(name) ? numbers_text(field, options.at(name).get<Values>()) : "";
}

struct Ours {
  std::string name;
  std::string options;
  std::string kept;   // what the method keeps of each task,
  std::string state;  // and its name among the fixture's
};

Ours ours_of(const json& entry) {
  const std::string method = entry.at("method");
  const auto& options = entry.at("options");
  const auto n = entry.at("T").get<size_t>();
  if (method == "Sum") return {"EW", "", "", ""};
  if (method == "Mean") {
    return {"ConstantWeights", numbers_text("weight", Values(n, 1 / double(n))), "", ""};
  }
  const auto weights = values_text("weight", options, "weights");
  const auto references = values_text("reference", options, "reference");
  if (method == "Constant") return {"ConstantWeights", weights, "", ""};
  if (method == "GeometricMean") return {"GLS", "", "", ""};
  if (method == "COSMOS") {
    return {"COSMOS", number_text("lambda", options.at("lambda")) + weights, "", ""};
  }
  if (method == "PBI") {
    return {"PBI", number_text("theta", options.at("theta")) + weights + references, "", ""};
  }
  if (method == "STCH") {
    return {"PlainSTCH", number_text("mu", options.at("mu")) + weights + references, "", ""};
  }
  if (method == "UW") return {"UW", "init: 0", "log_variance", "log_var"};
  if (method == "IMTLL") return {"IMTL_L", "", "log_scale", "log_scale"};
  if (method == "DWA") {
    return {"DWA", number_text("temperature", options.at("temperature")), "", ""};
  }
  if (method == "FAMO") {
    return {"FAMO",
            number_text("lr", options.at("lr")) +
                number_text("weight_decay", options.at("weight_decay")) +
                values_text("min_loss", options, "min_losses"),
            "logit", "xi"};
  }
  return {};
}

void expect_calls(LossRun& run, const Ours& ours, const json& entry) {
  for (const auto& call : entry.at("calls")) {
    if (!ours.kept.empty()) {
      EXPECT_THAT(run.kept(ours.kept), is_near(call.at("state_before").at(ours.state)));
    }
    const int64_t epoch = call.value("epoch", int64_t(0));
    EXPECT_THAT(run.step(call.at("losses"), epoch), is_near(call.at("dvalue_dlosses")));
    if (call.contains("losses_after_step")) {
      run.update(call.at("losses_after_step"));
      EXPECT_THAT(run.kept("exp_avg"), is_near(call.at("state_after").at("adam_exp_avg")));
      EXPECT_THAT(run.kept("exp_avg_sq"), is_near(call.at("state_after").at("adam_exp_avg_sq")));
      EXPECT_EQ(run.kept("updates")[0], call.at("state_after").at("adam_step").get<double>());
    }
    if (!ours.kept.empty()) {
      EXPECT_THAT(run.kept(ours.kept), is_near(call.at("state_after").at(ours.state)));
    }
  }
}

// Softmax of draws that each side makes itself: theirs are written down, ours can be drawn again.
void expect_softmax_of_draws(const json& entry) {
  const auto softmax = [](const torch::Tensor& draws) {
    return to_vector(torch::softmax(draws, 0));
  };
  for (const auto& call : entry.at("calls")) {
    const auto drawn = call.at("draws")[0][1].get<Values>();
    EXPECT_THAT(softmax(torch::tensor(drawn, torch::kFloat64)), is_near(call.at("dvalue_dlosses")));
  }
  const auto n = entry.at("T").get<size_t>();
  LossRun run("tasuki/RandomWeights", "", n);
  for (uint64_t step = 0; step < 3; ++step) {
    Draws draws(step);  // those of LinearProblem's steps
    const auto expected = softmax(draws.normal_like(torch::empty({int64_t(n)}, torch::kFloat64)));
    EXPECT_EQ(run.step(Values(n, 1)), expected);
  }
}

TEST(TorchJD, ScalarizersAreOurs) {
  const auto fixture = testing::shared_fixture("torchjd_scalarizers.json");
  if (fixture.is_null()) GTEST_SKIP() << "TASUKI_DATA has no folder weightings";
  std::set<std::string> methods;
  for (const auto& entry : fixture.at("entries")) {
    SCOPED_TRACE(entry.at("method").dump() + " " + entry.at("options").dump());
    methods.insert(entry.at("method"));
    if (entry.at("method") == "Random") {
      expect_softmax_of_draws(entry);
      continue;
    }
    const auto ours = ours_of(entry);
    ASSERT_FALSE(ours.name.empty());
    LossRun run("tasuki/" + ours.name, ours.options, entry.at("T"));
    expect_calls(run, ours, entry);
  }
  EXPECT_EQ(methods.size(), 12u);
}

}  // namespace
}  // namespace tasuki
