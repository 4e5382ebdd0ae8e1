#pragma once

#include "core/model/architecture.h"
#include "core/model/encoder.h"

namespace tasuki {

// Copies the encoder's pretrained file, if it names one, into every module that the architecture
// made of its stages. Strict but for the classifier: Error (kData) lists missing, unexpected and
// mismatched tensors.
void load_pretrained(const Encoder& encoder, const Architecture& architecture);

}  // namespace tasuki
