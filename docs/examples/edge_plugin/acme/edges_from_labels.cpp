#include <string>

#include "acme/edge.pb.h"
#include "tasuki/data/transform.h"
#include "tasuki/registry/registry.h"

namespace acme {
namespace {

// 1 where the class differs from the right or lower neighbour's, so that an edge is one pixel wide.
// A pixel without a class has no edge value, and is no edge for its neighbours.
cv::Mat class_edges(const cv::Mat& classes) {
  cv::Mat edges(classes.size(), CV_32FC1, cv::Scalar(0));
  for (int y = 0; y < classes.rows; ++y) {
    for (int x = 0; x < classes.cols; ++x) {
      const int here = classes.at<int>(y, x);
      const auto differs = [&](int other) { return other >= 0 && other != here; };
      if (here < 0) {
        edges.at<float>(y, x) = -1;
      } else if ((x + 1 < classes.cols && differs(classes.at<int>(y, x + 1))) ||
                 (y + 1 < classes.rows && differs(classes.at<int>(y + 1, x)))) {
        edges.at<float>(y, x) = 1;
      }
    }
  }
  return edges;
}

class EdgesFromLabels final : public tasuki::Transform {
 public:
  EdgesFromLabels(const options::EdgesFromLabels& options, const Context&)
      : labels_(options.labels()), edges_(options.edges()) {
    tasuki::require_option(labels_ != edges_, "edges", "is the field that the labels are in");
  }

  bool random() const override { return false; }

  void apply(tasuki::Sample& sample, cv::RNG&) const override {
    const auto& labels = sample.field(labels_);
    if (labels.value.type() != CV_32SC1) {
      throw tasuki::Error(tasuki::ErrorKind::kData, "sample " + sample.id + ": field " + labels_ +
                                                        " has no classes; edges can't be made");
    }
    sample.fields[edges_] = {&tasuki::field_kind("acme/edge_map"), class_edges(labels.value), ""};
  }

 private:
  std::string labels_, edges_;
};

}  // namespace

TASUKI_REGISTER(tasuki::Transform, EdgesFromLabels, options::EdgesFromLabels,
                "acme/EdgesFromLabels");

}  // namespace acme
