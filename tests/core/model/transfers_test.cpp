// What a self-auxiliary is: it trains the shared stages and the target's own, and nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <set>
#include <string_view>

#include "tests/core/model/three_tasks.h"

namespace tasuki {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::unique_ptr<MultiTaskModel> into_seg(const std::vector<std::string>& assignments = {},
                                         Network network = Network::kTraining) {
  return testing::three_tasks(
      R"([tasuki/Transfers] { edge { from: "normal" to: "seg" } edge { from: "depth" to: "seg" } })",
      assignments, network);
}

std::string transfer_refusal(const std::vector<std::string>& assignments) {
  try {
    into_seg(assignments);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage) << error.what();
    return error.what();
  }
  return "nothing refused";
}

std::string transfers(const std::string& options) {
  return "model.self_auxiliary[0]=[tasuki/Transfers]{" + options + "}";
}

std::vector<std::string> names(const std::vector<Objective>& objectives) {
  std::vector<std::string> found;
  for (const auto& objective : objectives) found.push_back(objective.name);
  return found;
}

const Objective& objective(const MultiTaskModel& model, std::string_view name) {
  const auto& all = model.objectives();
  return *std::find_if(all.begin(), all.end(),
                       [&](const Objective& entry) { return entry.name == name; });
}

// Parameters that one objective's loss reaches with a gradient that is not zero.
std::set<std::string> trained(MultiTaskModel& model, const std::string& name) {
  for (auto& parameter : model.parameters()) parameter.mutable_grad() = torch::Tensor();
  const auto logits = model.forward(torch::randn({2, 3, 32, 40}), model.objectives());
  logits.at(name).square().sum().backward();
  std::set<std::string> reached;
  for (const auto& item : model.named_parameters()) {
    const auto& gradient = item.value().grad();
    if (gradient.defined() && gradient.count_nonzero().item<int64_t>() > 0) {
      reached.insert(item.key());
    }
  }
  return reached;
}

TEST(Transfers, AreObjectivesAfterThePrimaries) {
  const auto model = into_seg();
  EXPECT_THAT(names(model->objectives()),
              ElementsAre("seg", "depth", "normal", "normal->seg", "depth->seg"));
  EXPECT_THAT(names(model->primaries()), ElementsAre("seg", "depth", "normal"));
  const auto& clone = objective(*model, "normal->seg");
  EXPECT_TRUE(clone.auxiliary);
  EXPECT_EQ(clone.source, "normal");
  EXPECT_EQ(clone.route, "seg");
  const auto logits = model->forward(torch::randn({2, 3, 32, 40}), {clone});
  EXPECT_EQ(logits.at("normal->seg").size(1), 3);  // normals' channels on seg's route
}

// The heart of the method, exactly: theta_sh and the target's stages, never the source's, no
// primary decoder, no other route.
TEST(Transfers, TrainSharedAndTargetStagesAndTheirOwnDecoderAlone) {
  const auto model = into_seg();
  const auto reached = trained(*model, "normal->seg");
  for (const auto& item : model->named_parameters()) {
    const auto& name = item.key();
    const bool expected =
        name.find(".shared.") != std::string::npos || name.starts_with("encoder.layer3.seg.") ||
        name.starts_with("encoder.layer4.seg.") || name.starts_with("encoder.layer2.seg.") ||
        name.starts_with("decoder.normal->seg.");
    EXPECT_EQ(reached.count(name) > 0, expected) << name;
  }
}

TEST(Transfers, AreNotThereAtInference) {
  const auto training = into_seg(), inference = into_seg({}, Network::kInference),
             without = into_seg({"model.self_auxiliary=[]"});
  EXPECT_THAT(names(inference->objectives()), ElementsAre("seg", "depth", "normal"));
  const auto expected = named_tensors(*without), left = named_tensors(*inference);
  ASSERT_EQ(left.size(), expected.size());
  for (size_t i = 0; i < left.size(); ++i) {
    EXPECT_EQ(left[i].first, expected[i].first);
    // A transfer does not change what the primaries start from either.
    EXPECT_TRUE(left[i].second.equal(expected[i].second)) << left[i].first;
  }
  std::set<std::string> more;
  for (const auto& item : named_tensors(*training)) {
    if (is_auxiliary_tensor(item.first)) more.insert(item.first.substr(0, item.first.find('.', 8)));
  }
  EXPECT_THAT(more, ElementsAre("decoder.depth->seg", "decoder.normal->seg"));
  EXPECT_FALSE(is_auxiliary_tensor("decoder.seg.0.weight"));
  EXPECT_FALSE(is_auxiliary_tensor("encoder.layer4.seg.0.conv1.weight"));
}

TEST(Transfers, TakeADecoderOfTheirOwn) {
  const auto model = into_seg(
      {transfers("edge { from: 'normal' to: 'seg' decoder { [tasuki/FCNHead] { channels: 3 } } }"
                 "edge { from: 'depth' to: 'seg' } decoder { [tasuki/FCNHead] { channels: 5 } }")});
  const auto parameters = model->named_parameters();
  EXPECT_EQ(parameters["decoder.normal->seg.0.weight"].size(0), 3);
  EXPECT_EQ(parameters["decoder.depth->seg.0.weight"].size(0), 5);
  EXPECT_EQ(parameters["decoder.normal.0.weight"].size(0), 8);
  EXPECT_THAT(
      transfer_refusal({transfers("edge { from: 'normal' to: 'seg' decoder { [tasuki/FCNHead] { "
                                  "channels: 0 } } }")}),
      HasSubstr("model.self_auxiliary[0].edge[0].decoder.channels"));
}

TEST(Transfers, GoToAndFromAnyNumberOfTasks) {
  EXPECT_EQ(into_seg({"model.self_auxiliary[0]=[tasuki/AllPairs]{}"})->objectives().size(), 9u);
  EXPECT_THAT(
      names(into_seg({"model.self_auxiliary[0]=[tasuki/AllPairs]{ include { from: 'normal' } "
                      "exclude { to: 'depth' } }"})
                ->objectives()),
      ElementsAre("seg", "depth", "normal", "normal->seg"));
}

// A task that left the joint model has no route and no decoder, and can still teach.
TEST(Transfers, ComeFromATaskThatTheModelDoesNotPredict) {
  const auto model =
      into_seg({"model.task[normal].joint=false", transfers("edge { from: 'normal' to: 'seg' }")});
  EXPECT_THAT(names(model->objectives()), ElementsAre("seg", "depth", "normal->seg"));
  EXPECT_EQ(model->tasks().size(), 2u);
  EXPECT_EQ(model->task("normal").field, "normal");
  for (const auto& item : model->named_parameters()) {
    EXPECT_EQ(item.key().find(".normal."), std::string::npos) << item.key();
  }
  EXPECT_THAT(trained(*model, "normal->seg"),
              ::testing::Contains("encoder.layer4.seg.0.conv1.weight"));
  EXPECT_THAT(transfer_refusal({"model.task[normal].joint=false",
                                transfers("edge { from: 'seg' to: 'normal' }")}),
              HasSubstr("\"normal\" has joint: false"));
  EXPECT_THAT(transfer_refusal({"model.task[normal].joint=false", "model.task[seg].joint=false",
                                "model.task[depth].joint=false"}),
              HasSubstr("predicts nothing"));
}

TEST(Transfers, GoIntoTheOnlyRouteOfAModel) {
  const auto model = into_seg({"model.task[normal].joint=false", "model.task[depth].joint=false",
                               transfers("edge { from: 'normal' to: 'seg' }")});
  EXPECT_THAT(names(model->objectives()), ElementsAre("seg", "normal->seg"));
}

TEST(TransferErrors, SayWhereAndWhat) {
  const auto edge = [](const std::string& from, const std::string& to) {
    return transfers("edge { from: '" + from + "' to: '" + to + "' }");
  };
  EXPECT_THAT(transfer_refusal({edge("normals", "seg")}),
              ::testing::AllOf(HasSubstr("model.self_auxiliary[0].edge[0]"),
                               HasSubstr("no task \"normals\" (did you mean \"normal\"?)")));
  EXPECT_THAT(transfer_refusal({edge("seg", "seg")}), HasSubstr("from \"seg\" to itself"));
  EXPECT_THAT(
      transfer_refusal({transfers("edge { from: 'seg' to: 'depth' } edge { from: 'seg' to: 'depth' "
                                  "}")}),
      ::testing::AllOf(HasSubstr("edge[1]"), HasSubstr("seg->depth is there already")));
  EXPECT_THAT(transfer_refusal({"model.architecture=[tasuki/HardSharing]{}"}),
              HasSubstr("route \"seg\" has no parameters of its own"));
  EXPECT_THAT(transfer_refusal({transfers("edge { from: 'seg' }")}),
              HasSubstr("model.self_auxiliary[0].edge[0].to"));
  EXPECT_THAT(
      transfer_refusal({transfers("edge { from: 'seg' to: 'depth' } coefficient { value: -1 }")}),
      HasSubstr("model.self_auxiliary[0].coefficient.value"));
  EXPECT_THAT(
      transfer_refusal({transfers("edge { from: 'seg' to: 'depth' coefficient { decay: LINEAR "
                                  "decay_from: 4 decay_to: 4 } }")}),
      HasSubstr("edge[0].coefficient.decay_to: must be an epoch after decay_from (4)"));
  EXPECT_THAT(
      transfer_refusal({"model.self_auxiliary[0]=[tasuki/AllPairs]{ exclude { from: 'dept' } }"}),
      HasSubstr("exclude[0].from: there is no task \"dept\" (did you mean \"depth\"?)"));
}

}  // namespace
}  // namespace tasuki
