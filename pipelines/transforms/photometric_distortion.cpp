#include "pipelines/transforms/photometric_distortion.pb.h"

#include <opencv2/imgproc.hpp>

#include "tasuki/data/transform.h"
#include "tasuki/registry/registry.h"

namespace tasuki::transforms {
namespace {

struct Range {
  double lower, upper;
};

// What was drawn for one image.
struct Drawn {
  double offset = 0;
  double contrast = 1;
  bool contrast_first = false;
  double saturation = 1;
  int hue = 0;
};

bool coin(cv::RNG& random) {
  return random.uniform(0, 2) == 1;
}

void change_colours(cv::Mat& image, double saturation, int hue) {
  cv::Mat table(1, 256, CV_8UC3);
  for (int i = 0; i < 256; ++i) {
    const int turned = ((i + hue) % 180 + 180) % 180;
    table.at<cv::Vec3b>(i) =
        cv::Vec3b(static_cast<uchar>(turned), cv::saturate_cast<uchar>(i * saturation),
                  static_cast<uchar>(i));
  }
  cv::Mat hsv;
  cv::cvtColor(image, hsv, cv::COLOR_BGR2HSV);
  cv::LUT(hsv, table, hsv);
  cv::cvtColor(hsv, image, cv::COLOR_HSV2BGR);
}

class PhotometricDistortion final : public Transform {
 public:
  PhotometricDistortion(const options::PhotometricDistortion& options, const Transform::Context&)
      : field_(options.field()),
        brightness_(options.brightness()),
        contrast_{options.contrast_lower(), options.contrast_upper()},
        saturation_{options.saturation_lower(), options.saturation_upper()},
        hue_(static_cast<int>(options.hue())) {
    check(contrast_, "contrast");
    check(saturation_, "saturation");
  }

  bool random() const override { return true; }

  void apply(Sample& sample, cv::RNG& random) const override {
    Field& field = sample.field(field_);
    if (field.value.type() != CV_8UC3) {
      throw Error(ErrorKind::kData, "sample " + sample.id + ", field " + field_ +
                                        ": PhotometricDistortion needs an 8-bit colour image");
    }
    field.value = distorted(field.value, draw(random));
  }

 private:
  static void check(const Range& range, const std::string& name) {
    require_option(range.lower <= range.upper, name + "_lower",
                   "must be at most " + name + "_upper");
  }

  Drawn draw(cv::RNG& random) const {
    Drawn drawn;
    if (coin(random)) drawn.offset = random.uniform(-brightness_, brightness_);
    drawn.contrast_first = coin(random);
    if (coin(random)) drawn.contrast = random.uniform(contrast_.lower, contrast_.upper);
    if (coin(random)) drawn.saturation = random.uniform(saturation_.lower, saturation_.upper);
    if (coin(random)) drawn.hue = random.uniform(-hue_, hue_ + 1);
    return drawn;
  }

  static cv::Mat distorted(const cv::Mat& image, const Drawn& drawn) {
    cv::Mat result;
    image.convertTo(result, CV_8U, 1, drawn.offset);
    if (drawn.contrast_first) result.convertTo(result, CV_8U, drawn.contrast);
    if (drawn.saturation != 1 || drawn.hue != 0) {
      change_colours(result, drawn.saturation, drawn.hue);
    }
    if (!drawn.contrast_first) result.convertTo(result, CV_8U, drawn.contrast);
    return result;
  }

  const std::string field_;
  const double brightness_;
  const Range contrast_;
  const Range saturation_;
  const int hue_;
};

}  // namespace
}  // namespace tasuki::transforms

TASUKI_REGISTER(tasuki::Transform, tasuki::transforms::PhotometricDistortion,
                tasuki::options::PhotometricDistortion, "tasuki/PhotometricDistortion");
