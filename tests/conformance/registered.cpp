#include "tests/conformance/registered.h"

#include <map>
#include <opencv2/imgcodecs.hpp>

#include "tests/core/io/temporary_folder.h"
#include "tests/datasets/cityscapes/official_tree.h"
#include "tests/datasets/nyuv2/official_files.h"
#include "tests/datasets/pascal_context/pascal_tree.h"
#include "tests/datasets/taskonomy/official_tree.h"

namespace tasuki::conformance {
namespace {

constexpr int kFolderImages = 4;

// Every candidate fills a Mat of the kind's type; the first that the kind takes is used.
cv::Mat candidate(int which, const FieldKind& kind, cv::Size size, uint64_t seed, int classes) {
  cv::Mat value(size, kind.mat_type());
  cv::RNG random(seed + 1);
  switch (which) {
    case 0:  // colours, or whole numbers below the number of classes
      random.fill(value, cv::RNG::UNIFORM, 0, kind.pads_by_reflection() ? 256 : classes);
      break;
    case 1:  // metres, pixels
      random.fill(value, cv::RNG::UNIFORM, 0.5, 4.0);
      break;
    default:  // directions that face the camera
      random.fill(value, cv::RNG::UNIFORM, -1.0, -0.2);
      if (value.type() != CV_32FC3) break;
      for (int y = 0; y < size.height; ++y) {
        for (auto* n = value.ptr<cv::Vec3f>(y); n != value.ptr<cv::Vec3f>(y) + size.width; ++n) {
          *n = cv::normalize(*n);
        }
      }
  }
  return value;
}

bool is_valid(const FieldKind& kind, const cv::Mat& value) {
  return kind.range_error(value).empty() &&
         cv::countNonZero(kind.valid_mask(value)) == int(value.total());
}

void write_folder(const std::filesystem::path& root) {
  for (const char* folder : {"image", "seg"}) std::filesystem::create_directories(root / folder);
  for (int i = 0; i < kFolderImages; ++i) {
    cv::RNG random(uint64_t(i) + 1);
    cv::Mat image(20, 28, CV_8UC3), label(20, 28, CV_8UC1);
    random.fill(image, cv::RNG::UNIFORM, 0, 256);
    random.fill(label, cv::RNG::UNIFORM, 0, 3);
    const std::string name = "frame" + std::to_string(i) + ".png";
    cv::imwrite((root / "image" / name).string(), image);
    cv::imwrite((root / "seg" / name).string(), label);
  }
}

}  // namespace

std::string required_options(const std::string& name) {
  const std::string rooms = "height: 60 width: 80 train_size: 6 val_size: 3 test_size: 3";
  static const std::map<std::string, std::string> kRequired = {
      {"tasuki/Segmentation", "classes: 5"},
      {"tasuki/RandomCrop", "height: 17 width: 21"},
      {"tasuki/Resize", "height: 24 width: 30"},
      {"tasuki/Concat", "part { name: \"a\" dataset { [tasuki/Rooms] { " + rooms +
                            " } } }"
                            "part { name: \"b\" dataset { [tasuki/Rooms] { " +
                            rooms + " seed: 1 } } split: \"train\" }"},
      {"tasuki/ClassMix", "field: \"label_map\""},
      {"tasuki/RareClassSampler", "field: \"label_map\""},
      {"tasuki/Repeat", "dataset { [tasuki/Rooms] { " + rooms + " } } split: \"train\""},
      {"tasuki/Shard", "dataset { [tasuki/Rooms] { " + rooms + " } } index: 1 count: 2"},
      {"tasuki/Sequence", "piece { schedule { [tasuki/Cosine] {} } }"},
      {"tasuki/Folder",
       "field { name: \"image\" extension: \".png\" }"
       "field { name: \"seg\" kind: \"tasuki/label_map\" classes: [\"a\", \"b\", \"c\"] }"
       "split { name: \"train\" to: 0.5 } split { name: \"val\" from: 0.5 }"}};
  const auto found = kRequired.find(name);
  return found == kRequired.end() ? "" : found->second;
}

cv::Mat random_valid(const FieldKind& kind, cv::Size size, uint64_t seed, int classes) {
  for (int which = 0; which < 3; ++which) {
    cv::Mat value = candidate(which, kind, size, seed, classes);
    if (is_valid(kind, value)) return value;
  }
  throw Error(ErrorKind::kRun, "no random values are valid for this field kind: teach candidate()");
}

cv::Mat random_with_holes(const FieldKind& kind, cv::Size size, uint64_t seed, int classes) {
  cv::Mat value = random_valid(kind, size, seed, classes);
  if (kind.pads_by_reflection()) return value;
  cv::Mat draw(size, CV_32FC1);
  cv::RNG random(seed + 1000);
  random.fill(draw, cv::RNG::UNIFORM, 0.0, 1.0);
  value.setTo(cv::Scalar::all(kind.invalid_value()), draw < 0.2);
  return value;
}

Sample sample_of_every_kind(cv::Size size, uint64_t seed) {
  Sample sample;
  sample.id = "noise" + std::to_string(seed);
  sample.original_size = size;
  sample.camera = Camera{30, 31, size.width / 2.0, size.height / 2.0};
  for (const auto& name : Registry::instance().names(FieldKind::kKind)) {
    const auto& kind = field_kind(name);
    const auto field = name.substr(name.find('/') + 1);
    sample.fields[field] = {&kind, random_with_holes(kind, size, seed), ""};
  }
  return sample;
}

const std::filesystem::path& folder_root() {
  static const testing::TemporaryFolder folder;
  static const bool written = [] {
    write_folder(folder.path());
    testing::write_drawn_frames(folder.path(), {40, 30});
    const testing::CityscapesTree cityscapes(folder.path(), {40, 30});
    const testing::PascalTree pascal(folder.path(), {40, 30});
    const testing::TaskonomyTree taskonomy(folder.path(), 40);
    return true;
  }();
  static_cast<void>(written);
  return folder.path();
}

}  // namespace tasuki::conformance
