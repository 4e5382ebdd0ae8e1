#include <torch/types.h>

#include <cmath>
#include <limits>
#include <string>

#include "core/model/task.h"
#include "core/registry/registry.h"
#include "plugins/tasks/checks.h"
#include "plugins/tasks/inverse_depth.pb.h"
#include "plugins/tasks/inverse_depth_metrics.h"
#include "plugins/tasks/pictures.h"
#include "plugins/tasks/prediction_files.h"
#include "plugins/tasks/regression_loss.h"
#include "plugins/tasks/streaming_metrics.h"

namespace tasuki::tasks {
namespace {

class InverseDepth final : public Task {
 public:
  InverseDepth(const options::InverseDepth& options, const Context& context)
      : context_(context),
        picture_error_(options.has_picture_error() ? options.picture_error() : 0.05) {
    require_option(picture_error_ > 0 && std::isfinite(picture_error_), "picture_error",
                   "must be more than 0");
  }

  std::string field_kind() const override { return "tasuki/inverse_depth"; }
  int64_t channels() const override { return 1; }

  torch::Tensor loss(const torch::Tensor& logits, const torch::Tensor& label) const override {
    check_shapes(logits, label, 1, 1);
    check_label_range(label, 0, std::numeric_limits<float>::max(), context_.name,
                      "inverse depth is > 0, or 0 where invalid");
    return l1_loss(logits, label, label.gt(0));
  }
  torch::Tensor predict(const torch::Tensor& logits) const override {
    return loss_precision(logits);
  }

  std::unique_ptr<Metrics> make_metrics() const override {
    return std::make_unique<StreamingMetrics<InverseDepthSums>>(
        InverseDepthSums(), InverseDepthSums::infos(), context_.averaging);
  }

  std::vector<std::filesystem::path> write_prediction(
      const cv::Mat& prediction, const std::filesystem::path& stem) const override {
    return write_inverse_depth(prediction, stem);
  }
  cv::Mat read_prediction(const std::filesystem::path& stem) const override {
    return read_inverse_depth(stem);
  }

  // Near, a large value, is bright.
  cv::Mat draw(const cv::Mat& value, cv::Vec2d range) const override {
    return draw_values(value, range[0], range[1], value == 0, value_map());
  }
  cv::Mat draw_error(const cv::Mat& prediction, const cv::Mat& label) const override {
    return draw_values(cv::abs(prediction - label), 0, picture_error_, label <= 0, error_map());
  }
  cv::Vec2d value_range(const cv::Mat& value) const override {
    return least_and_most(value, value > 0);
  }
  Legend legend(cv::Vec2d range) const override { return bar(value_map(), "", range[0], range[1]); }
  Legend error_legend() const override { return bar(error_map(), "", 0, picture_error_); }

 private:
  Context context_;
  double picture_error_;
};

}  // namespace
}  // namespace tasuki::tasks

TASUKI_REGISTER(tasuki::Task, tasuki::tasks::InverseDepth, tasuki::options::InverseDepth,
                "tasuki/InverseDepth");
