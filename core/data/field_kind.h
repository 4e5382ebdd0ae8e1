#pragma once

#include <opencv2/core.hpp>
#include <string>

namespace google::protobuf {
class Message;
}

namespace tasuki {

// How a field of a sample behaves under geometry. One object per registered name, shared by all
// samples and threads: every member is const and thread-safe. A new task may bring its own kind.
//
// A field kind takes no options: register it with google::protobuf::Empty. Its name is written in
// full wherever a config names a kind ("tasuki/depth").
class FieldKind {
 public:
  static constexpr const char* kKind = "FieldKind";
  struct Context {};
  enum class Interpolation { kNearest, kBilinear };
  // What the tensor of a batch is: float [N,C,H,W], or int64 [N,H,W] for class indices.
  enum class TensorType { kFloat, kIndex };

  virtual ~FieldKind() = default;

  // OpenCV type of a sample's Mat: CV_8UC3, CV_32SC1, CV_32FC1, CV_32FC3, CV_8UC1, ...
  virtual int mat_type() const = 0;
  virtual Interpolation interpolation() const { return Interpolation::kNearest; }
  // True: padding mirrors the border (images). False: padding is invalid_value().
  virtual bool pads_by_reflection() const { return false; }
  // The value of a pixel without a label, for all channels.
  virtual double invalid_value() const = 0;
  virtual TensorType tensor_type() const { return TensorType::kFloat; }

  // CV_8UC1 mask, 255 where the pixel has a value. Images are valid everywhere.
  virtual cv::Mat valid_mask(const cv::Mat& value) const = 0;
  // Changes of values that come with geometry. `value` has been moved already and is not shared.
  // A horizontal mirror:
  virtual void after_flip(cv::Mat& /*value*/) const {}
  // An enlargement by `zoom` followed by a crop back to the old size (the scene comes closer):
  virtual void after_zoom(cv::Mat& /*value*/, double /*zoom*/) const {}
  // A plain resize, new width / old width = width_ratio:
  virtual void after_resize(cv::Mat& /*value*/, double /*width_ratio*/) const {}
  // "" when every value is in range, else what is wrong with which value at which pixel, such as
  // "value -2.5 at (x 3, y 7): depth is metres > 0, or 0 where invalid".
  virtual std::string range_error(const cv::Mat& value) const = 0;
};

}  // namespace tasuki
