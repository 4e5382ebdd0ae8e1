#include "tasuki/model/safetensors.h"

#include <cstring>

#include "tests/fuzz/target.h"

namespace tasuki::fuzz {
namespace {

bool same(const torch::Tensor& a, const torch::Tensor& b) {
  return a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes() &&
         (a.nbytes() == 0 || std::memcmp(a.data_ptr(), b.data_ptr(), a.nbytes()) == 0);
}

// By name: tensors without elements have no order of their own.
bool same(const NamedTensors& a, const NamedTensors& b) {
  const std::map<std::string, torch::Tensor> left(a.begin(), a.end()), right(b.begin(), b.end());
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const auto& one, const auto& other) {
                      return one.first == other.first && same(one.second, other.second);
                    });
}

}  // namespace

// One .safetensors file; what is read is written and read again.
void fuzz_safetensors(std::string_view bytes) {
  const auto file = write_input("input.safetensors", bytes);
  const auto value = answer_of(ErrorKind::kData, file, [&] { return read_safetensors(file); });
  if (!value) return;
  require(read_safetensors_metadata(file) == value->metadata, "the metadata alone are the same");
  const auto written = folder() / "written.safetensors";
  write_safetensors(written, *value);
  const auto again = read_safetensors(written);
  require(again.metadata == value->metadata, "metadata that are written are read");
  require(same(again.tensors, value->tensors), "tensors that are written are read");
}

}  // namespace tasuki::fuzz
