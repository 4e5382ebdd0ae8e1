#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <regex>
#include <set>

#include "tasuki/model/model.h"
#include "tests/core/model/three_tasks.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;
using Sizes = std::vector<int64_t>;

// Line 2 is the encoder, 3 the architecture, 4 and 5 the tasks.
const std::string& config_text() {
  static const std::string text =
      std::regex_replace(std::string(R"(model {
  encoder { [tasuki/ResNet] { depth: 18 output_stride: 8 } }
  architecture { [tasuki/Branched] { shared_stages: 4 } }
  task { name: "seg" kind { [tasuki/Segmentation] { classes: 5 } } decoder { @ } }
  task { name: "far" field: "depth" loss_scale: 0.5 kind { [tasuki/Depth] {} } decoder { @ } }
}
)"),
                         std::regex("@"), "[tasuki/FCNHead] { channels: 8 }");
  return text;
}

std::unique_ptr<MultiTaskModel> make(const std::vector<std::string>& assignments = {},
                                     const ClassNames& names = testing::no_names) {
  torch::manual_seed(1);
  return std::make_unique<MultiTaskModel>(parse_config(config_text(), "model.pbtxt", assignments),
                                          names);
}

std::string refusal(const std::vector<std::string>& assignments,
                    const ClassNames& names = testing::no_names) {
  try {
    make(assignments, names);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage) << error.what();
    return error.what();
  }
  return "nothing refused";
}

TEST(MultiTaskModel, HasTheTasksOfItsConfig) {
  const auto model = make();
  ASSERT_EQ(model->tasks().size(), 2u);
  EXPECT_EQ(model->task("seg").field, "seg");
  EXPECT_EQ(model->task("far").field, "depth");
  EXPECT_EQ(model->task("far").loss_scale, 0.5);
  EXPECT_EQ(model->task("seg").task->channels(), 5);
  ASSERT_EQ(model->objectives().size(), 2u);
  EXPECT_EQ(model->objectives()[1].name, "far");
  EXPECT_EQ(model->objectives()[1].route, "far");
  EXPECT_EQ(model->primaries().size(), 2u);
}

TEST(BuildTasks, AreThoseOfTheModelWithoutItsNetwork) {
  std::string text = config_text();
  text.erase(text.find("  encoder"), text.find("  architecture") - text.find("  encoder"));
  const auto config = parse_config(text, "model.pbtxt");
  const auto tasks = build_tasks(config, testing::no_names);
  ASSERT_EQ(tasks.size(), 2u);
  EXPECT_EQ(tasks[1].name, "far");
  EXPECT_EQ(tasks[1].field, "depth");
  EXPECT_EQ(tasks[0].task->channels(), 5);
}

TEST(MultiTaskModel, NamesItsTensorsByStageInstanceAndObjective) {
  std::set<std::string> names;
  for (const auto& item : named_tensors(*make())) {
    EXPECT_TRUE(names.insert(item.first).second) << item.first;
  }
  for (const char* name :
       {"encoder.stem.shared.conv1.weight", "encoder.layer3.shared.0.conv1.weight",
        "encoder.layer4.seg.0.conv1.weight", "encoder.layer4.far.1.bn2.running_mean",
        "decoder.seg.0.weight", "decoder.far.4.bias"}) {
    EXPECT_EQ(names.count(name), 1u) << name;
  }
  EXPECT_EQ(names.count("encoder.layer3.seg.0.conv1.weight"), 0u);
}

TEST(MultiTaskModel, LogitsHaveTheSizeOfTheImageOrTheAskedFor) {
  const torch::NoGradGuard no_grad;
  const auto model = make();
  model->eval();
  const auto image = torch::randn({1, 3, 37, 51});
  const auto logits = model->forward(image, model->primaries());
  ASSERT_EQ(logits.size(), 2u);
  EXPECT_EQ(logits.at("seg").sizes(), (Sizes{1, 5, 37, 51}));
  EXPECT_EQ(logits.at("far").sizes(), (Sizes{1, 1, 37, 51}));
  EXPECT_EQ(logits.at("far").scalar_type(), torch::kFloat32);
  EXPECT_EQ(model->forward(image, model->primaries(), {80, 90}).at("seg").sizes(),
            (Sizes{1, 5, 80, 90}));
}

TEST(MultiTaskModel, OneObjectiveAloneIsTheSameAsAmongOthers) {
  const torch::NoGradGuard no_grad;
  const auto model = make();
  model->eval();
  const auto image = torch::randn({1, 3, 32, 40});
  const auto both = model->forward(image, model->primaries());
  const auto one = model->forward(image, {model->objectives()[1]});
  ASSERT_EQ(one.size(), 1u);
  EXPECT_TRUE(one.at("far").equal(both.at("far")));
}

TEST(MultiTaskModel, TakesLogitsToASizeAsForwardDoes) {
  const torch::NoGradGuard no_grad;
  const auto model = make();
  model->eval();
  const auto image = torch::randn({1, 3, 32, 40});
  const auto small = model->forward(image, model->primaries(), {4, 5}).at("seg");
  EXPECT_TRUE(
      model->at_size(small, {32, 40}).equal(model->forward(image, model->primaries()).at("seg")));
  EXPECT_TRUE(model->at_size(small, {4, 5}).equal(small));
}

// Aligned corners keep the corner values of the small map; the other convention does not.
TEST(MultiTaskModel, EnlargesWithTheCornersThatTheConfigAsksFor) {
  const torch::NoGradGuard no_grad;
  const auto image = torch::randn({1, 3, 32, 40});
  const auto forward = [&](const std::vector<std::string>& assignments, const Sizes& size) {
    const auto model = make(assignments);
    model->eval();
    return model->forward(image, model->primaries(), size).at("far");
  };
  const auto small = forward({}, {4, 5});
  const auto aligned = forward({}, {32, 40});
  const auto other = forward({"model.align_corners=false"}, {32, 40});
  EXPECT_NEAR(aligned[0][0][31][39].item<float>(), small[0][0][3][4].item<float>(), 1e-6);
  EXPECT_NEAR(aligned[0][0][0][39].item<float>(), small[0][0][0][4].item<float>(), 1e-6);
  EXPECT_FALSE(aligned.allclose(other));
}

TEST(MultiTaskModel, ALossTrainsItsOwnDecoderAndRouteAlone) {
  const auto model = make();
  const auto logits = model->forward(torch::randn({2, 3, 32, 40}), model->objectives());
  logits.at("seg").square().sum().backward();
  for (const auto& item : model->named_parameters()) {
    const auto& gradient = item.value().grad();
    const bool trained = gradient.defined() && gradient.count_nonzero().item<int64_t>() > 0;
    const bool others = item.key().find(".far.") != std::string::npos;
    EXPECT_EQ(trained, !others) << item.key();
  }
}

TEST(MultiTaskModel, AnUnknownTaskListsTheKnown) {
  try {
    make()->task("sge");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("no task \"sge\""));
    EXPECT_THAT(error.what(), HasSubstr("it has: seg, far"));
  }
}

TEST(MultiTaskModelErrors, AreLocated) {
  EXPECT_THAT(refusal({"model.encoder.depth=17"}), HasSubstr("--set model.encoder.depth=17"));
  EXPECT_THAT(refusal({"model.task[seg].kind=[tasuki/Segmentation]{}"}),
              HasSubstr("model.task[seg].kind.classes: is required"));
  EXPECT_THAT(refusal({"model.task[far].decoder.channels=0"}),
              HasSubstr("model.task[far].decoder.channels"));
  EXPECT_THAT(refusal({"model.architecture.shared_stages=6"}),
              HasSubstr("model.architecture.shared_stages: 6 is more than"));
  EXPECT_THAT(refusal({"model.task[more].loss_scale=1"}), HasSubstr("model.task[more].kind"));
}

// A checkpoint has all weights, so that only a fresh run needs the file.
TEST(MultiTaskModelErrors, OnlyLoadingThePretrainedFileNeedsIt) {
  const auto config =
      parse_config(config_text(), "model.pbtxt", {"model.encoder.pretrained=/no/such/file"});
  MultiTaskModel model(config, testing::no_names);
  try {
    model.load_pretrained(config);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage) << error.what();
    EXPECT_THAT(error.what(), HasSubstr("model.encoder.pretrained: /no/such/file"));
  }
}

TEST(MultiTaskModelErrors, PointIntoTheFile) {
  const auto message = [](const std::string& text) {
    try {
      MultiTaskModel(parse_config(text, "model.pbtxt"), testing::no_names);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing refused");
  };
  std::string text = config_text();
  EXPECT_THAT(message(text.replace(text.find("depth: 18"), 9, "depth: 19")),
              HasSubstr("model.pbtxt:2:"));
  EXPECT_THAT(message("model { encoder { [tasuki/ResNet] {} } }"),
              HasSubstr("model.task: the model has no task"));
  text = config_text();
  EXPECT_THAT(message(text.erase(text.find("  encoder"),
                                 text.find("  architecture") - text.find("  encoder"))),
              HasSubstr("model.encoder"));
}

// Names become parts of tensor names and of paths of prediction files.
TEST(MultiTaskModelErrors, TaskNamesThatNoTensorOrFileCanHave) {
  for (const std::string name : {"a.b", "../up", "a/b", ".", "a\\\\b"}) {
    std::string text = config_text();
    text.replace(text.find("\"far\""), 5, "\"" + name + "\"");
    try {
      MultiTaskModel(parse_config(text, "model.pbtxt"), testing::no_names);
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      EXPECT_THAT(error.what(), HasSubstr("model.pbtxt:5:"));
    }
  }
}

TEST(MultiTaskModelErrors, ClassNamesOfAnotherNumber) {
  const auto two = [](const std::string& field) {
    return field == "seg" ? std::vector<std::string>{"a", "b"} : std::vector<std::string>();
  };
  EXPECT_THAT(refusal({}, two), HasSubstr("model.task[seg].kind.classes"));
}

}  // namespace
}  // namespace tasuki
