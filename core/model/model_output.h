#pragma once

#include <map>
#include <string>
#include <vector>

#include "tasuki/model/architecture.h"
#include "tasuki/model/decoder.h"

namespace tasuki {

// What a forward pass makes, at the resolutions of the decoders.
struct ModelOutput {
  // By objective: its logits first, then, while the model trains, what supervises it besides.
  std::map<std::string, std::vector<DecoderOutput>> decoded;
  std::vector<ExtraLoss> extra_losses;  // of the architecture, while the model trains

  const torch::Tensor& logits(const std::string& objective) const {
    return decoded.at(objective).front().logits;
  }
};

}  // namespace tasuki
