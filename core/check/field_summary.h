#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "tasuki/data/sample.h"

namespace tasuki {

// What values mean beside what their type says, as far as a check can use it.
enum class FieldMeaning {
  kPlain,
  kMask,     // yes or no
  kNormals,  // directions that face the camera
};

// What is known of one field over many samples: how many pixels are valid, how often each class or
// value occurs, and how many normals point away from the camera.
class FieldSummary {
 public:
  // One sample. `camera`: its own, where that is known.
  void add(const Field& field, FieldMeaning meaning, const std::optional<Camera>& camera);
  // What the files of an image hold, where it is more than 8 bits.
  struct Stored {
    int bits = 0;
    double least = 0, most = 0;
  };
  void add_stored(const Stored& stored);
  // The other's samples too.
  void merge(const FieldSummary& other);

  size_t samples() const { return samples_; }
  // Percent of all pixels that are valid, and of the valid normals that point away from the camera;
  // nothing where the field has no normals.
  double valid_percent() const;
  std::optional<double> away_percent() const;
  int64_t valid_pixels() const { return valid_; }
  // Of float fields with one channel that have a valid pixel.
  bool has_values() const { return !steps_.empty() && valid_ > 0; }
  float least() const { return least_; }
  float most() const { return most_; }
  const std::optional<Stored>& stored() const { return stored_; }

  // Pixels and samples that have each class; for kinds of integers.
  const std::vector<int64_t>& class_pixels() const { return class_pixels_; }
  const std::vector<size_t>& class_samples() const { return class_samples_; }
  // Share of the valid pixels of float fields in each of `bins` equal parts between the least and
  // the largest value. A value counts with an error of 0.3 %.
  std::vector<double> histogram(int bins) const;
  // The value that this part of the valid pixels lies below, with the same error.
  double quantile(double part) const;
  // What speaks against the field as a whole; "" where nothing does.
  std::string finding() const;
  // Which of so many classes have no pixel, so that nothing can be learned of them; "" where all
  // have one, and where no pixel is valid, which finding() says.
  std::string absent_classes(size_t classes, const std::vector<std::string>& names) const;

 private:
  void count_classes(const cv::Mat& value, const cv::Mat& valid);
  void count_values(const cv::Mat& value, const cv::Mat& valid);
  void count_directions(const cv::Mat& normals, const cv::Mat& valid,
                        const std::optional<Camera>& camera);
  std::string darkness() const;

  size_t samples_ = 0;
  int64_t pixels_ = 0, valid_ = 0;
  std::vector<int64_t> class_pixels_;
  std::vector<size_t> class_samples_;
  // Of float fields with one channel.
  std::vector<int64_t> steps_;  // on a logarithmic scale
  float least_ = std::numeric_limits<float>::max(), most_ = -least_;
  // Of normals: n . ray >= 0.
  bool has_directions_ = false;
  int64_t away_ = 0;
  bool is_mask_ = false;
  int brightest_ = -1;  // of images
  std::optional<Stored> stored_;
};

}  // namespace tasuki
