#pragma once

#include <torch/types.h>

#include "tasuki/data/sample.h"
#include "tasuki/loader/block_pool.h"

namespace tasuki {

// Uninitialised memory for `count` values of `kind`: int64 [count,H,W] for index kinds, otherwise
// float32 [count,C,H,W]. Value i is the i-th of `count` equal dense blocks, each in the order of an
// OpenCV Mat (row, column, channel), or plane by plane (channel, row, column) without
// `channels_last`. Its memory is a block of `pool`'s, or LibTorch's own without one.
torch::Tensor empty_pixels(const FieldKind& kind, int64_t count, cv::Size size, BlockPool* pool,
                           bool channels_last = true);
// The same in pinned memory, which LibTorch's own allocator recycles. Needs a GPU.
torch::Tensor empty_pinned_pixels(const FieldKind& kind, int64_t count, cv::Size size,
                                  bool channels_last = true);

// Writes a field into one such block. Kinds of type CV_8UC3 are colour images, BGR in 0..255 (8
// bit, or CV_32FC3 after a transform that needs it): they become RGB, (value / 255 - mean) /
// deviation. All other values keep their number. Plain loops over raw memory, so that a worker
// thread never starts a team of LibTorch's threads.
void write_pixels(const Field& field, const Normalization& normalization, void* block,
                  bool channels_last = true);

// True where write_pixels knows what to do with the field's pixel type.
bool fits_kind(const Field& field);

}  // namespace tasuki
