#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tasuki/engine/experiment.h"

namespace tasuki {

// A page with samples of a split: images, the labels of tasks as they draw them, and masks that no
// task learns. Refers to all of it.
struct SamplePage {
  const ResolvedConfig& config;
  std::shared_ptr<const Dataset> dataset;  // build_dataset
  const std::vector<ModelTask>& tasks;
  const FieldKind& mask;  // the kind of fields that are drawn black and white
  std::string split;
  size_t count = 24;         // samples, evenly spread over the split
  bool transformed = false;  // also what the split's pipeline makes of them in the first epoch
};

// Self-contained HTML.
std::string sample_page(const SamplePage& page);

}  // namespace tasuki
