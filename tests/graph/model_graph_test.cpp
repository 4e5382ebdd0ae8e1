// Lists of maps, tokens, outputs for training alone and decoders of several tasks, in a model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tasuki/model/parameter_info.h"
#include "tests/graph/small_models.h"

namespace tasuki {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Sizes = std::vector<int64_t>;

const Objective& objective_of(const MultiTaskModel& model, const std::string& name) {
  for (const auto& objective : model.objectives()) {
    if (objective.name == name) return objective;
  }
  throw Error(ErrorKind::kUsage, name);
}

TEST(FeatureMapOfTokens, IsAGridWithoutItsPrefix) {
  const auto map = FeatureMap::tokens(torch::arange(2 * 7 * 3).reshape({2, 7, 3}), 2, 3, 1, 4);
  const auto grid = map.as_grid();
  EXPECT_EQ(grid.sizes(), (Sizes{2, 3, 2, 3}));
  EXPECT_EQ(map.channels(), 3);
  for (int64_t n = 0; n < 2; ++n) {
    for (int64_t y = 0; y < 2; ++y) {
      for (int64_t x = 0; x < 3; ++x) {
        EXPECT_TRUE(grid[n].select(1, y).select(1, x).equal(map.tensor[n][1 + y * 3 + x]));
      }
    }
  }
}

TEST(Stages, AreHeldToWhatTheyDeclare) {
  struct Two : GridStage {
    torch::Tensor forward(const torch::Tensor& x) override { return x; }
  } stage;
  const FeatureMaps in = {FeatureMap{torch::zeros({1, 3, 4, 4})}};
  EXPECT_EQ(run_stage({"stem", "", 3, 2}, stage, in).at(0).stride, 2);
  const auto message = [&](const StageInfo& info, const FeatureMaps& maps) {
    try {
      run_stage(info, stage, maps);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kPlugin);
      return std::string(error.what());
    }
    return std::string("nothing refused");
  };
  EXPECT_EQ(message({"stem", "", 5, 2}, in),
            "stage stem of the encoder declares a grid of 5 channels, and gives a grid of 3 "
            "channels");
  EXPECT_THAT(message({"stem", "", {{3, 1}, {3, 2}}}, in),
              HasSubstr("declares a grid of 3 channels and a grid of 3 channels, and gives"));
  EXPECT_THAT(message({"stem", "", 3, 2}, {in[0], in[0]}),
              HasSubstr("a stage that takes one grid is given a grid of 3 channels and a grid"));
  EXPECT_THROW(StageInfo("two", "", {{3, 1}, {3, 2}}).channels(), Error);
}

TEST(Branches, GoThroughTheModel) {
  const auto model = SmallModel().make();
  const auto batch = small_batch();
  const auto output = model->outputs(batch.tensor("image"), model->primaries());
  EXPECT_EQ(output.logits("seg").sizes(), (Sizes{2, 5, 8, 12}));  // as the decoder made them
  model->eval();
  const torch::NoGradGuard no_grad;
  const auto logits = model->forward(batch.tensor("image"), model->primaries());
  EXPECT_EQ(logits.at("seg").sizes(), (Sizes{2, 5, 16, 24}));
  const auto low = model->outputs(batch.tensor("image"), model->primaries());
  EXPECT_TRUE(model->at_size(low.logits("seg"), {16, 24}).equal(logits.at("seg")));
}

// Every map that leaves the shared part is cut.
TEST(Branches, AreCutEachByItself) {
  auto small = SmallModel();
  small.architecture = "[tasuki/Branched] { shared_stages: 3 }";
  const auto model = small.make();
  ASSERT_TRUE(model->names_cut());
  const auto batch = small_batch();
  ForwardTrace trace;
  trace.cuts = true;
  model->set_trace(&trace);
  const auto loss = loss_of(*model, "seg", batch);
  model->set_trace(nullptr);
  EXPECT_THAT(trace.cut.names(), ElementsAre("stem.shared", "split.shared.0", "split.shared.1",
                                             "fuse.shared.0", "fuse.shared.1"));
  const auto beyond = reached_by(*model, loss);
  for (const auto& name : beyond) EXPECT_EQ(name.find(".shared."), std::string::npos) << name;
  trace.cut.backward(trace.cut.take_gradients());
  std::vector<torch::Tensor> cut;
  for (const auto& parameter : model->parameters()) cut.push_back(parameter.grad());
  reached_by(*model, loss_of(*model, "seg", batch));
  size_t i = 0;
  for (const auto& item : model->named_parameters()) {
    const auto& whole = item.value().grad();
    ASSERT_EQ(whole.defined(), cut[i].defined()) << item.key();
    if (whole.defined()) {
      EXPECT_TRUE(cut[i].allclose(whole, 1e-4, 1e-7)) << item.key();
    }
    ++i;
  }
}

TEST(Branches, TakeSelfAuxiliaries) {
  auto small = SmallModel();
  small.architecture = "[tasuki/Branched] { shared_stages: 3 }";
  small.rest = "self_auxiliary { [tasuki/Transfers] { edge { from: \"normal\" to: \"seg\" } } }";
  const auto model = small.make();
  const auto reached = reached_by(*model, loss_of(*model, "normal->seg", small_batch()));
  for (const auto& item : model->named_parameters()) {
    const auto& name = item.key();
    const bool expected = name.find(".shared.") != std::string::npos ||
                          name.starts_with("encoder.merge.seg.") ||
                          name.starts_with("decoder.normal->seg.");
    EXPECT_EQ(reached.count(name) > 0, expected) << name;
  }
}

TEST(HeadsOnOneGrid, SayThatTheyCanUseNothingElse) {
  auto small = SmallModel();
  small.encoder = "[test/TwoBranches] { merge: false }";
  EXPECT_THAT(small.refusal(),
              ::testing::AllOf(
                  HasSubstr("small.pbtxt:4:"),
                  HasSubstr("model.task[seg].decoder: needs one grid of features, and the "
                            "encoder's last stage, fuse, gives a grid of 8 channels and a grid of "
                            "12 channels")));
  small.encoder = "[test/Patches] {}";
  small.decoder = "decoder { [tasuki/DeepLabHead] {} }";
  EXPECT_THAT(small.refusal(),
              HasSubstr("model.task[seg].decoder: needs one grid of features, and the encoder's "
                        "last stage, block1, gives tokens of 12 channels"));
  auto grids = SmallModel();
  grids.decoder = "decoder { [test/TokenHead] {} }";
  EXPECT_THAT(grids.refusal(), HasSubstr("model.task[seg].decoder: needs tokens"));
}

// The objective's loss against its sum by hand.
TEST(DeepSupervision, IsInTheObjectivesLoss) {
  const auto model = token_model("weight: 0.25").make();
  const auto batch = small_batch();
  const auto& depth = objective_of(*model, "depth");
  const auto output = model->outputs(batch.tensor("image"), {depth});
  const auto& decoded = output.decoded.at("depth");
  ASSERT_EQ(decoded.size(), 2u);
  EXPECT_FALSE(decoded[0].training_only);
  EXPECT_TRUE(decoded[1].training_only);
  const auto& task = model->task("depth");
  const auto alone = [&](const torch::Tensor& logits) {
    return task.loss(model->at_size(logits, {16, 24}), batch);
  };
  const auto expected = alone(decoded[0].logits) + alone(decoded[1].logits) * 0.25;
  EXPECT_TRUE(model->loss(depth, decoded, batch).allclose(expected, 1e-6, 0));
  const auto reached = reached_by(*model, model->loss(depth, decoded, batch));
  EXPECT_EQ(reached.count("decoder.depth.training_only.early.weight"), 1u);
}

TEST(DeepSupervision, MayMeetTheLabelsAtTheLogitsSize) {
  const auto model = token_model("at_logits: true").make();
  auto batch = small_batch();
  // The label under the middle of each patch of 4 x 4 is its third in both directions.
  const auto small = batch.tensor("seg").slice(1, 2, 16, 4).slice(2, 2, 24, 4).contiguous();
  const auto& seg = objective_of(*model, "seg");
  const auto output = model->outputs(batch.tensor("image"), {seg});
  const auto& decoded = output.decoded.at("seg");
  const auto& task = model->task("seg");
  const auto main = task.loss(model->at_size(decoded[0].logits, {16, 24}), batch);
  Batch low = batch;
  low.tensors["seg"] = small;
  const auto expected = main + task.loss(decoded[1].logits, low) * 0.5;
  EXPECT_TRUE(model->loss(seg, decoded, batch).allclose(expected, 1e-6, 0));
}

TEST(DeepSupervision, MayNameTheLossesThatItTakes) {
  const auto losses = [](const std::string& name) {
    auto small = token_model("loss: \"" + name + "\"");
    small.rest =
        "task { name: \"far\" field: \"depth\" kind { [tasuki/Depth] {} }"
        " loss { kind { [tasuki/L1Loss] {} } } loss { weight: 3 kind { [tasuki/L2Loss] {} } } " +
        small.decoder + " }";
    return small;
  };
  const auto model = losses("tasuki/L2Loss").make();
  const auto batch = small_batch();
  const auto& far = objective_of(*model, "far");
  const auto decoded = model->outputs(batch.tensor("image"), {far}).decoded.at("far");
  const auto& task = model->task("far");
  const auto main = task.loss(model->at_size(decoded[0].logits, {16, 24}), batch);
  const auto further = model->at_size(decoded[1].logits, {16, 24});
  const auto square = task.loss_sums(further, batch).at(1).mean() * 3;
  EXPECT_TRUE(model->loss(far, decoded, batch).allclose(main + square * 0.5, 1e-6, 0));

  const auto wrong = losses("tasuki/L3Loss").make();
  try {
    loss_of(*wrong, "far", batch);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kPlugin);
    EXPECT_THAT(error.what(), HasSubstr("trains far by \"tasuki/L3Loss\" (did you mean"));
    EXPECT_THAT(error.what(), HasSubstr("has the losses: tasuki/L1Loss, tasuki/L2Loss"));
  }
}

TEST(DeepSupervision, IsGoneInEvaluationAndAtInference) {
  for (const auto& small : {token_model(), distilling_model()}) {
    if (small.decoder.empty()) SCOPED_TRACE("distilling");
    const auto model = small.make(), inference = small.make(Network::kInference);
    const auto image = small_batch().tensor("image");
    EXPECT_EQ(model->outputs(image, model->primaries()).decoded.at("seg").size(), 2u);
    model->eval();
    EXPECT_EQ(model->outputs(image, model->primaries()).decoded.at("seg").size(), 1u);
    std::vector<std::string> left, expected;
    size_t gone = 0;
    for (const auto& item : named_tensors(*model)) {
      const bool only = is_training_only_tensor(item.first);
      EXPECT_EQ(only, item.first.find(".training_only.") != std::string::npos) << item.first;
      EXPECT_FALSE(is_auxiliary_tensor(item.first)) << item.first;
      only ? void(++gone) : left.push_back(item.first);
    }
    for (const auto& item : named_tensors(*inference)) expected.push_back(item.first);
    EXPECT_EQ(left, expected);
    EXPECT_GT(gone, 0u);
  }
}

TEST(TensorsForTrainingOnly, AreKnownByWhatFollowsTheDecodersName) {
  EXPECT_TRUE(is_training_only_tensor("decoder.seg.training_only.head.weight"));
  EXPECT_TRUE(is_training_only_tensor("decoder.normal->seg.0.weight"));
  EXPECT_FALSE(is_training_only_tensor("decoder.training_only.0.weight"));
  EXPECT_FALSE(is_training_only_tensor("encoder.stem.shared.training_only.weight"));
  EXPECT_FALSE(is_training_only_tensor("decoder.seg.0.weight"));
}

TEST(ADecoderOfSeveralTasks, MakesTheLogitsOfEach) {
  const auto model = distilling_model().make();
  const auto batch = small_batch();
  model->eval();
  const torch::NoGradGuard no_grad;
  const auto all = model->forward(batch.tensor("image"), model->primaries());
  EXPECT_EQ(all.at("seg").sizes(), (Sizes{2, 5, 16, 24}));
  EXPECT_EQ(all.at("depth").sizes(), (Sizes{2, 1, 16, 24}));
  const auto alone = model->forward(batch.tensor("image"), {objective_of(*model, "depth")});
  EXPECT_EQ(alone.size(), 1u);
  EXPECT_TRUE(alone.at("depth").equal(all.at("depth")));
}

TEST(ADecoderOfSeveralTasks, LeavesTheLastFeaturesOfEach) {
  const auto model = distilling_model().make();
  ForwardTrace trace;
  model->set_trace(&trace);
  model->outputs(small_batch().tensor("image"), model->primaries());
  model->set_trace(nullptr);
  for (const char* name : {"seg", "depth", "normal"}) {
    EXPECT_EQ(trace.last_features.at(name).sizes(), (Sizes{2, 8, 8, 12})) << name;
  }
}

// What is said of each parameter is what the objectives' losses reach.
TEST(ADecoderOfSeveralTasks, SharesWhatItsTasksTrain) {
  const auto model = distilling_model().make();
  EXPECT_FALSE(model->names_cut());
  const auto batch = small_batch();
  std::map<std::string, std::set<std::string>> reached;
  for (const auto& objective : model->objectives()) {
    for (const auto& name : reached_by(*model, loss_of(*model, objective.name, batch))) {
      reached[name].insert(objective.name);
    }
  }
  size_t heads = 0, mixing = 0, own = 0;
  for (const auto& parameter : list_parameters(*model)) {
    SCOPED_TRACE(parameter.name);
    auto said = parameter.routes;
    said.insert(parameter.objectives.begin(), parameter.objectives.end());
    EXPECT_EQ(said, reached.at(parameter.name));
    EXPECT_EQ(parameter.is_shared(), !parameter.routes.empty() && parameter.routes.size() > 1);
    heads += parameter.objectives.size() == 1 ? 1 : 0;
    mixing += parameter.name.starts_with("decoder.distill.") && parameter.is_shared() ? 1 : 0;
    own += parameter.owner.empty() ? 0 : 1;
    const bool of_normal = parameter.instance == "normal";
    EXPECT_EQ(parameter.owner, of_normal ? "normal" : "");
  }
  EXPECT_GT(heads, 0u);
  EXPECT_GT(mixing, 0u);
  EXPECT_GT(own, 0u);
}

TEST(ADecoderOfSeveralTasks, IsHeldToItsOutputs) {
  const auto message = [](const std::string& options) {
    const auto model = distilling_model(options).make();
    try {
      model->outputs(small_batch().tensor("image"), model->primaries());
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kPlugin);
      return std::string(error.what());
    }
    return std::string("nothing refused");
  };
  EXPECT_EQ(message("fault: 1"), "decoder distill gives no output for depth, which it serves");
  EXPECT_THAT(message("fault: 2"), HasSubstr("gives two outputs for seg"));
  EXPECT_THAT(message("fault: 3"), HasSubstr("an output for \"segs\", which it does not serve"));
}

}  // namespace
}  // namespace tasuki
