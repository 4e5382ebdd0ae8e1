#include "datasets/folder/palette.h"

#include <set>

#include "tasuki/error/error.h"
#include "tasuki/registry/registry.h"

namespace tasuki::folder {
namespace {

constexpr size_t kMostColours = 256;  // of what may be a label map
constexpr size_t kShown = 8;

uint32_t key_of(const cv::Vec3b& bgr) {
  return uint32_t{bgr[2]} << 16 | uint32_t{bgr[1]} << 8 | bgr[0];
}

std::string text_of(uint32_t key) {
  return "[" + std::to_string(key >> 16) + ", " + std::to_string(key >> 8 & 255) + ", " +
         std::to_string(key & 255) + "]";
}

}  // namespace

Palette::Palette(const Entries& entries, int classes, const std::string& place) {
  for (int i = 0; i < entries.size(); ++i) {
    const auto& entry = entries[i];
    const std::string at = place + ".palette[" + std::to_string(i) + "]";
    const bool is_colour =
        entry.colour_size() == 3 && std::all_of(entry.colour().begin(), entry.colour().end(),
                                                [](uint32_t value) { return value <= 255; });
    require_option(is_colour, at + ".colour",
                   "red, green and blue, 0 to 255 each, are expected, such as [255, 0, 0]");
    require_option(entry.has_class_() && entry.class_() >= -1 && entry.class_() < classes,
                   at + ".class", "a class, or -1 for unknown, is expected");
    const uint32_t key = entry.colour(0) << 16 | entry.colour(1) << 8 | entry.colour(2);
    require_option(classes_.emplace(key, entry.class_()).second, at + ".colour",
                   text_of(key) + " is in the palette already");
  }
}

cv::Mat Palette::apply(const cv::Mat& colours, int invalid) const {
  cv::Mat labels(colours.size(), CV_32SC1);
  // Neighbours mostly have one colour.
  auto last = classes_.end();
  for (int y = 0; y < colours.rows; ++y) {
    const auto* row = colours.ptr<cv::Vec3b>(y);
    auto* out = labels.ptr<int>(y);
    for (int x = 0; x < colours.cols; ++x) {
      const uint32_t key = key_of(row[x]);
      if (last == classes_.end() || last->first != key) last = classes_.find(key);
      if (last == classes_.end()) {
        throw Error(ErrorKind::kData, "colour " + text_of(key) + " at (x " + std::to_string(x) +
                                          ", y " + std::to_string(y) +
                                          ") is not in the field's palette; class: -1 is for "
                                          "colours that mean unknown");
      }
      out[x] = last->second == -1 ? invalid : last->second;
    }
  }
  return labels;
}

std::string propose_palette(const cv::Mat& colours) {
  std::set<uint32_t> found;
  for (int y = 0; y < colours.rows; ++y) {
    const auto* row = colours.ptr<cv::Vec3b>(y);
    for (int x = 0; x < colours.cols; ++x) {
      found.insert(key_of(row[x]));
      if (found.size() > kMostColours) return "it has too many colours for a label map";
    }
  }
  std::string entries;
  size_t index = 0;
  for (const uint32_t key : found) {
    if (index == kShown) break;
    if (index > 0) entries += ", ";
    entries += "{ colour: " + text_of(key) + " class: " + std::to_string(index++) + " }";
  }
  if (found.size() > kShown) {
    entries += ", and " + std::to_string(found.size() - kShown) + " more colours";
  }
  return "if its colours are classes, say which is which in the field's options, such as palette: "
         "[" +
         entries + "]";
}

}  // namespace tasuki::folder
