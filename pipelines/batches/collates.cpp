#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "pipelines/batches/batches.pb.h"
#include "tasuki/loader/collate.h"
#include "tasuki/registry/registry.h"

namespace tasuki::batches {
namespace {

class StackCollate : public Stack {
 public:
  explicit StackCollate(const options::StackCollate&) {}
};

class PadCollate : public WholeCollate {
 public:
  explicit PadCollate(const options::PadCollate& options) : divisor_(int(options.divisor())) {}

  void align(std::vector<Sample>& samples, const std::vector<std::string>& fields) const override {
    if (fields.empty()) return;
    cv::Size largest;
    for (const auto& sample : samples) {
      const auto size = sample.field(fields.front()).value.size();
      largest.width = std::max(largest.width, size.width);
      largest.height = std::max(largest.height, size.height);
    }
    largest = {multiple(largest.width), multiple(largest.height)};
    for (auto& sample : samples) {
      for (const auto& name : fields) pad(sample.field(name), largest);
    }
  }

 private:
  int multiple(int side) const { return (side + divisor_ - 1) / divisor_ * divisor_; }

  static void pad(Field& field, const cv::Size& size) {
    const cv::Size old = field.value.size();
    if (old == size) return;
    const bool reflect = field.kind->pads_by_reflection();
    cv::Mat result;
    // Isolated: a view's surroundings are not part of the picture.
    cv::copyMakeBorder(
        field.value, result, 0, size.height - old.height, 0, size.width - old.width,
        (reflect ? cv::BORDER_REFLECT_101 : cv::BORDER_CONSTANT) | cv::BORDER_ISOLATED,
        cv::Scalar::all(field.kind->invalid_value()));
    field.value = result;
  }

  int divisor_;
};

}  // namespace

TASUKI_REGISTER(Collate, StackCollate, options::StackCollate, "tasuki/StackCollate");
TASUKI_REGISTER(Collate, PadCollate, options::PadCollate, "tasuki/PadCollate");

}  // namespace tasuki::batches
