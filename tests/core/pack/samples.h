#pragma once

#include <cstring>

#include "tests/pipelines/samples.h"

namespace tasuki::testing {

inline bool same_bits(const cv::Mat& a, const cv::Mat& b) {
  if (a.size() != b.size() || a.type() != b.type()) return false;
  for (int y = 0; y < a.rows; ++y) {
    if (std::memcmp(a.ptr(y), b.ptr(y), size_t(a.cols) * a.elemSize()) != 0) return false;
  }
  return true;
}

template <class Value>
bool same_bits(const Value& a, const Value& b) {
  return std::memcmp(&a, &b, sizeof(Value)) == 0;
}

// What two samples differ in, bit by bit; "" when nothing does.
inline std::string difference(const Sample& a, const Sample& b) {
  if (a.id != b.id) return "id";
  if (a.original_size != b.original_size) return "original size";
  if (a.camera.has_value() != b.camera.has_value()) return "having a camera";
  if (a.camera && !same_bits(*a.camera, *b.camera)) return "camera";
  if (!same_bits(a.normalization, b.normalization)) return "normalization";
  if (!same_bits(a.padding, b.padding)) return "padding";
  if (a.fields.size() != b.fields.size()) return "number of fields";
  for (const auto& [name, field] : a.fields) {
    const auto other = b.fields.find(name);
    if (other == b.fields.end()) return "having field " + name;
    if (field.kind != other->second.kind) return "kind of field " + name;
    if (field.file != other->second.file) return "file of field " + name;
    if (!same_bits(field.value, other->second.value)) return "pixels of field " + name;
  }
  return "";
}

// An image and a label of a few pixels; every seed gives another.
inline Sample small_sample(int seed) {
  Sample sample;
  sample.id = "sample" + std::to_string(seed);
  sample.original_size = {7, 5};
  cv::Mat image(5, 7, CV_8UC3, cv::Scalar(seed, 2 * seed, 77)), label(5, 7, CV_32SC1);
  for (int i = 0; i < 35; ++i) label.at<int>(i / 7, i % 7) = (i + seed) % 5 - 1;
  sample.fields = {{"image", field("tasuki/image", image)},
                   {"seg", field("tasuki/label_map", label)}};
  return sample;
}

}  // namespace tasuki::testing
