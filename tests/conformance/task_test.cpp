#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "tasuki/loader/batch.h"
#include "tasuki/model/model_task.h"
#include "tests/conformance/registered.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki::conformance {
namespace {

const cv::Size kSize(7, 5);
constexpr int kImages = 2;

class TaskConformance : public ::testing::TestWithParam<std::string> {
 protected:
  TaskConformance() { torch::manual_seed(5); }

  int classes() const { return int(task_->channels()); }
  bool is_index() const { return kind_.tensor_type() == FieldKind::TensorType::kIndex; }
  cv::Mat label_mat(uint64_t seed) const {
    return random_with_holes(kind_, kSize, seed, classes());
  }
  cv::Mat full_mat(uint64_t seed) const { return random_valid(kind_, kSize, seed, classes()); }
  torch::Tensor tensor(const cv::Mat& value) const { return to_tensor({&kind_, value, ""}, {}); }

  // Labels of a batch; floats in double, as gradients are checked in double.
  torch::Tensor labels() const {
    std::vector<torch::Tensor> all;
    for (int i = 0; i < kImages; ++i) all.push_back(tensor(label_mat(uint64_t(i))));
    const auto batch = torch::stack(all);
    return is_index() ? batch : batch.to(torch::kDouble);
  }
  torch::Tensor logits() const {
    return torch::randn({kImages, task_->channels(), kSize.height, kSize.width}, torch::kDouble);
  }
  torch::Tensor scalar(const torch::Tensor& x, const torch::Tensor& y) const {
    return model_task_.loss(x, Batch{{{"task", y}}, {}, 0});
  }
  double loss(const torch::Tensor& x, const torch::Tensor& y) const {
    return scalar(x, y).item<double>();
  }
  // The task "task" of a config that says nothing but its kind: with its own losses and metrics.
  static ModelTask minimal_task() {
    const auto config = parse_config("model { task { name: \"task\" kind { [" + GetParam() +
                                         "] { " + required_options(GetParam()) + " } } } }",
                                     "minimal.pbtxt");
    return std::move(
        build_tasks(config, [](const std::string&) { return std::vector<std::string>(); }).front());
  }

  const ModelTask model_task_ = minimal_task();
  const std::shared_ptr<const Task> task_ = model_task_.task;
  const FieldKind& kind_ = field_kind(task_->field_kind());
};

TEST_P(TaskConformance, LossGradientIsThatOfCentralDifferences) {
  constexpr double kStep = 1e-6;
  const auto y = labels();
  auto x = logits().requires_grad_();
  scalar(x, y).backward();
  const auto analytic = x.grad().flatten();
  ASSERT_GT(analytic.abs().max().item<double>(), 0);
  const torch::NoGradGuard no_grad;
  for (int64_t i = 0; i < x.numel(); ++i) {
    auto more = x.detach().clone(), less = x.detach().clone();
    more.view(-1)[i] += kStep;
    less.view(-1)[i] -= kStep;
    const double numeric = (loss(more, y) - loss(less, y)) / (2 * kStep);
    const double exact = analytic[i].item<double>();
    EXPECT_NEAR(numeric, exact, 1e-7 + 1e-5 * std::abs(exact)) << "logit " << i;
  }
}

TEST_P(TaskConformance, InvalidPixelsHaveNoGradient) {
  const auto y = labels();
  auto x = logits().requires_grad_();
  scalar(x, y).backward();
  for (int i = 0; i < kImages; ++i) {
    const cv::Mat mask = kind_.valid_mask(label_mat(uint64_t(i)));
    for (int row = 0; row < kSize.height; ++row) {
      for (int col = 0; col < kSize.width; ++col) {
        if (mask.at<uchar>(row, col) != 0) continue;
        const auto at = x.grad().index({i, torch::indexing::Slice(), row, col});
        EXPECT_EQ(at.abs().max().item<double>(), 0) << "x " << col << ", y " << row;
      }
    }
  }
}

TEST_P(TaskConformance, TakesTheLabelsOfItsKindAndNoOthers) {
  EXPECT_EQ(task_->label_error(label_mat(0)), "");
  EXPECT_EQ(task_->label_error(full_mat(0)), "");
  cv::Mat wrong = full_mat(0).clone();
  wrong(cv::Rect(4, 2, 1, 1)) = cv::Scalar::all(-77);
  if (wrong.depth() == CV_8U) wrong(cv::Rect(4, 2, 1, 1)) = cv::Scalar::all(77);
  EXPECT_THAT(task_->label_error(wrong), ::testing::HasSubstr("(x 4, y 2)"));
}

TEST_P(TaskConformance, PredictionsHaveTheLayoutOfTheLabel) {
  const auto x = logits().abs().to(torch::kFloat) + 0.1;
  const auto prediction = task_->predict(x);
  const auto label = tensor(full_mat(0));
  ASSERT_EQ(prediction.size(0), kImages);
  EXPECT_EQ(prediction[0].sizes(), label.sizes());
  EXPECT_EQ(prediction.scalar_type(), label.scalar_type());
  const cv::Mat value = to_mat(prediction[0], kind_);
  EXPECT_EQ(value.type(), kind_.mat_type());
  EXPECT_EQ(value.size(), kSize);
  EXPECT_EQ(kind_.range_error(value), "");
}

TEST_P(TaskConformance, TheLabelAsPredictionIsPerfect) {
  auto metrics = model_task_.make_metrics();
  for (uint64_t i = 0; i < 3; ++i) {
    metrics.accumulate(tensor(full_mat(i)), tensor(label_mat(i)));
  }
  ASSERT_FALSE(metrics.values().empty());
  for (const auto& value : metrics.values()) {
    const double perfect = value.info.higher_is_better ? (value.info.unit == "%" ? 100 : 1) : 0;
    EXPECT_NEAR(value.value, perfect, 1e-6) << value.info.name;
  }
}

TEST_P(TaskConformance, MetricsOfNothingAreNotANumberAndNamedTheSame) {
  auto empty = model_task_.make_metrics(), full = model_task_.make_metrics();
  full.accumulate(tensor(full_mat(1)), tensor(label_mat(1)));
  const auto before = empty.values(), after = full.values();
  ASSERT_EQ(before.size(), after.size());
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(before[i].info.name, after[i].info.name);
    EXPECT_TRUE(std::isnan(before[i].value)) << before[i].info.name;
  }
}

TEST_P(TaskConformance, PredictionFilesAreReadBack) {
  const testing::TemporaryFolder folder;
  const cv::Mat value = full_mat(3);
  const auto files = task_->write_prediction(value, folder / "frame.1");
  ASSERT_FALSE(files.empty());
  for (const auto& file : files) EXPECT_TRUE(std::filesystem::exists(file)) << file;
  const cv::Mat read = task_->read_prediction(folder / "frame.1");
  ASSERT_EQ(read.type(), value.type());
  ASSERT_EQ(read.size(), value.size());
  EXPECT_LE(cv::norm(read, value, cv::NORM_INF), 1e-6);
}

TEST_P(TaskConformance, AMissingPredictionListsTheFilesLookedFor) {
  const testing::TemporaryFolder folder;
  try {
    task_->read_prediction(folder / "frame");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_THAT(error.what(), ::testing::HasSubstr((folder / "frame").string()));
  }
}

TEST_P(TaskConformance, PicturesAreColourAndOfTheLabelsSize) {
  const cv::Mat label = label_mat(1), prediction = full_mat(2);
  const auto range = task_->value_range(label);
  EXPECT_LE(range[0], range[1]);
  for (const auto& picture : {task_->draw(label, range), task_->draw(prediction, range),
                              task_->draw_error(prediction, label)}) {
    EXPECT_EQ(picture.type(), CV_8UC3);
    EXPECT_EQ(picture.size(), kSize);
  }
  const cv::Mat perfect = task_->draw_error(prediction, prediction);
  EXPECT_GT(cv::norm(perfect, task_->draw_error(prediction, label), cv::NORM_INF), 0);
}

TEST_P(TaskConformance, PicturesOfALabelWithoutPixels) {
  const cv::Mat nothing(kSize, kind_.mat_type(), cv::Scalar::all(kind_.invalid_value()));
  EXPECT_EQ(task_->draw(nothing, task_->value_range(nothing)).size(), kSize);
  EXPECT_EQ(task_->draw_error(full_mat(1), nothing).size(), kSize);
}

TASUKI_CONFORMANCE(TaskConformance, Task::kKind);

}  // namespace
}  // namespace tasuki::conformance
