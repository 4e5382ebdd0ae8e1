#include <torch/types.h>

#include <cmath>
#include <limits>
#include <string>

#include "core/model/task.h"
#include "core/registry/registry.h"
#include "plugins/tasks/checks.h"
#include "plugins/tasks/depth.pb.h"
#include "plugins/tasks/depth_metrics.h"
#include "plugins/tasks/pictures.h"
#include "plugins/tasks/prediction_files.h"
#include "plugins/tasks/regression_loss.h"
#include "plugins/tasks/streaming_metrics.h"

namespace tasuki::tasks {
namespace {

class Depth final : public Task {
 public:
  Depth(const options::Depth& options, const Context& context)
      : context_(context),
        loss_(options.loss()),
        silog_lambda_(options.has_silog_lambda() ? options.silog_lambda() : 0.5),
        silog_floor_(options.has_silog_floor() ? options.silog_floor() : 0.1),
        least_(options.has_min_depth() ? options.min_depth() : 1e-3),
        most_(options.has_max_depth() ? options.max_depth() : 10),
        train_out_of_range_(options.train_out_of_range()),
        picture_error_(options.has_picture_error() ? options.picture_error() : 1) {
    require_option(options::Depth::Loss_IsValid(loss_), "loss", "is none of L1, BERHU, SILOG");
    require_option(silog_lambda_ >= 0 && silog_lambda_ <= 1, "silog_lambda", "must be in 0..1");
    require_option(silog_floor_ > 0 && std::isfinite(silog_floor_), "silog_floor",
                   "must be more than 0 metres");
    require_option(least_ > 0, "min_depth", "must be more than 0 metres: it has a logarithm");
    require_option(most_ > least_ && std::isfinite(most_), "max_depth",
                   "must be more than min_depth");
    require_option(picture_error_ > 0 && std::isfinite(picture_error_), "picture_error",
                   "must be more than 0 metres");
  }

  std::string field_kind() const override { return "tasuki/depth"; }
  int64_t channels() const override { return 1; }

  torch::Tensor loss(const torch::Tensor& logits, const torch::Tensor& label) const override {
    check_shapes(logits, label, 1, 1);
    check_label_range(label, 0, std::numeric_limits<float>::max(), context_.name,
                      "depth is metres > 0, or 0 where invalid");
    const auto valid = train_out_of_range_ ? label.gt(0) : label.gt(least_) & label.lt(most_);
    switch (loss_) {
      case options::Depth::BERHU:
        return berhu_loss(logits, label, valid);
      case options::Depth::SILOG:
        return silog_loss(logits, label, valid, silog_lambda_, silog_floor_);
      default:
        return l1_loss(logits, label, valid);
    }
  }
  torch::Tensor predict(const torch::Tensor& logits) const override {
    return loss_precision(logits);
  }

  std::unique_ptr<Metrics> make_metrics() const override {
    return std::make_unique<StreamingMetrics<DepthSums>>(DepthSums(least_, most_),
                                                         DepthSums::infos(), context_.averaging);
  }

  std::vector<std::filesystem::path> write_prediction(
      const cv::Mat& prediction, const std::filesystem::path& stem) const override {
    return write_depth(prediction, stem);
  }
  cv::Mat read_prediction(const std::filesystem::path& stem) const override {
    return read_depth(stem);
  }

  // Near is bright.
  cv::Mat draw(const cv::Mat& value, cv::Vec2d range) const override {
    return draw_values(value, range[1], range[0], value == 0, value_map());
  }
  cv::Mat draw_error(const cv::Mat& prediction, const cv::Mat& label) const override {
    const cv::Mat evaluated = (label > least_) & (label < most_);
    return draw_values(cv::abs(prediction - label), 0, picture_error_, ~evaluated, error_map());
  }
  // Of what is evaluated: a sky of 655 m would leave no colours to the rest.
  cv::Vec2d value_range(const cv::Mat& value) const override {
    const cv::Mat evaluated = (value > least_) & (value < most_);
    return least_and_most(value, evaluated);
  }
  Legend legend(cv::Vec2d range) const override {
    return bar(value_map(), "m", range[1], range[0]);
  }
  Legend error_legend() const override { return bar(error_map(), "m", 0, picture_error_); }

 private:
  Context context_;
  options::Depth::Loss loss_;
  double silog_lambda_, silog_floor_;
  double least_, most_;  // least < label < most is evaluated
  bool train_out_of_range_;
  double picture_error_;
};

}  // namespace
}  // namespace tasuki::tasks

TASUKI_REGISTER(tasuki::Task, tasuki::tasks::Depth, tasuki::options::Depth, "tasuki/Depth");
