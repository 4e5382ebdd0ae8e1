#include <torch/types.h>

#include <string>

#include "plugins/tasks/normals.pb.h"
#include "plugins/tasks/palette.h"
#include "plugins/tasks/pictures.h"
#include "plugins/tasks/prediction_files.h"
#include "plugins/tasks/regression.h"
#include "tasuki/model/loss.h"
#include "tasuki/model/task.h"
#include "tasuki/registry/plugin_any.h"
#include "tasuki/registry/registry.h"

namespace tasuki::tasks {
namespace {

constexpr double kPictureError = 60;  // degrees
// Vectors shorter than this are divided by it instead of by their length: a zero vector stays zero,
// and gradients are at most 1 / kShortestNormal times the incoming ones.
constexpr double kShortestNormal = 1e-4;

class Normals final : public Task {
 public:
  Normals(const options::Normals& options, const Context& context) : loss_(options.loss()) {
    require_no_own_losses(options.has_loss(), context);
  }

  std::string field_kind() const override { return "tasuki/normals"; }
  int64_t channels() const override { return 3; }
  std::vector<LossConfig> losses() const override {
    return {plain_loss(
        plugin_any(loss_ == options::Normals::COSINE ? "tasuki/CosineLoss" : "tasuki/L1Loss"))};
  }
  std::vector<google::protobuf::Any> metrics() const override {
    return {plugin_any("tasuki/AngularErrorMetric")};
  }

  // x / max(|x|, kShortestNormal) per pixel.
  torch::Tensor activate(const torch::Tensor& logits) const override {
    const auto square = logits.square().sum(1, /*keepdim=*/true);
    return logits * square.clamp_min(kShortestNormal * kShortestNormal).rsqrt();
  }
  torch::Tensor predict(const torch::Tensor& logits) const override {
    return activate(loss_precision(logits));
  }

  torch::Tensor decide(const torch::Tensor& scores) const override { return predict(scores); }

  std::vector<std::filesystem::path> write_prediction(
      const cv::Mat& prediction, const std::filesystem::path& stem) const override {
    return write_normals(prediction, stem);
  }
  cv::Mat read_prediction(const std::filesystem::path& stem) const override {
    return read_normals(stem);
  }

  cv::Mat draw(const cv::Mat& value, cv::Vec2d /*range*/) const override {
    return draw_normals(value);
  }
  cv::Mat draw_error(const cv::Mat& prediction, const cv::Mat& label) const override {
    return draw_angles(prediction, label, kPictureError);
  }
  cv::Vec2d value_range(const cv::Mat& /*value*/) const override { return {-1, 1}; }
  Legend legend(cv::Vec2d /*range*/) const override {
    Legend legend;
    legend.classes = {
        {"faces the camera", normal_color({0, 0, -1})}, {"faces right", normal_color({1, 0, 0})},
        {"faces left", normal_color({-1, 0, 0})},       {"faces up", normal_color({0, -1, 0})},
        {"faces down", normal_color({0, 1, 0})},        {"invalid", kVoidColor}};
    return legend;
  }
  Legend error_legend() const override { return bar(error_map(), "deg", 0, kPictureError); }

 private:
  options::Normals::Loss loss_;
};

}  // namespace
}  // namespace tasuki::tasks

TASUKI_REGISTER(tasuki::Task, tasuki::tasks::Normals, tasuki::options::Normals, "tasuki/Normals");
