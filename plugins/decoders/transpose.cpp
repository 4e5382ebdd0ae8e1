#include "plugins/decoders/transpose.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>

namespace tasuki::decoders {
namespace {

constexpr int64_t kTile = 32;

template <class Element>
void copy_tiles(const torch::Tensor& from, const torch::Tensor& to) {
  const auto* source = static_cast<const Element*>(from.data_ptr());
  auto* target = static_cast<Element*>(to.data_ptr());
  const int64_t rows = from.size(0), columns = from.size(1);
  const int64_t s0 = from.stride(0), s1 = from.stride(1), t0 = to.stride(0), t1 = to.stride(1);
  at::parallel_for(0, (rows + kTile - 1) / kTile, 1, [&](int64_t begin, int64_t end) {
    for (int64_t tile = begin; tile < end; ++tile) {
      const int64_t row_end = std::min(rows, (tile + 1) * kTile);
      for (int64_t left = 0; left < columns; left += kTile) {
        const int64_t column_end = std::min(columns, left + kTile);
        for (int64_t column = left; column < column_end; ++column) {
          for (int64_t row = tile * kTile; row < row_end; ++row) {
            target[row * t0 + column * t1] = source[row * s0 + column * s1];
          }
        }
      }
    }
  });
}

}  // namespace

void copy_transposed(const torch::Tensor& from, const torch::Tensor& to) {
  TORCH_CHECK(from.dim() == 2 && from.sizes() == to.sizes() && from.dtype() == to.dtype());
  switch (from.element_size()) {
    case 2:
      return copy_tiles<uint16_t>(from, to);
    case 4:
      return copy_tiles<uint32_t>(from, to);
    case 8:
      return copy_tiles<uint64_t>(from, to);
    default:
      TORCH_CHECK(false, "copy_transposed: elements of ", from.element_size(), " bytes");
  }
}

}  // namespace tasuki::decoders
