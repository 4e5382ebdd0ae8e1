#include "plugins/decoders/transpose.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>

namespace tasuki::decoders {
namespace {

constexpr int64_t kTile = 32;

template <class Element>
struct Matrix {
  Element* data;
  int64_t row_stride, column_stride;
};

template <class Element>
Matrix<Element> matrix(const torch::Tensor& t) {
  return {static_cast<Element*>(t.data_ptr()), t.stride(0), t.stride(1)};
}

// By way of a small buffer: with strides that are multiples of a page, the lines of a tile would
// push each other out of the cache before they are full.
template <class Element>
void copy_tile(Matrix<const Element> from, Matrix<Element> to, int64_t rows, int64_t columns) {
  Element buffer[kTile][kTile + 1];
  for (int64_t column = 0; column < columns; ++column) {
    const Element* source = from.data + column * from.column_stride;
    for (int64_t row = 0; row < rows; ++row) buffer[row][column] = source[row * from.row_stride];
  }
  for (int64_t row = 0; row < rows; ++row) {
    Element* target = to.data + row * to.row_stride;
    for (int64_t column = 0; column < columns; ++column) {
      target[column * to.column_stride] = buffer[row][column];
    }
  }
}

template <class Element>
void copy_tiles(const torch::Tensor& from, const torch::Tensor& to) {
  const auto source = matrix<const Element>(from);
  const auto target = matrix<Element>(to);
  const int64_t rows = from.size(0), columns = from.size(1);
  at::parallel_for(0, (rows + kTile - 1) / kTile, 1, [&](int64_t begin, int64_t end) {
    for (int64_t top = begin * kTile; top < std::min(rows, end * kTile); top += kTile) {
      for (int64_t left = 0; left < columns; left += kTile) {
        const auto at = [&](auto m) {
          m.data += top * m.row_stride + left * m.column_stride;
          return m;
        };
        copy_tile<Element>(at(source), at(target), std::min(kTile, rows - top),
                           std::min(kTile, columns - left));
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
