#include "tasuki/predict/views.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tests/core/engine/tiny_run.h"

namespace tasuki {
namespace {

namespace F = torch::nn::functional;
using Tensors = std::map<std::string, torch::Tensor>;

class Views : public ::testing::Test {
 protected:
  Views() : experiment_(build_experiment(testing::tiny_config(), "")) {
    torch::manual_seed(4);
    images_ = torch::randn({2, 3, 32, 40});
    // Statistics that are not the identity, so that evaluation mode matters.
    for (int i = 0; i < 3; ++i) experiment_.model->forward(images_, experiment_.model->primaries());
  }

  Tensors predict(const Inference& inference) { return predict(inference, images_); }
  Tensors predict(const Inference& inference, const torch::Tensor& images) {
    const torch::NoGradGuard no_grad;
    const EvaluationMode mode(experiment_);
    return predict_views(experiment_, inference, images);
  }
  Tensors logits(const torch::Tensor& images, const std::vector<int64_t>& size = {}) {
    const torch::NoGradGuard no_grad;
    const EvaluationMode mode(experiment_);
    return experiment_.logits(images, size);
  }
  const Task& task(const std::string& name) const { return *experiment_.model->task(name).task; }

  Experiment experiment_;
  torch::Tensor images_;
};

torch::Tensor mirrored_x(const torch::Tensor& normals) {
  return torch::cat({-normals.narrow(1, 0, 1), normals.narrow(1, 1, 2)}, 1);
}

double largest_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a.to(torch::kFloat64) - b).abs().max().item<double>();
}

TEST_F(Views, OneViewIsTheTasksPrediction) {
  const auto expected = logits(images_);
  for (const auto& [name, prediction] : predict({})) {
    EXPECT_TRUE(prediction.equal(task(name).predict(expected.at(name)))) << name;
  }
}

TEST_F(Views, AFlipIsUndoneInValuesToo) {
  const auto plain = logits(images_), mirrored = logits(images_.flip({3}));
  const auto flipped = predict({.flip = true});
  const auto both = [&](const std::string& name, const auto& scores) {
    return (scores(plain.at(name)) + scores(mirrored.at(name).flip({3}))) / 2;
  };
  const auto classes = both("seg", [](const auto& x) { return x.softmax(1); });
  EXPECT_TRUE(flipped.at("seg").equal(classes.argmax(1)));
  const auto metres = both("depth", [&](const auto& x) { return task("depth").predict(x); });
  EXPECT_LT(largest_difference(flipped.at("depth"), metres), 1e-6);
  const auto& normal = task("normal");
  const auto mean = normal.predict(plain.at("normal")) +
                    mirrored_x(normal.predict(mirrored.at("normal").flip({3})));
  EXPECT_LT(largest_difference(flipped.at("normal"), normal.predict(mean)), 1e-6);
}

// The mean of an image and its mirror image is that of the mirror image and the image, mirrored.
TEST_F(Views, AFlipMakesPredictionsSymmetric) {
  const auto once = predict({.flip = true});
  const auto mirrored = predict({.flip = true}, images_.flip({3}));
  EXPECT_LT(largest_difference(once.at("depth"), mirrored.at("depth").flip({3})), 1e-6);
  EXPECT_LT(largest_difference(once.at("normal"), mirrored_x(mirrored.at("normal").flip({3}))),
            1e-6);
}

TEST_F(Views, AScaleBringsTheSceneCloser) {
  const auto enlarged = F::interpolate(images_, F::InterpolateFuncOptions()
                                                    .size(std::vector<int64_t>{64, 80})
                                                    .mode(torch::kBilinear)
                                                    .align_corners(false));
  const auto expected = logits(enlarged, {32, 40});
  const auto scaled = predict({.scales = {2}});
  const auto metres = task("depth").predict(expected.at("depth")) * 2;
  EXPECT_LT(largest_difference(scaled.at("depth"), metres), 1e-5);
  EXPECT_TRUE(scaled.at("seg").equal(expected.at("seg").softmax(1).argmax(1)));
  const auto normals = task("normal").predict(expected.at("normal"));
  EXPECT_LT(largest_difference(scaled.at("normal"), normals), 1e-5);
}

TEST_F(Views, WindowsAreAveragedWhereTheyOverlap) {
  // Two windows of 32x24 at x = 0 and x = 16.
  const auto left = logits(images_.narrow(3, 0, 24)), right = logits(images_.narrow(3, 16, 24));
  const auto windowed = predict({.window = SlidingWindow{{32, 24}, {32, 16}}});
  const auto joined = [&](const std::string& name) {
    const auto &a = left.at(name), &b = right.at(name);
    return torch::cat(
        {a.narrow(3, 0, 16), (a.narrow(3, 16, 8) + b.narrow(3, 0, 8)) / 2, b.narrow(3, 8, 16)}, 3);
  };
  for (const auto& [name, prediction] : windowed) {
    EXPECT_LT(largest_difference(prediction, task(name).predict(joined(name))), 1e-6) << name;
  }
}

TEST_F(Views, AWindowAsLargeAsTheImageIsTheImage) {
  const auto whole = predict({});
  for (const auto& [name, prediction] : predict({.window = SlidingWindow{{64, 40}}})) {
    EXPECT_TRUE(prediction.equal(whole.at(name))) << name;
  }
}

// Padding is cut away before anything is enlarged, mirrored or not.
TEST_F(Views, PaddingIsNoPartOfAPrediction) {
  const auto padded = torch::constant_pad_nd(images_, {3, 5, 2, 6}, 0.5);
  const torch::NoGradGuard no_grad;
  const EvaluationMode mode(experiment_);
  const cv::Rect content(3, 2, 40, 32);
  const auto inside = predict_views(experiment_, {}, padded, content, {32, 40});
  const auto all = experiment_.logits(padded);
  const auto depth = all.at("depth").narrow(2, 2, 32).narrow(3, 3, 40);
  EXPECT_TRUE(inside.at("depth").equal(task("depth").predict(depth)));
  const auto flipped = predict_views(experiment_, {.flip = true}, padded, content, {32, 40});
  const auto mirrored = experiment_.logits(padded.flip({3})).at("depth").flip({3});
  const auto cut = mirrored.narrow(2, 2, 32).narrow(3, 3, 40);
  const auto mean = (task("depth").predict(depth) + task("depth").predict(cut)) / 2;
  EXPECT_LT(largest_difference(flipped.at("depth"), mean), 1e-6);
}

TEST_F(Views, LeavesTheModeOfTheNetworks) {
  experiment_.model->train();
  {
    const EvaluationMode mode(experiment_);
    EXPECT_FALSE(experiment_.model->is_training());
  }
  EXPECT_TRUE(experiment_.model->is_training());
}

}  // namespace
}  // namespace tasuki
