#pragma once

#include <cstdint>
#include <opencv2/core.hpp>

#include "tasuki/data/sample.h"

namespace tasuki {

// What the geometric transforms have in common. Pixel centres lie at whole coordinates: the image
// covers -0.5 to W - 0.5.

// Of what a transform can be told to make, in pixels: what OpenCV's functions take.
inline constexpr uint32_t kLargestSide = 1 << 15;

// The field at another size: images bilinearly, or by the mean over the covered area where
// `antialias` is set and the picture shrinks; labels by the nearest pixel
// (cv::INTER_NEAREST_EXACT). Always a new Mat, never a view: callers change its values.
cv::Mat resized(const FieldKind& kind, const cv::Mat& value, const cv::Size& size,
                bool antialias = false);

// `value` with `right` columns and `bottom` rows more, mirrored or invalid as the kind says.
cv::Mat padded(const FieldKind& kind, const cv::Mat& value, int right, int bottom);

// Camera of the picture after a resize by these factors (new / old).
void scale_camera(Camera& camera, double x_ratio, double y_ratio);

// Camera of the picture whose pixel (0, 0) was `corner`.
void shift_camera(Camera& camera, const cv::Point& corner);

// Padding of the picture after a resize from `old_size` to `size`, in whole pixels.
void scale_padding(Padding& padding, const cv::Size& old_size, const cv::Size& size);

// Padding of the picture that `window` cuts out of one of `old_size`.
void crop_padding(Padding& padding, const cv::Size& old_size, const cv::Rect& window);

// Cuts all fields to `window`, which lies within the sample; views of the old pixels.
void crop(Sample& sample, const cv::Rect& window);

// A window of `size` at a random place of a picture of size `within`.
cv::Rect random_window(const cv::Size& size, const cv::Size& within, cv::RNG& random);

}  // namespace tasuki
