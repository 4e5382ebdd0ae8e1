#pragma once

#include <torch/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tasuki {

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

// The safetensors format: 8 bytes little-endian header length, a JSON object {name: {dtype, shape,
// data_offsets}, "__metadata__": {string: string}}, then the tensors' bytes, row-major, without
// gaps.
struct Safetensors {
  NamedTensors tensors;  // in the order of their bytes
  std::map<std::string, std::string> metadata;
};

// Appears whole or not at all. Any device and memory format; written as contiguous CPU data.
void write_safetensors(const std::filesystem::path& path, const Safetensors& file);

// Reads all tensors into memory of their own. The file is not trusted: header size, JSON, types,
// shapes, offsets, gaps and overlaps are checked; Error (kData) names the file and the tensor. A
// PyTorch file is named as such, with how to convert it.
Safetensors read_safetensors(const std::filesystem::path& path);
// Only the metadata; the tensors' bytes are not read.
std::map<std::string, std::string> read_safetensors_metadata(const std::filesystem::path& path);

// Copies `tensors` into `targets` by name, strictly: Error (kData) lists the missing, unexpected
// and mismatched (shape or type) tensors, and nothing is changed then.
void copy_tensors(const NamedTensors& tensors, const NamedTensors& targets,
                  const std::string& where);

// The first 20 names "and 7 more": a wrong model has hundreds.
std::string join_some(std::vector<std::string> names, std::string_view separator = ", ");

}  // namespace tasuki
