#include <torch/types.h>

#include <string>
#include <vector>

#include "plugins/tasks/palette.h"
#include "plugins/tasks/pictures.h"
#include "plugins/tasks/prediction_files.h"
#include "plugins/tasks/regression.h"
#include "plugins/tasks/segmentation.pb.h"
#include "tasuki/model/task.h"
#include "tasuki/registry/plugin_any.h"
#include "tasuki/registry/registry.h"

namespace tasuki::tasks {
namespace {

// The data set's names, or "0", "1", ...
std::vector<std::string> class_names(size_t classes, const std::vector<std::string>& given) {
  if (!given.empty()) return given;
  std::vector<std::string> names;
  for (size_t i = 0; i < classes; ++i) names.push_back(std::to_string(i));
  return names;
}

class Segmentation final : public Task {
 public:
  Segmentation(const options::Segmentation& options, const Context& context)
      : classes_(static_cast<int>(options.classes())) {
    const size_t named = context.class_names.size();
    require_option(named == 0 || named == options.classes(), "classes",
                   "is " + std::to_string(classes_) + ", but the data set names " +
                       std::to_string(named) + " classes: make them the same");
    names_ = class_names(options.classes(), context.class_names);
  }

  std::string field_kind() const override { return "tasuki/label_map"; }
  int64_t channels() const override { return classes_; }

  std::vector<LossConfig> losses() const override {
    return {plain_loss(plugin_any("tasuki/CrossEntropyLoss"))};
  }
  std::vector<google::protobuf::Any> metrics() const override {
    return {plugin_any("tasuki/MeanIoUMetric")};
  }

  std::string label_error(const cv::Mat& label) const override {
    for (int y = 0; y < label.rows; ++y) {
      const auto* row = label.ptr<int>(y);
      unsigned wrong = 0;  // one pass without branches a row
      for (int x = 0; x < label.cols; ++x) wrong |= row[x] < -1 || row[x] >= classes_ ? 1u : 0u;
      if (wrong == 0) continue;
      int x = 0;
      while (row[x] >= -1 && row[x] < classes_) ++x;
      return no_class(row[x], x, y);
    }
    return "";
  }
  torch::Tensor predict(const torch::Tensor& logits) const override { return logits.argmax(1); }

  std::vector<std::filesystem::path> write_prediction(
      const cv::Mat& prediction, const std::filesystem::path& stem) const override {
    return write_classes(prediction, stem, classes_);
  }
  cv::Mat read_prediction(const std::filesystem::path& stem) const override {
    return read_classes(stem, classes_);
  }

  cv::Mat draw(const cv::Mat& value, cv::Vec2d /*range*/) const override {
    return draw_classes(value);
  }
  cv::Mat draw_error(const cv::Mat& prediction, const cv::Mat& label) const override {
    return draw_class_errors(prediction, label);
  }
  cv::Vec2d value_range(const cv::Mat& /*value*/) const override {
    return {0, static_cast<double>(classes_ - 1)};
  }
  Legend legend(cv::Vec2d /*range*/) const override {
    Legend legend;
    for (int i = 0; i < classes_; ++i) legend.classes.push_back({names_[i], class_color(i)});
    legend.classes.push_back({"void", kVoidColor});
    return legend;
  }
  Legend error_legend() const override {
    Legend legend;
    const auto dim = cv::saturate_cast<uchar>(255 * kDimming);
    legend.classes = {{"right (class colour, dimmed)", {dim, dim, dim}},
                      {"wrong", kWrongColor},
                      {"void", kVoidColor}};
    return legend;
  }

 private:
  std::string no_class(int label, int x, int y) const {
    return "label " + std::to_string(label) + " at (x " + std::to_string(x) + ", y " +
           std::to_string(y) + ") is no class: classes are 0.." + std::to_string(classes_ - 1) +
           ", -1 is void; set the number of classes, or map the label at loading" +
           (classes_ == 2 ? " (masks of 0 and 255 take threshold: 127)" : "");
  }

  int classes_;
  std::vector<std::string> names_;
};

}  // namespace
}  // namespace tasuki::tasks

TASUKI_REGISTER(tasuki::Task, tasuki::tasks::Segmentation, tasuki::options::Segmentation,
                "tasuki/Segmentation");
