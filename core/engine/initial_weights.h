#pragma once

#include <filesystem>
#include <string>

#include "tasuki/model/model.h"

namespace tasuki {

// Begins a run with the weights of a checkpoint of Tasuki, weights or training state, of any
// config: the tensors that have a model's name and shape. Returns what it took, what of the file it
// left and what the model keeps as it was drawn, for people. Error (kData), the model unchanged:
// where the file is no such checkpoint; where nothing fits; where not everything does, in both
// directions, unless `partial`.
std::string take_weights(MultiTaskModel& model, const std::filesystem::path& file, bool partial);

}  // namespace tasuki
