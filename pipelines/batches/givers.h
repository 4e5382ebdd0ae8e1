#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "tasuki/loader/batch.h"

// What transforms that mix two samples of a batch have in common.
namespace tasuki::batches {

// Who gives to each: a shift by 1 to n - 1 places of the batch, so that nobody gives to itself; n
// > 1.
std::vector<int64_t> draw_givers(int64_t n, cv::RNG& random);

// No camera sees both parts of a mixed picture where the two had different ones.
void forget_cameras(Batch& batch, const std::vector<int64_t>& givers);

}  // namespace tasuki::batches
