#include "datasets/cityscapes/cityscapes.pb.h"
#include "datasets/cityscapes/labels.h"
#include "datasets/cityscapes/stereo.h"
#include "tasuki/data/listed_dataset.h"
#include "tasuki/io/folder_walk.h"
#include "tasuki/io/id_list.h"
#include "tasuki/io/image_io.h"
#include "tasuki/registry/registry.h"

namespace tasuki::cityscapes {
namespace {

using Options = options::Cityscapes;

constexpr const char* kImageEnding = "_leftImg8bit.png";

// "aachen" of "train/aachen/aachen_000000_000019".
std::string city_of(const std::string& id) {
  const size_t begin = id.find('/') + 1;
  return id.substr(begin, id.find('/', begin) - begin);
}

class Cityscapes final : public ListedDataset {
 public:
  Cityscapes(const Options& options, const Context& context)
      : options_(options),
        reading_(context.image),
        labels_(labels_of(options.classes())),
        table_(labels_.meaning),
        root_(existing_folder(context, options.root())) {
    const double held = options.validation();
    const auto train = ids_below("train");
    const size_t border =
        held_out_border(train.size(), held, [&](size_t i) { return city_of(train[i]); });
    const auto at = train.begin() + static_cast<long>(border);
    const auto source = (root_ / "leftImg8bit/train").string() + " has too few images or cities";
    add_split("train", train, source);
    add_split("train_part", std::vector<std::string>(train.begin(), at), source);
    add_split("train_held", std::vector<std::string>(at, train.end()), source);
    add_split("val", ids_below("val"), (root_ / "leftImg8bit/val").string() + " has no image");
  }

  std::vector<std::string> class_names(const std::string& field) const override {
    if (field == "seg") return labels_.names;
    if (field == "parts" && options_.parts()) return part_names();
    return {};
  }

 protected:
  Sample read(const std::string& id) const override {
    Sample sample;
    const auto image = file("leftImg8bit", id, kImageEnding);
    sample.fields["image"] = {&image_, read_image(image, reading_), image.string()};
    add(sample, "seg", label_map_, file("gtFine", id, "_gtFine_labelIds.png"),
        [&](const cv::Mat& stored) { return table_.apply(stored); });
    if (options_.parts()) {
      add(sample, "parts", label_map_, file("gtFinePanopticParts", id, "_gtFinePanopticParts.tif"),
          parts_of);
    }
    add_depth(sample, id);
    return sample;
  }

 private:
  std::vector<std::string> ids_below(const std::string& split) const {
    auto ids = find_ids(root_ / "leftImg8bit" / split, kImageEnding);
    for (auto& id : ids) id = split + "/" + id;
    return ids;
  }

  std::filesystem::path file(const char* folder, const std::string& id, const char* ending) const {
    return with_any_case(root_ / folder / (id + ending));
  }

  template <class Decode>
  void add(Sample& sample, const std::string& field, const FieldKind& kind,
           const std::filesystem::path& file, Decode decode) const {
    const cv::Mat stored = read_stored_values(file, reading_);
    try {
      sample.fields[field] = {&kind, decode(stored), file.string()};
    } catch (const Error& error) {
      throw error.within(file.string());
    }
  }

  void add_depth(Sample& sample, const std::string& id) const {
    if (options_.depth_kind() == Options::NO_DEPTH) return;
    const auto stored = file("disparity", id, "_disparity.png");
    if (options_.depth_kind() == Options::DISPARITY) {
      add(sample, "disparity", disparity_, stored, disparity_of);
    } else if (options_.depth_kind() == Options::INVERSE_NORMALISED) {
      add(sample, "inverse_depth", inverse_depth_, stored,
          [](const cv::Mat& p) { return inverse_depth(disparity_of(p)); });
    } else {
      const auto camera = read_camera(file("camera", id, "_camera.json"));
      add(sample, "depth", depth_, stored,
          [&](const cv::Mat& p) { return metric_depth(disparity_of(p), camera); });
      sample.camera = camera.intrinsic;
    }
  }

  const Options options_;
  const ImageReading reading_;
  Labels labels_;
  ValueTable table_;
  std::filesystem::path root_;
  // Looked up once, by the thread that makes the plugins.
  const FieldKind& image_ = field_kind("tasuki/image");
  const FieldKind& label_map_ = field_kind("tasuki/label_map");
  const FieldKind& depth_ = field_kind("tasuki/depth");
  const FieldKind& disparity_ = field_kind("tasuki/disparity");
  const FieldKind& inverse_depth_ = field_kind("tasuki/inverse_depth");
};

}  // namespace
}  // namespace tasuki::cityscapes

TASUKI_REGISTER(tasuki::Dataset, tasuki::cityscapes::Cityscapes, tasuki::options::Cityscapes,
                "tasuki/Cityscapes");
