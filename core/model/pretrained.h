#pragma once

#include <string>

#include "tasuki/model/architecture.h"
#include "tasuki/model/encoder.h"

namespace tasuki {

// Copies the encoder's pretrained file, if it names one, into every module that the architecture
// made of its stages. Strict but for the classifier: Error (kData) lists missing, unexpected and
// mismatched tensors. What other programs do to a published file is undone, and returned for people
// to read, "" where there was nothing:
//  - a known prefix in front of the names ("module.", "backbone.", "encoder.", ...), the network's
//    other parts being left out;
//  - floating-point types other than the model's (half precision) are converted;
//  - num_batches_tracked, which files from before PyTorch 0.4.1 lack and nothing reads, may be
//    missing.
// Error (kData) for a checkpoint of Tasuki, with the way to begin from one.
std::string load_pretrained(const Encoder& encoder, const Architecture& architecture);

}  // namespace tasuki
