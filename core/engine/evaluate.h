#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tasuki/engine/experiment.h"
#include "tasuki/evaluation/metric_value.h"
#include "tasuki/step/collective.h"

namespace tasuki {

struct TaskEvaluation {
  std::string task;
  std::vector<MetricValue> values;  // in_protocol as the config's protocol has it
  nlohmann::json details;
};

// Figures of one split and what they mean.
struct Evaluation {
  std::string split;
  size_t samples = 0;
  double seconds = 0;
  std::vector<TaskEvaluation> tasks;

  // {"split", "samples", "protocol": {...}, "tasks": {task: {"metrics": {...}, ...details}}}
  nlohmann::json json(const ResolvedConfig& config) const;
  // "seg.miou" -> value.
  std::map<std::string, double> flat() const;
};

// Labels and predictions of one sample as Mats of the fields' kinds, by task; the image as it was
// given to the network, BGR 8 bit.
struct PredictedSample {
  SampleInfo info;
  cv::Mat image;
  std::map<std::string, cv::Mat> labels;
  std::map<std::string, cv::Mat> predictions;
};
// Called for each sample in index order.
using PredictionSink = std::function<void(const PredictedSample&)>;

// Predictions of the model and its companions for every sample of `source`, in evaluation mode,
// their training mode restored afterwards, by the windows and views of the config's `inference`. A
// sink is called for the samples whose index `wanted` holds (all when empty) if there is one. Error
// (kData) with the sample's file for a label that a task refuses, and where labels of a task lie
// outside the range that it evaluates, all of them.
Evaluation evaluate(const Experiment& experiment, const SampleSource& source,
                    const PredictionSink& sink = {}, const std::vector<size_t>& wanted = {});

// The same by several processes, each of which evaluates every size()-th batch: all get the figures
// of all, which are those of one process to the last bit, because the images' are merged in index
// order.
Evaluation evaluate(const Experiment& experiment, const SampleSource& source,
                    Collective& processes);

// The same figures for predictions that any program wrote: `folder`/TASK/SAMPLE_ID with the
// suffixes that each task's read_prediction knows. Sizes must be the labels'; Error (kData) names
// the file.
Evaluation evaluate_predictions(const Experiment& experiment, const SampleSource& source,
                                const std::filesystem::path& folder,
                                const PredictionSink& sink = {},
                                const std::vector<size_t>& wanted = {});

// `count` indices spread evenly over 0..n-1.
std::vector<size_t> spread_indices(size_t n, size_t count);

}  // namespace tasuki
