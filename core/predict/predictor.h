#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "tasuki/engine/experiment.h"
#include "tasuki/predict/inference.h"

namespace tasuki {

// What one task says of one image.
class TaskPrediction {
 public:
  TaskPrediction(std::shared_ptr<const Task> task, cv::Mat values)
      : task_(std::move(task)), values_(std::move(values)) {}

  // A value a pixel, in the units and the type of the task's field kind: metres as CV_32FC1,
  // classes as CV_32SC1, unit normals as CV_32FC3.
  const cv::Mat& values() const { return values_; }
  // The same for the eye: CV_8UC3, BGR.
  cv::Mat picture() const;
  // Raw files at `stem` (docs/predictions.md), whose folder is there; returns them.
  std::vector<std::filesystem::path> write(const std::filesystem::path& stem) const;

 private:
  std::shared_ptr<const Task> task_;
  cv::Mat values_;
};

// What the networks say of one image, by task.
class Prediction {
 public:
  void add(const std::string& task, TaskPrediction prediction);
  // Error (kUsage) names the tasks that there are.
  const TaskPrediction& operator[](const std::string& task) const;
  std::vector<std::string> tasks() const;  // in the model's order

 private:
  std::vector<std::pair<std::string, TaskPrediction>> predictions_;
};

// Predicts every task for images of any size: the part of the config's evaluation pipeline that
// needs no label, then the networks, whole or by windows, for one or several views. It is what
// `tasuki predict` writes; `tasuki eval` measures the same networks by the same views.
//
// Example:
//   const Predictor predictor("out/best.safetensors", SlidingWindow{.size = {240, 320}});
//   const Prediction prediction = predictor(cv::imread("room.jpg"));
//   cv::imwrite("depth.png", prediction["depth"].picture());
//   const cv::Mat metres = prediction["depth"].values();
class Predictor {
 public:
  // A checkpoint of `tasuki train` or `tasuki export` with the config that lies in it, on this
  // machine's device: the GPU where there is one; bf16 only where the run had it and the device
  // has. Plugins of the installation and of TASUKI_PLUGIN_PATH are announced. Error (kData) for a
  // file that is none.
  explicit Predictor(const std::filesystem::path& checkpoint, Inference inference = {});
  Predictor(const std::filesystem::path& checkpoint, const SlidingWindow& window)
      : Predictor(checkpoint, Inference{.window = window}) {}
  // Networks that are there already, in evaluation mode only while they predict. Error (kUsage),
  // located in the config, for an evaluation pipeline that is random.
  Predictor(Experiment experiment, Inference inference);

  // `image`: CV_8UC3, BGR, of any size. Predictions have its size. Error (kData) where the pipeline
  // leaves nothing of it, or it is of another type; `name` stands for it there.
  Prediction operator()(const cv::Mat& image, const std::string& name = "the image") const;

  const Experiment& experiment() const { return experiment_; }

 private:
  Experiment experiment_;
  Inference inference_;
  std::vector<std::unique_ptr<Transform>> pipeline_;
};

}  // namespace tasuki
