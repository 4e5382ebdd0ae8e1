#pragma once

#include "tasuki/engine/experiment.h"

namespace tasuki {

// A split, and the pipeline that a run puts it through.
struct SplitUse {
  std::string split;
  Experiment::Pipeline pipeline;

  bool operator==(const SplitUse&) const = default;
  const char* pipeline_name() const {
    return pipeline == Experiment::Pipeline::kTrain ? "train_pipeline" : "eval_pipeline";
  }
};

// What a config uses, each once: the training split behind train_pipeline, validation and test
// split behind eval_pipeline. A test split that it does not name may be missing. Errors are located
// in the config.
std::vector<SplitUse> split_uses(const ResolvedConfig& config, const Dataset& dataset);

}  // namespace tasuki
