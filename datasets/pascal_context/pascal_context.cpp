#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "datasets/pascal_context/edges.h"
#include "datasets/pascal_context/human_parts.h"
#include "datasets/pascal_context/normals.h"
#include "tasuki/data/listed_dataset.h"
#include "tasuki/io/files.h"
#include "tasuki/io/id_list.h"
#include "tasuki/io/image_io.h"
#include "tasuki/io/value_table.h"
#include "tasuki/registry/registry.h"

namespace tasuki::pascal_context {
namespace {

using Options = options::PascalContext;
using Path = std::filesystem::path;

const std::vector<std::string> kClasses = {
    "background", "aeroplane", "bicycle",     "bird",  "boat",        "bottle", "bus",
    "car",        "cat",       "chair",       "cow",   "diningtable", "dog",    "horse",
    "motorbike",  "person",    "pottedplant", "sheep", "sofa",        "train",  "tvmonitor"};

// Palette indices of PASCAL VOC: 255 is the border around objects, and what is difficult.
ValueMeaning meaning_of_classes() {
  ValueMeaning meaning;
  meaning.limit = static_cast<int>(kClasses.size());
  meaning.ignored = {255};
  return meaning;
}

// A network's belief, 0 to 255, as yes or no.
cv::Mat saliency_of(const cv::Mat& stored) {
  if (stored.type() != CV_8UC1) throw Error(ErrorKind::kData, "one channel of 8 bits is expected");
  cv::Mat mask = stored > 127;
  return mask & cv::Scalar(1);
}

class PascalContext final : public ListedDataset {
 public:
  PascalContext(const Options& options, const Context& context)
      : options_(options),
        reading_(context.image),
        fields_(options.field().begin(), options.field().end()),
        parts_(options.human_parts()),
        root_(existing_folder(context, options.root())) {
    const double held = options.validation();
    const auto lists = root_ / "ImageSets/Context";
    const auto train = read_ids(lists / "train.txt");
    check_is_one_column(lists / "train.txt", train, [&](const std::string& id) {
      return path_exists(file("JPEGImages", id, ".jpg"));
    });
    const auto source = (lists / "train.txt").string() + " has too few ids";
    const auto border = held_out_border(train.size(), held);
    add_split("train", train, source);
    add_split("train_part", train.slice(0, border), source);
    add_split("train_held", train.slice(border, train.size()), source);
    add_split("val", read_ids(lists / "val.txt"), (lists / "val.txt").string() + " has no id");
  }

  std::vector<std::string> class_names(const std::string& field) const override {
    if (field == "seg") return kClasses;
    return field == "parts" ? parts_.names() : std::vector<std::string>();
  }

 protected:
  Sample read(const std::string& id) const override {
    Sample sample;
    const auto image = file("JPEGImages", id, ".jpg");
    sample.fields["image"] = {&image_, read_image(image, reading_), image.string()};
    for (const auto& field : fields_) add(sample, field, id);
    return sample;
  }

 private:
  Path file(const char* folder, const std::string& id, const char* ending) const {
    return root_ / folder / (id + ending);
  }
  Path label_file(const std::string& id) const {
    return file("pascal-context/trainval", id, ".mat");
  }
  // PASCAL VOC's own segmentation where there is one, the labels of PASCAL-Context otherwise.
  Path segmentation_file(const std::string& id) const {
    const auto own = file("semseg/VOC12", id, ".png");
    return path_exists(own) ? own : file("semseg/pascal-context", id, ".png");
  }

  void add(Sample& sample, const std::string& field, const std::string& id) const {
    const auto size = sample.field("image").value.size();
    if (field == "seg") {
      put(sample, field, label_map_, segmentation_file(id),
          [&](const Path& from) { return table_.apply(read_stored_values(from, reading_)); });
    } else if (field == "parts") {
      put(sample, field, label_map_, file("human_parts", id, ".mat"),
          [&](const Path& from) { return parts_.labels(read_person_parts(from), size); });
    } else if (field == "normal") {
      put(sample, field, normals_, file("normals_distill", id, ".png"), [&](const Path& from) {
        return known_normals(normals_of(read_stored_values(from, reading_), options_.normal_axes()),
                             id);
      });
    } else if (field == "saliency") {
      put(sample, field, mask_, file("sal_distill", id, ".png"),
          [&](const Path& from) { return saliency_of(read_stored_values(from, reading_)); });
    } else {
      put(sample, field, mask_, label_file(id),
          [](const Path& from) { return edges_of(read_label_map(from)); });
    }
  }

  template <class Read>
  void put(Sample& sample, const std::string& field, const FieldKind& kind, const Path& from,
           Read read) const {
    try {
      const auto size = sample.field("image").value.size();
      const auto value = fitted(read(from), size, {sample.field("image").file, from});
      sample.fields[field] = {&kind, value, from.string()};
    } catch (const Error& error) {
      const bool named = std::string_view(error.what()).find(root_.string()) == 0;
      throw named ? error : error.within(from.string());
    }
  }

  // The labels of PASCAL-Context say where normals are known.
  cv::Mat known_normals(cv::Mat normals, const std::string& id) const {
    const auto from = label_file(id);
    try {
      normal_labels_.mask(normals, fitted(read_label_map(from), normals.size(), {}));
    } catch (const Error& error) {
      throw error.within(from.string());
    }
    return normals;
  }

  // `files`: the image's and the label's, in whose orientations the reason may lie. A label that is
  // turned is never resized.
  cv::Mat fitted(const cv::Mat& value, cv::Size size, const std::vector<Path>& files) const {
    if (value.size() == size) return value;
    std::string reason;
    if (!files.empty()) reason = explain_orientation(files[0], size);
    if (files.size() > 1 && reason.empty()) reason = explain_orientation(files[1], value.size());
    if (!options_.resize_labels() || !reason.empty()) {
      throw Error(ErrorKind::kData,
                  "is " + std::to_string(value.rows) + "x" + std::to_string(value.cols) +
                      " where " + std::to_string(size.height) + "x" + std::to_string(size.width) +
                      " (height x width) is expected; " +
                      (reason.empty() ? "resize_labels: true accepts that" : reason));
    }
    cv::Mat resized;
    cv::resize(value, resized, size, 0, 0, cv::INTER_NEAREST_EXACT);
    return resized;
  }

  const Options options_;
  const ImageReading reading_;
  const std::vector<std::string> fields_;
  const HumanParts parts_;
  const NormalLabels normal_labels_;
  const ValueTable table_{meaning_of_classes()};
  Path root_;
  // Looked up once, by the thread that makes the plugins.
  const FieldKind& image_ = field_kind("tasuki/image");
  const FieldKind& label_map_ = field_kind("tasuki/label_map");
  const FieldKind& mask_ = field_kind("tasuki/mask");
  const FieldKind& normals_ = field_kind("tasuki/normals");
};

}  // namespace
}  // namespace tasuki::pascal_context

TASUKI_REGISTER(tasuki::Dataset, tasuki::pascal_context::PascalContext,
                tasuki::options::PascalContext, "tasuki/PascalContext");
