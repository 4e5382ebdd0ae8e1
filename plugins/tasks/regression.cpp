#include "plugins/tasks/regression.h"

#include <torch/torch.h>

#include <cmath>

#include "plugins/tasks/pictures.h"
#include "tasuki/data/field_kind.h"
#include "tasuki/model/loss.h"
#include "tasuki/registry/registry.h"

namespace tasuki::tasks {

Regression::Regression(RegressionSettings settings) : settings_(std::move(settings)) {}

torch::Tensor Regression::activate(const torch::Tensor& logits) const {
  return settings_.activation == options::Activation::SOFTPLUS ? torch::softplus(logits) : logits;
}

torch::Tensor Regression::target(const torch::Tensor& label) const {
  if (!settings_.range || settings_.train_out_of_range) return label;
  const auto inside = label.gt(settings_.range->first) & label.lt(settings_.range->second);
  const double invalid = tasuki::field_kind(settings_.field_kind).invalid_value();
  return torch::where(inside, label, torch::full({}, invalid, label.options()));
}

torch::Tensor Regression::predict(const torch::Tensor& logits) const {
  return activate(loss_precision(logits));
}

cv::Mat Regression::evaluated(const cv::Mat& label) const {
  if (!settings_.range) return tasuki::field_kind(settings_.field_kind).valid_mask(label);
  return (label > settings_.range->first) & (label < settings_.range->second);
}

std::pair<double, double> Regression::colors(cv::Vec2d range) const {
  if (settings_.near_is_small) return {range[1], range[0]};
  return {range[0], range[1]};
}

cv::Mat Regression::draw(const cv::Mat& value, cv::Vec2d range) const {
  const auto [first, last] = colors(range);
  const double invalid = tasuki::field_kind(settings_.field_kind).invalid_value();
  return draw_values(value, first, last, value == invalid, value_map());
}

cv::Mat Regression::draw_error(const cv::Mat& prediction, const cv::Mat& label) const {
  return draw_values(cv::abs(prediction - label), 0, settings_.picture_error, ~evaluated(label),
                     error_map());
}

// Of what is evaluated: a sky of 655 m would leave no colours to the rest.
cv::Vec2d Regression::value_range(const cv::Mat& value) const {
  return least_and_most(value, evaluated(value));
}

Legend Regression::legend(cv::Vec2d range) const {
  const auto [first, last] = colors(range);
  return bar(value_map(), settings_.unit, first, last);
}

Legend Regression::error_legend() const {
  return bar(error_map(), settings_.unit, 0, settings_.picture_error);
}

LossConfig plain_loss(google::protobuf::Any kind) {
  LossConfig loss;
  *loss.mutable_kind() = std::move(kind);
  return loss;
}

void require_no_own_losses(bool option_is_set, const Task::Context& context) {
  require_option(!option_is_set || !context.own_losses, "loss",
                 "names a loss beside those of the task's own loss { }: leave one of them out");
}

}  // namespace tasuki::tasks
