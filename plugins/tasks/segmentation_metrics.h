#pragma once

#include <torch/types.h>

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/model/metrics.h"

namespace tasuki::tasks {

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

}  // namespace tasuki::tasks
