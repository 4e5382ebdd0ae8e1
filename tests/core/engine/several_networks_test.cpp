// Checkpoints that are used as one: a joint model, and the single-task model of what it leaves out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/evaluate.h"
#include "tasuki/model/safetensors.h"
#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TinyRun;

const std::string kWithoutNormal = "model.task[normal].joint=false";
const std::string kNormalToSeg =
    "model.self_auxiliary={[tasuki/Transfers]{edge{from:\"normal\" to:\"seg\"}}}";

class SeveralNetworks : public ::testing::Test {
 protected:
  void SetUp() override {
    save("joint", {kWithoutNormal, kNormalToSeg, "train.seed=3"});
    // Of another architecture than the joint model, as a single-task model may be.
    save("normal", {"model.task[seg].joint=false", "model.task[depth].joint=false", "train.seed=4",
                    "model.architecture=[tasuki/HardSharing]{}"});
  }

  // Weights as they are drawn: what they predict is as good as anything.
  void save(const std::string& name, std::vector<std::string> assignments) {
    const TinyRun tiny(folder_ / name, assignments);
    save_weights(tiny.run, file(name));
  }

  std::filesystem::path file(const std::string& name) const {
    return folder_ / (name + ".safetensors");
  }

  std::map<std::string, double> figures(const Checkpoints& files,
                                        const std::vector<std::string>& assignments = {}) const {
    const auto experiment = build_evaluation(testing::tiny_config(assignments), "", "val", files);
    return evaluate(experiment, *experiment.source("val", Experiment::Pipeline::kEvaluate)).flat();
  }

  std::string refusal(const Checkpoints& files) {
    try {
      build_inference(testing::tiny_config(), files);
    } catch (const Error& error) {
      kind_ = error.kind();
      return error.what();
    }
    return "nothing refused";
  }

  testing::TemporaryFolder folder_;
  ErrorKind kind_ = ErrorKind::kRun;
};

TEST_F(SeveralNetworks, HaveTheFiguresOfEach) {
  auto expected = figures({file("joint")}, {kWithoutNormal});
  expected.merge(
      figures({file("normal")}, {"model.task[seg].joint=false", "model.task[depth].joint=false",
                                 "model.architecture=[tasuki/HardSharing]{}"}));
  EXPECT_TRUE(expected.count("seg.miou") && expected.count("normal.mean"));
  EXPECT_EQ(figures({file("joint"), file("normal")}), expected);
  EXPECT_EQ(figures({file("normal"), file("joint")}), expected);
}

// Networks that interpolate in different ways do so when the padding is cut off, too.
TEST_F(SeveralNetworks, EachEnlargesWhatIsNoPadding) {
  save("normal", {"model.task[seg].joint=false", "model.task[depth].joint=false", "train.seed=4",
                  "model.architecture=[tasuki/HardSharing]{}", "model.align_corners=false"});
  const auto experiment = build_inference(testing::tiny_config(), {file("joint"), file("normal")});
  experiment.model->eval();
  experiment.companions[0]->eval();
  const torch::NoGradGuard no_grad;
  torch::manual_seed(1);
  const auto image = torch::rand({1, 3, 64, 64});
  const auto padded = experiment.logits(image),
             cut = experiment.logits(image, {0, 0, 40, 32}, {32, 40});
  const auto large = experiment.logits(image, {0, 0, 40, 32}, {48, 60});
  ASSERT_EQ(large.size(), 3u);
  for (const auto& [name, value] : padded) {
    const auto inside = value.narrow(2, 0, 32).narrow(3, 0, 40);
    EXPECT_TRUE(cut.at(name).equal(inside)) << name;
    const auto expected =
        torch::nn::functional::interpolate(inside, torch::nn::functional::InterpolateFuncOptions()
                                                       .size(std::vector<int64_t>{48, 60})
                                                       .mode(torch::kBilinear)
                                                       .align_corners(name != "normal"));
    EXPECT_TRUE(large.at(name).allclose(expected)) << name;
  }
  const auto whole = experiment.logits(image, {0, 0, 64, 64}, {96, 96});
  EXPECT_TRUE(whole.at("seg").equal(experiment.logits(image, {96, 96}).at("seg")));
}

TEST_F(SeveralNetworks, AreAllInEvaluationMode) {
  const auto experiment =
      build_evaluation(testing::tiny_config(), "", "val", {file("joint"), file("normal")});
  ASSERT_EQ(experiment.companions.size(), 1u);
  experiment.model->train();
  experiment.companions[0]->train();
  const auto before = experiment.companions[0]->buffers().front().clone();
  evaluate(experiment, *experiment.source("val", Experiment::Pipeline::kEvaluate));
  EXPECT_TRUE(experiment.companions[0]->is_training());
  EXPECT_TRUE(experiment.companions[0]->buffers().front().equal(before));
}

TEST_F(SeveralNetworks, PredictEachTaskOnce) {
  save("all", {});
  EXPECT_THAT(refusal({file("all"), file("normal")}),
              AllOf(HasSubstr("task \"normal\" is predicted by"), HasSubstr(file("all").string()),
                    HasSubstr(file("normal").string())));
  EXPECT_EQ(kind_, ErrorKind::kUsage);
}

TEST_F(SeveralNetworks, PredictTheConfigsTasks) {
  auto text = testing::tiny_config().text();
  text.replace(text.find("name: \"normal\""), 14, "name: \"normals\"");
  const auto config = parse_config(text, "two.pbtxt");
  try {
    build_inference(config, {file("joint"), file("normal")});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("predicts task \"normal\""), HasSubstr("two.pbtxt"),
                                    HasSubstr("it has: seg, depth, normals")));
  }
}

TEST_F(SeveralNetworks, CarryTheirConfigs) {
  auto bare = read_safetensors(file("normal"));
  bare.metadata.erase("config");
  write_safetensors(file("bare"), bare);
  EXPECT_THAT(refusal({file("joint"), file("bare")}),
              AllOf(HasSubstr(file("bare").string()), HasSubstr("no config in its metadata")));
  EXPECT_EQ(kind_, ErrorKind::kData);
  bare.metadata["config"] = "model {";
  write_safetensors(file("bare"), bare);
  EXPECT_THAT(refusal({file("joint"), file("bare")}), HasSubstr(file("bare").string()));
}

// What a network predicts does not depend on the decoders beside it, not in a bit.
TEST_F(SeveralNetworks, AnInferenceNetworkPredictsAsTheWholeOne) {
  const torch::NoGradGuard no_grad;
  const auto whole = build_experiment(testing::tiny_config({kWithoutNormal, kNormalToSeg}), "");
  load_weights(*whole.model, file("joint"));
  whole.model->eval();
  const auto inference = build_inference(testing::tiny_config({kWithoutNormal}), {file("joint")});
  inference.model->eval();
  const auto image = torch::rand({2, 3, 32, 40});
  const auto expected = whole.model->forward(image, whole.model->objectives());
  EXPECT_EQ(expected.size(), 3u);
  const auto logits = inference.logits(image);
  ASSERT_EQ(logits.size(), 2u);
  for (const auto& [task, values] : logits) EXPECT_TRUE(values.equal(expected.at(task))) << task;
}

}  // namespace
}  // namespace tasuki
