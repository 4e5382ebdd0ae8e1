#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <string>
#include <unordered_map>

#include "datasets/folder/folder.pb.h"

namespace tasuki::folder {

// Classes that are stored as colours.
class Palette {
 public:
  using Entries = google::protobuf::RepeatedPtrField<options::Folder::Colour>;

  // OptionError, `place` in front: a colour that is none or is there twice, a class below -1 or not
  // below `classes`.
  Palette(const Entries& entries, int classes, const std::string& place);

  // CV_8UC3 BGR -> CV_32SC1, `invalid` where the palette says -1. Error (kData) names the first
  // pixel of another colour.
  cv::Mat apply(const cv::Mat& colours, int invalid) const;

 private:
  std::unordered_map<uint32_t, int> classes_;  // by 0xRRGGBB
};

// Why labels of several channels are none, and the palette that would make some of them: with the
// colours of this picture, CV_8UC3 BGR, where they are few.
std::string propose_palette(const cv::Mat& colours);

}  // namespace tasuki::folder
