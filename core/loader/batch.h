#pragma once

#include <torch/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tasuki/data/sample.h"

namespace tasuki {

// What the step needs to know of a sample beside its tensors.
struct SampleInfo {
  std::string id;
  size_t index = 0;  // in its split
  cv::Size original_size;
  Normalization normalization;               // of the image tensor, to show it again
  std::optional<Camera> camera;              // of the image tensor, where it is known
  std::map<std::string, std::string> files;  // by field, where one was read from a file
};

// "sample ID (split val, index 3, FILE)" for errors: the field's own file, or the image's where it
// has none; without the split where that is "".
std::string place_of(const SampleInfo& sample, const std::string& field,
                     const std::string& split = "");

// Samples of one size as tensors by field name: "image" float32 [N,3,H,W] RGB, normalised; float
// labels [N,C,H,W]; index labels int64 [N,H,W]. Float tensors are stored channels last (NHWC), or
// as their sizes say (NCHW), whichever was asked for.
struct Batch {
  std::map<std::string, torch::Tensor> tensors;
  std::vector<SampleInfo> samples;
  uint64_t epoch = 0;  // that it was drawn for
  // False for what a process gets of a batch that has fewer samples than there are processes: a
  // sample of another one, of which nothing counts.
  bool counts = true;

  int64_t size() const { return static_cast<int64_t>(samples.size()); }
  // The tensor, or an Error naming the fields that the batch has.
  const torch::Tensor& tensor(const std::string& field) const;
  // The same batch on `device`, copied without blocking where the memory is pinned.
  Batch to(torch::Device device) const;
};

// Samples -> batch; `fields` alone are taken (others cost nothing), each by its kind. `indices` are
// the samples' places in their split. Error (kData) when samples differ in size, naming both, or
// lack a field. `pinned` memory for copies to a GPU, where there is one.
Batch collate(const std::vector<Sample>& samples, const std::vector<size_t>& indices,
              const std::vector<std::string>& fields, bool pinned = false,
              bool channels_last = true);

// One field value as a tensor without the batch dimension, [H,W] int64 or [C,H,W] float32, and back
// to a Mat of the kind's type, from any device and type. Images need the same normalisation both
// ways; 8-bit values are rounded and clamped.
torch::Tensor to_tensor(const Field& field, const Normalization& normalization);
cv::Mat to_mat(const torch::Tensor& value, const FieldKind& kind,
               const Normalization& normalization = {});

}  // namespace tasuki
