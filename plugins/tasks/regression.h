#pragma once

#include <torch/types.h>

#include <filesystem>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugins/tasks/activation.pb.h"
#include "tasuki/model/task.h"

namespace tasuki::tasks {

// What one regression task has that another has not.
struct RegressionSettings {
  std::string field_kind;
  std::string unit;
  options::Activation::Kind activation = options::Activation::LINEAR;
  bool near_is_small = false;  // near is bright in pictures: small values, or else large ones
  double picture_error = 1;    // in the unit, that error pictures show in the brightest colour
  // Between which a label is evaluated; nothing: wherever it is valid.
  std::optional<std::pair<double, double>> range;
  bool train_out_of_range = false;
  LossConfig loss;
  google::protobuf::Any metric;
  cv::Mat (*read)(const std::filesystem::path& stem) = nullptr;
  std::vector<std::filesystem::path> (*write)(const cv::Mat& prediction,
                                              const std::filesystem::path& stem) = nullptr;
};

// One number a pixel: depth, disparity, inverse depth.
class Regression : public Task {
 public:
  explicit Regression(RegressionSettings settings);

  std::string field_kind() const override { return settings_.field_kind; }
  int64_t channels() const override { return 1; }
  std::vector<LossConfig> losses() const override { return {settings_.loss}; }
  std::vector<google::protobuf::Any> metrics() const override { return {settings_.metric}; }

  torch::Tensor activate(const torch::Tensor& logits) const override;
  torch::Tensor target(const torch::Tensor& label) const override;
  torch::Tensor predict(const torch::Tensor& logits) const override;

  std::vector<std::filesystem::path> write_prediction(
      const cv::Mat& prediction, const std::filesystem::path& stem) const override {
    return settings_.write(prediction, stem);
  }
  cv::Mat read_prediction(const std::filesystem::path& stem) const override {
    return settings_.read(stem);
  }

  cv::Mat draw(const cv::Mat& value, cv::Vec2d range) const override;
  cv::Mat draw_error(const cv::Mat& prediction, const cv::Mat& label) const override;
  cv::Vec2d value_range(const cv::Mat& value) const override;
  Legend legend(cv::Vec2d range) const override;
  Legend error_legend() const override;

 private:
  // 255 where a label counts in figures.
  cv::Mat evaluated(const cv::Mat& label) const;
  // The values that the first and the last colour stand for.
  std::pair<double, double> colors(cv::Vec2d range) const;

  RegressionSettings settings_;
};

// loss { kind { [name] {...} } }
LossConfig plain_loss(google::protobuf::Any kind);
// Error for an option of a kind that says which loss it has, beside losses of the task's own.
void require_no_own_losses(bool option_is_set, const Task::Context& context);

}  // namespace tasuki::tasks
