#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace tasuki::nyuv2 {

// splits.mat (MATLAB 5): the frame numbers of trainNdxs and testNdxs, from 1 on, in their order.
struct OfficialSplit {
  std::vector<size_t> train, test;
};

// Error (kData) where a variable is missing, holds no whole numbers from 1 to `frames`, or a frame
// is named twice.
OfficialSplit read_official_split(const std::filesystem::path& file, size_t frames);

// How many of the train frames, from the first on, are not held out for validation: all but the
// fraction `validation`, and with `scenes` (of each frame of the data set) on to the next scene.
size_t train_count(const std::vector<size_t>& train, double validation,
                   const std::vector<std::string>& scenes);

}  // namespace tasuki::nyuv2
