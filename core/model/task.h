#pragma once

#include <torch/types.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "core/config/config.pb.h"
#include "core/model/metrics.h"

namespace tasuki {

// What a class or a value looks like in a picture.
struct Legend {
  struct Entry {
    std::string name;
    cv::Vec3b bgr;
  };
  std::vector<Entry> classes;  // for index fields, or
  std::string unit;            // for values: a colour bar of colormap from least to most
  std::string colormap;        // an OpenCV name: "viridis", "turbo", ...
  double least = 0, most = 0;
};

// What is predicted: its label field, loss, metrics, files and pictures. Thread-safe and const.
class Task {
 public:
  static constexpr const char* kKind = "Task";
  struct Context {
    std::string name;                      // of the task in the model
    std::vector<std::string> class_names;  // of the label field, if the data set names them
    Averaging averaging = PIXEL;
  };

  virtual ~Task() = default;

  // Registered name of the kind that the label field must have: "tasuki/depth".
  virtual std::string field_kind() const = 0;
  // Channels of the logits.
  virtual int64_t channels() const = 0;

  // logits [N, channels, H, W] float32 or float64 and labels as the field kind's tensor (float
  // [N,C,H,W] or int64 [N,H,W], invalid pixels marked by the kind's value) at the same resolution
  // -> scalar. Mean over the valid pixels of the batch; exactly zero with zero gradient when there
  // is none; never NaN for finite logits. Error (kData) for a label out of the task's range.
  virtual torch::Tensor loss(const torch::Tensor& logits, const torch::Tensor& label) const = 0;
  // logits -> prediction in the label's units and layout: int64 [N,H,W] or float [N,C,H,W].
  virtual torch::Tensor predict(const torch::Tensor& logits) const = 0;

  // A fresh accumulator of this task's metrics.
  virtual std::unique_ptr<Metrics> make_metrics() const = 0;

  // One prediction as the field kind's Mat, written beside others as stem + suffix: raw files of
  // standard formats that read_prediction and other programs read back. Returns the files written.
  virtual std::vector<std::filesystem::path> write_prediction(
      const cv::Mat& prediction, const std::filesystem::path& stem) const = 0;
  // The raw prediction at `stem`, whichever of the documented formats is there; Error (kData) lists
  // the files looked for.
  virtual cv::Mat read_prediction(const std::filesystem::path& stem) const = 0;

  // Pictures, CV_8UC3 BGR, of a label or prediction, and of how far a prediction is from its label
  // (invalid pixels grey). `range` is what draw should span, from value_range; ignored for classes.
  virtual cv::Mat draw(const cv::Mat& value, cv::Vec2d range) const = 0;
  virtual cv::Mat draw_error(const cv::Mat& prediction, const cv::Mat& label) const = 0;
  // Least and most of the valid values, for one colour scale across label and prediction.
  virtual cv::Vec2d value_range(const cv::Mat& value) const = 0;
  virtual Legend legend(cv::Vec2d range) const = 0;
  virtual Legend error_legend() const = 0;
};

}  // namespace tasuki
