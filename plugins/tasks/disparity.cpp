#include <torch/types.h>

#include <cmath>
#include <limits>
#include <string>

#include "core/model/task.h"
#include "core/registry/registry.h"
#include "plugins/tasks/checks.h"
#include "plugins/tasks/disparity.pb.h"
#include "plugins/tasks/disparity_metrics.h"
#include "plugins/tasks/pictures.h"
#include "plugins/tasks/prediction_files.h"
#include "plugins/tasks/regression_loss.h"
#include "plugins/tasks/streaming_metrics.h"

namespace tasuki::tasks {
namespace {

class Disparity final : public Task {
 public:
  Disparity(const options::Disparity& options, const Context& context)
      : context_(context),
        loss_(options.loss()),
        picture_error_(options.has_picture_error() ? options.picture_error() : 5) {
    require_option(options::Disparity::Loss_IsValid(loss_), "loss", "is none of L1, SMOOTH_L1");
    require_option(picture_error_ > 0 && std::isfinite(picture_error_), "picture_error",
                   "must be more than 0 pixels");
  }

  std::string field_kind() const override { return "tasuki/disparity"; }
  int64_t channels() const override { return 1; }

  torch::Tensor loss(const torch::Tensor& logits, const torch::Tensor& label) const override {
    check_shapes(logits, label, 1, 1);
    check_label_range(label, -1, std::numeric_limits<float>::max(), context_.name,
                      "disparity is pixels >= 0, or -1 where invalid");
    const auto valid = label.ge(0);
    return loss_ == options::Disparity::SMOOTH_L1 ? smooth_l1_loss(logits, label, valid)
                                                  : l1_loss(logits, label, valid);
  }
  torch::Tensor predict(const torch::Tensor& logits) const override {
    return loss_precision(logits);
  }

  std::unique_ptr<Metrics> make_metrics() const override {
    return std::make_unique<StreamingMetrics<DisparitySums>>(
        DisparitySums(), DisparitySums::infos(), context_.averaging);
  }

  std::vector<std::filesystem::path> write_prediction(
      const cv::Mat& prediction, const std::filesystem::path& stem) const override {
    return write_disparity(prediction, stem);
  }
  cv::Mat read_prediction(const std::filesystem::path& stem) const override {
    return read_disparity(stem);
  }

  // Near, a large disparity, is bright.
  cv::Mat draw(const cv::Mat& value, cv::Vec2d range) const override {
    return draw_values(value, range[0], range[1], value == -1, value_map());
  }
  cv::Mat draw_error(const cv::Mat& prediction, const cv::Mat& label) const override {
    return draw_values(cv::abs(prediction - label), 0, picture_error_, label < 0, error_map());
  }
  cv::Vec2d value_range(const cv::Mat& value) const override {
    return least_and_most(value, value >= 0);
  }
  Legend legend(cv::Vec2d range) const override {
    return bar(value_map(), "px", range[0], range[1]);
  }
  Legend error_legend() const override { return bar(error_map(), "px", 0, picture_error_); }

 private:
  Context context_;
  options::Disparity::Loss loss_;
  double picture_error_;
};

}  // namespace
}  // namespace tasuki::tasks

TASUKI_REGISTER(tasuki::Task, tasuki::tasks::Disparity, tasuki::options::Disparity,
                "tasuki/Disparity");
