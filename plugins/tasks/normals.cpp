#include <torch/types.h>

#include <string>

#include "core/model/task.h"
#include "core/registry/registry.h"
#include "plugins/tasks/checks.h"
#include "plugins/tasks/normals.pb.h"
#include "plugins/tasks/normals_loss.h"
#include "plugins/tasks/normals_metrics.h"
#include "plugins/tasks/palette.h"
#include "plugins/tasks/pictures.h"
#include "plugins/tasks/prediction_files.h"
#include "plugins/tasks/streaming_metrics.h"

namespace tasuki::tasks {
namespace {

constexpr double kPictureError = 60;  // degrees
// Room for the rounding of a label's components.
constexpr double kLongestComponent = 1.001;

class Normals final : public Task {
 public:
  Normals(const options::Normals& options, const Context& context)
      : context_(context), loss_(options.loss()) {
    require_option(options::Normals::Loss_IsValid(loss_), "loss", "is none of L1, COSINE");
  }

  std::string field_kind() const override { return "tasuki/normals"; }
  int64_t channels() const override { return 3; }

  torch::Tensor loss(const torch::Tensor& logits, const torch::Tensor& label) const override {
    check_shapes(logits, label, 3, 3);
    check_label_range(label, -kLongestComponent, kLongestComponent, context_.name,
                      "normals are unit vectors, or (0, 0, 0) where invalid");
    return loss_ == options::Normals::COSINE ? normals_cosine_loss(logits, label)
                                             : normals_l1_loss(logits, label);
  }
  torch::Tensor predict(const torch::Tensor& logits) const override {
    return unit_vectors(loss_precision(logits));
  }

  std::unique_ptr<Metrics> make_metrics() const override {
    return std::make_unique<StreamingMetrics<NormalSums>>(NormalSums(), NormalSums::infos(),
                                                          context_.averaging);
  }

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
  Context context_;
  options::Normals::Loss loss_;
};

}  // namespace
}  // namespace tasuki::tasks

TASUKI_REGISTER(tasuki::Task, tasuki::tasks::Normals, tasuki::options::Normals, "tasuki/Normals");
