#pragma once

#include <array>
#include <map>
#include <opencv2/core.hpp>
#include <optional>
#include <string>

#include "tasuki/data/field_kind.h"

namespace tasuki {

// Pinhole camera in pixels of the present image: u = fx X/Z + cx, v = fy Y/Z + cy.
struct Camera {
  double fx = 0, fy = 0, cx = 0, cy = 0;
};

// What collate does to an 8-bit image when it becomes a tensor, per RGB channel:
// (value / 255 - mean) / standard_deviation. Kept apart from the pixels so that a sample stays
// 8 bit, a quarter of the memory traffic, until it is copied into the batch.
struct Normalization {
  std::array<float, 3> mean{0, 0, 0};
  std::array<float, 3> standard_deviation{1, 1, 1};
};

// Pixels at the borders of a sample that were added, and belong to no picture.
struct Padding {
  int left = 0, top = 0, right = 0, bottom = 0;
};

struct Field {
  const FieldKind* kind = nullptr;
  cv::Mat value;     // rows x cols of kind->mat_type()
  std::string file;  // where it was read from, "" for rendered or derived fields
};

// One image and its labels as named fields of one size, and what is known of them.
// Copies share pixel buffers (cv::Mat): a transform replaces a field's Mat, and never writes into a
// buffer that it did not make itself.
struct Sample {
  std::string id;                       // unique in its split; also the name of prediction files
  std::map<std::string, Field> fields;  // "image" and one per label
  cv::Size original_size;               // as loaded, before any transform
  std::optional<Camera> camera;
  Normalization normalization;
  // Of the present size. A transform that changes geometry keeps it up to date, as it does the
  // camera: prediction cuts it away before its result goes back to the image's own size. Where a
  // resize leaves a border between two pixels, the nearest is taken.
  Padding padding;

  // The field, or an Error naming this sample and the fields that it has.
  const Field& field(const std::string& name) const;
  Field& field(const std::string& name);
  // Size of the image field.
  cv::Size size() const;
  // What of it is no padding; empty where a crop left nothing else.
  cv::Rect content() const;
};

// The fields of one sample have one size and their kinds' types and ranges; otherwise an Error that
// names the sample, the file, the value and the pixel.
void check_sample(const Sample& sample);

}  // namespace tasuki
