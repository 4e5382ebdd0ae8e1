#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tests/core/engine/tiny_run.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

// What train.channels_last says is how everything of a step is stored: weights, batches, and what
// the network makes of them. LibTorch takes NHWC where either of a convolution's operands has it.
class MemoryFormatOf : public ::testing::TestWithParam<bool> {
 protected:
  static std::vector<std::string> assignments() {
    std::vector<std::string> all = {
        "model.encoder=[tasuki/ResNet]{depth: 18 layers: 2}",
        std::string("train.channels_last=") + (GetParam() ? "true" : "false")};
    for (const std::string task : {"seg", "normal"}) {
      all.push_back("model.task[" + task +
                    "].decoder=[tasuki/DeepLabHead]{channels: 8 exact_shortcuts: false}");
    }
    return all;
  }
  static void expect_stored(const torch::Tensor& tensor, const std::string& what) {
    const bool nhwc = tensor.is_contiguous(at::MemoryFormat::ChannelsLast);
    const bool nchw = tensor.is_contiguous();
    EXPECT_EQ(std::make_pair(nhwc, nchw), std::make_pair(GetParam(), !GetParam()))
        << what << " " << tensor.sizes() << " with strides " << tensor.strides();
  }
  void expect_all(Experiment::Pipeline pipeline, const SampleSource& source) {
    const auto& experiment = tiny_.run.experiment;
    Loader loader(source, experiment.loader_options(pipeline));
    loader.start(0);
    const auto batch = loader.next().value();
    const auto& image = batch.tensor("image");
    expect_stored(image, "image");
    expect_stored(batch.tensor("normal"), "labels");
    auto& model = *experiment.model;
    for (const auto& [route, features] : model.architecture().forward(image, {"seg", "normal"})) {
      for (size_t i = 0; i < features.size(); ++i) {
        expect_stored(features[i].at(0).tensor, route + ", stage " + std::to_string(i));
      }
    }
    const auto logits = model.forward(image, model.primaries());
    expect_stored(logits.at("seg"), "logits of seg");
    expect_stored(logits.at("normal"), "logits of normal");
  }

  testing::TemporaryFolder folder_;
  testing::TinyRun tiny_{folder_.path(), assignments()};
};

TEST_P(MemoryFormatOf, ActivationsIsTheConfigs) {
  auto& run = tiny_.run;
  run.experiment.model->train();
  expect_all(Experiment::Pipeline::kTrain, *run.train_source);
  run.experiment.model->eval();
  expect_all(Experiment::Pipeline::kEvaluate, *run.validation_source);
  for (const auto& parameter : run.experiment.model->parameters()) {
    if (parameter.dim() == 4 && parameter.size(1) > 1 && parameter.size(2) > 1) {
      expect_stored(parameter, "weight");
      expect_stored(parameter.grad(), "gradient");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, MemoryFormatOf, ::testing::Bool(), [](const auto& info) {
  return info.param ? std::string("NHWC") : std::string("NCHW");
});

}  // namespace
}  // namespace tasuki
