#include <cstdio>

#include "datasets/nyuv2/class_tables.h"
#include "datasets/nyuv2/labeled_mat.h"
#include "datasets/nyuv2/nyuv2.pb.h"
#include "datasets/nyuv2/official_split.h"
#include "tasuki/data/listed_dataset.h"
#include "tasuki/registry/registry.h"

namespace tasuki::nyuv2 {
namespace {

// Of the colour images at 640x480, which depth is projected onto: fx_rgb, fy_rgb, cx_rgb, cy_rgb of
// camera_params.m in the authors' toolbox.
constexpr Camera kColourCamera = {518.85790117450188, 519.46961112127485, 325.58244941119034,
                                  253.73616633400465};
const cv::Size kCameraSize(640, 480);

Classes checked_classes(const options::NYUv2& options) {
  const uint32_t count = options.classes();
  require_option(count != 894 || !options.otherprop_is_void(), "otherprop_is_void",
                 "otherprop is one of 40 classes; the 894 have none");
  return classes_of(count, options.otherprop_is_void());
}

std::string id_of(size_t frame) {
  char text[32];
  std::snprintf(text, sizeof(text), "%04zu", frame);
  return text;
}

std::vector<std::string> frame_ids(const std::vector<size_t>& frames) {
  std::vector<std::string> ids;
  for (const size_t frame : frames) ids.push_back(id_of(frame));
  return ids;
}

class NYUv2 final : public ListedDataset {
 public:
  NYUv2(const options::NYUv2& options, const Context& context)
      : classes_(checked_classes(options)),
        table_(classes_.meaning),
        labeled_(existing_folder(context, options.root()) / options.labeled(),
                 options.depth() == options::NYUv2::RAW ? "rawDepths" : "depths") {
    const double validation = options.validation();
    const auto file = labeled_.path().parent_path() / options.splits();
    const auto official = read_official_split(file, labeled_.frames());
    const auto scenes = options.whole_scenes() ? labeled_.scenes() : std::vector<std::string>();
    const auto border =
        official.train.begin() + static_cast<long>(train_count(official.train, validation, scenes));
    const auto source = "no train frame of " + file.string() + " is left for it";
    add_split("train", frame_ids({official.train.begin(), border}), source);
    add_split("val", frame_ids({border, official.train.end()}), source);
    add_split("trainval", frame_ids(official.train), source);
    add_split("test", frame_ids(official.test), file.string() + " has no test frame");
  }

  std::vector<std::string> class_names(const std::string& field) const override {
    return field == "seg" ? classes_.names : std::vector<std::string>();
  }

 protected:
  Sample read(const std::string& id) const override {
    const size_t frame = std::stoul(id);
    const auto file = labeled_.path().string();
    Sample sample;
    sample.fields["image"] = {&image_, labeled_.image(frame), file};
    sample.fields["depth"] = {&depth_, labeled_.depth(frame), file};
    try {
      sample.fields["seg"] = {&label_map_, table_.apply(labeled_.labels(frame)), file};
    } catch (const Error& error) {
      throw error.within(file + ": variable labels");
    }
    if (sample.size() == kCameraSize) sample.camera = kColourCamera;
    return sample;
  }

 private:
  Classes classes_;
  ValueTable table_;
  LabeledMat labeled_;
  // Looked up once, by the thread that makes the plugins.
  const FieldKind& image_ = field_kind("tasuki/image");
  const FieldKind& label_map_ = field_kind("tasuki/label_map");
  const FieldKind& depth_ = field_kind("tasuki/depth");
};

}  // namespace
}  // namespace tasuki::nyuv2

TASUKI_REGISTER(tasuki::Dataset, tasuki::nyuv2::NYUv2, tasuki::options::NYUv2, "tasuki/NYUv2");
