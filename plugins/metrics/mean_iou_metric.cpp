#include <torch/types.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "plugins/metrics/image_values.h"
#include "plugins/metrics/metrics.pb.h"
#include "tasuki/error/error.h"
#include "tasuki/model/streaming_metric.h"
#include "tasuki/registry/registry.h"

namespace tasuki::metrics {
namespace {

// Confusion counts of label maps. Values, all fractions:
//   miou       mean of TP / (TP + FP + FN) over the classes for which that sum is not zero; a class
//              absent from labels and predictions does not count
//   pixel_acc  right pixels / valid pixels
//   mean_acc   mean of TP / (TP + FN) over the classes that have labels
class ConfusionSums {
 public:
  // `names` has a name for each class.
  explicit ConfusionSums(std::vector<std::string> names);

  static std::vector<MetricInfo> infos();

  // Both int64 [H, W]. Labels of -1 are left out. Error (kData) names the value and pixel of a
  // label outside -1..classes-1, and of a prediction outside 0..classes-1 (on any pixel).
  void add(const torch::Tensor& prediction, const torch::Tensor& label);
  void merge(const ConfusionSums& other);
  int64_t pixels() const { return pixels_; }
  std::vector<double> values() const;
  // "confusion" (rows are labels, columns predictions), "class_names", "per_class_iou" (null where
  // the class is absent), "absent_classes" (their names).
  void describe(nlohmann::json& out) const;
  template <class Self, class Use>
  static void each(Self& sums, Use use) {
    use(sums.pixels_);
    for (auto& count : sums.confusion_) use(count);
  }

 private:
  struct Counts {
    int64_t hits, labelled, predicted;
    int64_t in_union() const { return labelled + predicted - hits; }
    double iou() const { return static_cast<double>(hits) / static_cast<double>(in_union()); }
  };
  size_t classes() const { return names_.size(); }
  // Of each class.
  std::vector<Counts> counts() const;

  std::vector<std::string> names_;
  std::vector<int64_t> confusion_;  // classes x classes, a row per label
  int64_t pixels_ = 0;
};

torch::Tensor index_image(const torch::Tensor& value) {
  TORCH_CHECK(value.dim() == 2 && value.scalar_type() == torch::kLong,
              "class indices of an image must be int64 [H, W], not ", value.sizes());
  return value.to(torch::kCPU).contiguous();
}

[[noreturn]] void out_of_range(const char* what, int64_t value, int64_t at, int64_t width,
                               const std::string& range) {
  throw Error(ErrorKind::kData, std::string(what) + " " + std::to_string(value) + " at (x " +
                                    std::to_string(at % width) + ", y " +
                                    std::to_string(at / width) + ") is no class: " + range);
}

double ratio(double part, int64_t whole) {
  return whole > 0 ? part / static_cast<double>(whole) : std::nan("");
}

ConfusionSums::ConfusionSums(std::vector<std::string> names)
    : names_(std::move(names)), confusion_(names_.size() * names_.size(), 0) {}

std::vector<MetricInfo> ConfusionSums::infos() {
  return {{"miou", "", true, true}, {"pixel_acc", "", true, true}, {"mean_acc", "", true, false}};
}

void ConfusionSums::add(const torch::Tensor& prediction, const torch::Tensor& label) {
  TORCH_CHECK(prediction.sizes() == label.sizes(), "prediction ", prediction.sizes(), " and label ",
              label.sizes(), " differ in size");
  const auto predicted = index_image(prediction), labelled = index_image(label);
  const int64_t* p = predicted.data_ptr<int64_t>();
  const int64_t* y = labelled.data_ptr<int64_t>();
  const auto count = static_cast<int64_t>(classes());
  const int64_t width = predicted.size(1);
  const std::string range = "classes are 0.." + std::to_string(count - 1);
  for (int64_t i = 0; i < predicted.numel(); ++i) {
    if (p[i] < 0 || p[i] >= count) out_of_range("prediction", p[i], i, width, range);
    if (y[i] < -1 || y[i] >= count) {
      out_of_range("label", y[i], i, width,
                   range + ", -1 is void" +
                       (count == 2 ? "; masks of 0 and 255 take threshold: 127 at loading" : ""));
    }
    if (y[i] < 0) continue;
    ++confusion_[static_cast<size_t>(y[i] * count + p[i])];
    ++pixels_;
  }
}

void ConfusionSums::merge(const ConfusionSums& other) {
  for (size_t i = 0; i < confusion_.size(); ++i) confusion_[i] += other.confusion_[i];
  pixels_ += other.pixels_;
}

std::vector<ConfusionSums::Counts> ConfusionSums::counts() const {
  std::vector<Counts> result(classes(), Counts{0, 0, 0});
  for (size_t row = 0; row < classes(); ++row) {
    for (size_t column = 0; column < classes(); ++column) {
      const int64_t count = confusion_[row * classes() + column];
      result[row].labelled += count;
      result[column].predicted += count;
      if (row == column) result[row].hits = count;
    }
  }
  return result;
}

std::vector<double> ConfusionSums::values() const {
  double ious = 0, accuracies = 0;
  int64_t present = 0, with_label = 0, hits = 0;
  for (const auto& of : counts()) {
    hits += of.hits;
    if (of.in_union() > 0) {
      ious += of.iou();
      ++present;
    }
    if (of.labelled > 0) {
      accuracies += static_cast<double>(of.hits) / static_cast<double>(of.labelled);
      ++with_label;
    }
  }
  return {ratio(ious, present), ratio(static_cast<double>(hits), pixels_),
          ratio(accuracies, with_label)};
}

void ConfusionSums::describe(nlohmann::json& out) const {
  auto rows = nlohmann::json::array(), ious = nlohmann::json::array();
  auto absent = nlohmann::json::array();
  const auto all = counts();
  for (size_t row = 0; row < classes(); ++row) {
    const auto* first = confusion_.data() + row * classes();
    rows.push_back(std::vector<int64_t>(first, first + classes()));
    const bool present = all[row].in_union() > 0;
    ious.push_back(present ? nlohmann::json(all[row].iou()) : nlohmann::json(nullptr));
    if (!present) absent.push_back(names_[row]);
  }
  out["confusion"] = std::move(rows);
  out["class_names"] = names_;
  out["per_class_iou"] = std::move(ious);
  out["absent_classes"] = std::move(absent);
}

class MeanIoUMetric final : public StreamingMetric<ConfusionSums> {
 public:
  MeanIoUMetric(const options::MeanIoUMetric&, const Context& context)
      : StreamingMetric(ConfusionSums(class_names(context)), ConfusionSums::infos(),
                        context.averaging) {
    require_option(context.is_index, "",
                   "MeanIoUMetric compares class indices, which labels of kind " +
                       context.field_kind + " are not");
  }

 private:
  // The data set's names, or "0", "1", ...
  static std::vector<std::string> class_names(const Context& context) {
    if (!context.class_names.empty()) return context.class_names;
    std::vector<std::string> names;
    for (int64_t i = 0; i < context.channels; ++i) names.push_back(std::to_string(i));
    return names;
  }
};

}  // namespace
}  // namespace tasuki::metrics

TASUKI_REGISTER(tasuki::Metric, tasuki::metrics::MeanIoUMetric, tasuki::options::MeanIoUMetric,
                "tasuki/MeanIoUMetric");
