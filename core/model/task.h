#pragma once

#include <torch/types.h>

#include <filesystem>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "tasuki/config/config.pb.h"

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

// What is predicted: the kind of its labels, what is made of logits, files and pictures; and the
// losses and metrics that it has where the config names none. Thread-safe and const.
class Task {
 public:
  static constexpr const char* kKind = "Task";
  struct Context {
    std::string name;                      // of the task in the model
    std::vector<std::string> class_names;  // of the label field, if the data set names them
    bool own_losses = false;               // the config has losses for it, beside its kind
  };

  virtual ~Task() = default;

  // Registered name of the kind that the label field must have: "tasuki/depth".
  virtual std::string field_kind() const = 0;
  // Channels of the logits.
  virtual int64_t channels() const = 0;

  // Losses and metrics as a config would have them: plugin_any() of core/registry/plugin_any.h
  // makes what stands in them.
  virtual std::vector<LossConfig> losses() const = 0;
  virtual std::vector<google::protobuf::Any> metrics() const = 0;

  // "" where a label, a Mat of the field kind, is one that the task can be trained on and measured
  // by, else what is wrong with which value at which pixel. Asked for every sample, by the loader's
  // workers, so that losses need not look. By default the field kind's range_error().
  virtual std::string label_error(const cv::Mat& label) const;

  // logits [N, channels, H, W] float32 or float64 -> what losses compare with the target, of the
  // same size and type. Differentiable. By default the logits themselves.
  virtual torch::Tensor activate(const torch::Tensor& logits) const { return logits; }
  // Labels as the field kind's tensor (float [N,C,H,W] or int64 [N,H,W], invalid pixels marked by
  // the kind's value) -> what losses are given: pixels that are not to be trained on are marked
  // invalid, too. By default the labels themselves.
  virtual torch::Tensor target(const torch::Tensor& label) const { return label; }
  // logits -> prediction in the label's units and layout: int64 [N,H,W] or float [N,C,H,W].
  virtual torch::Tensor predict(const torch::Tensor& logits) const = 0;

  // What is averaged where an image is looked at several times (mirrored, at other scales), and
  // what the mean comes to. logits -> float [N, C, H, W]: by default the predicted values, or the
  // probabilities of classes where the prediction is an index.
  virtual torch::Tensor scores(const torch::Tensor& logits) const;
  // Mean scores -> prediction, as predict() has it: by default those values, or the likeliest
  // class.
  virtual torch::Tensor decide(const torch::Tensor& scores) const;

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
