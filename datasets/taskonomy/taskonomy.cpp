#include <iostream>

#include "datasets/taskonomy/decode.h"
#include "datasets/taskonomy/taskonomy.pb.h"
#include "datasets/taskonomy/tree.h"
#include "datasets/taskonomy/view_index.h"
#include "tasuki/data/listed_dataset.h"
#include "tasuki/io/files.h"
#include "tasuki/io/image_io.h"
#include "tasuki/registry/registry.h"

namespace tasuki::taskonomy {
namespace {

using Options = options::Taskonomy;
namespace fs = std::filesystem;

// "hanson, merom, onaga and 4 more".
std::string first_of(const std::vector<std::string>& names) {
  constexpr size_t kShown = 3;
  const auto shown = names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kShown));
  const auto text = join({names.begin(), shown});
  return names.size() <= kShown ? text
                                : text + " and " + std::to_string(names.size() - kShown) + " more";
}

class Taskonomy final : public ListedDataset {
 public:
  Taskonomy(const Options& options, const Context& context)
      : options_(options),
        reading_(context.image),
        labels_(labels()),
        table_(labels_.meaning),
        buildings_(buildings_of(options)),
        tree_(existing_folder(context, options.root()), buildings_) {
    const auto listings = list(context);
    check_present(listings);
    for (const char* split : {"train", "val", "test"}) {
      auto ids = ids_of(split, listings);
      if (options_.present_only() && ids.empty()) continue;
      add_split(split, std::move(ids),
                "all its buildings of the size are excluded: shorten `exclude`");
    }
  }

  std::vector<std::string> class_names(const std::string& field) const override {
    const bool read = options_.seg() != Options::NOT_READ;
    return field == "seg" && read ? labels_.names : std::vector<std::string>();
  }

 protected:
  Sample read(const std::string& id) const override {
    Sample sample;
    const auto image = tree_.file(kImages, id);
    sample.fields["image"] = {&image_, read_image(image, reading_), image.string()};
    add_camera(sample, id);
    add(sample, "seg", options_.seg(), label_map_, tree_.file(kLabels, id),
        [&](const cv::Mat& stored) { return table_.apply(stored); });
    add_depth(sample, id);
    const bool z_forward = options_.normal_axes() == Options::RIGHT_DOWN_FORWARD;
    add(sample, "normal", options_.normal(), normals_, tree_.file(kNormals, id),
        [&](const cv::Mat& stored) { return normals_of(stored, z_forward); });
    return sample;
  }

 private:
  std::vector<Listing> list(const Context& context) const {
    const bool kept = !options_.has_index() || !options_.index().empty();
    const auto place = options_.has_index() ? context.data_root / options_.index()
                                            : tree_.root() / ".tasuki_index";
    std::vector<Listed> folders;
    for (const auto& building : buildings_) {
      folders.push_back({tree_.folder(kImages, building.name),
                         kept ? place / (building.name + ".txt") : fs::path()});
    }
    auto listings = list_all(folders);
    const auto failed = std::find_if(listings.begin(), listings.end(), [](const Listing& listing) {
      return !listing.not_written.empty();
    });
    if (failed == listings.end()) return listings;
    if (options_.has_index()) throw OptionError("index", failed->not_written);
    std::clog << "tasuki: Taskonomy keeps no index, so that its images are listed at every start ("
              << failed->not_written << "); set `index` to a folder that can be written\n";
    return listings;
  }

  void check_present(const std::vector<Listing>& listings) const {
    std::vector<std::string> missing;
    for (size_t i = 0; i < listings.size(); ++i) {
      if (listings[i].views.empty()) missing.push_back(buildings_[i].name);
    }
    if (missing.empty() || (options_.present_only() && missing.size() < buildings_.size())) return;
    throw Error(ErrorKind::kData,
                std::to_string(missing.size()) + " of " + std::to_string(buildings_.size()) +
                    " buildings have no image below " + tree_.root().string() + ": " +
                    first_of(missing) +
                    "; get them, name them in `exclude`, or set `present_only: true`");
  }

  std::vector<std::string> ids_of(const std::string& split,
                                  const std::vector<Listing>& listings) const {
    size_t count = 0;
    for (size_t i = 0; i < listings.size(); ++i) {
      if (buildings_[i].split == split) count += listings[i].views.size();
    }
    std::vector<std::string> ids;
    ids.reserve(count);  // there may be millions
    for (size_t i = 0; i < listings.size(); ++i) {
      if (buildings_[i].split != split) continue;
      for (const auto& [point, view] : listings[i].views) {
        ids.push_back(buildings_[i].name + "/point_" + std::to_string(point) + "_view_" +
                      std::to_string(view));
      }
    }
    return ids;
  }

  template <class Decode>
  void add(Sample& sample, const std::string& field, Options::Presence presence,
           const FieldKind& kind, const fs::path& file, Decode decode) const {
    if (presence == Options::NOT_READ) return;
    if (presence == Options::OPTIONAL && !path_exists(file)) {
      const auto nothing = cv::Scalar::all(kind.invalid_value());
      sample.fields[field] = {&kind, cv::Mat(sample.size(), kind.mat_type(), nothing), ""};
      return;
    }
    const cv::Mat stored = read_stored_values(file, reading_);
    try {
      sample.fields[field] = {&kind, decode(stored), file.string()};
    } catch (const Error& error) {
      throw error.within(file.string());
    }
  }

  bool has_distances() const {
    return options_.depth() != Options::NOT_READ && options_.depth_kind() == Options::EUCLIDEAN;
  }

  void add_depth(Sample& sample, const std::string& id) const {
    if (!has_distances()) {
      add(sample, "depth", options_.depth(), depth_, tree_.file(kDepths, id), depth_of);
    } else {
      add(sample, "depth", options_.depth(), depth_, tree_.file(kDistances, id),
          [&](const cv::Mat& stored) { return along_axis(depth_of(stored), *sample.camera); });
    }
  }

  void add_camera(Sample& sample, const std::string& id) const {
    auto presence = options_.camera();
    if (has_distances()) presence = Options::REQUIRED;
    if (presence == Options::NOT_READ) return;
    auto file = tree_.file(kFixatedCameras, id);
    if (!path_exists(file)) file = tree_.file(kCameras, id);
    if (presence == Options::OPTIONAL && !path_exists(file)) return;
    sample.camera = read_camera(file, sample.size());
  }

  const Options options_;
  const ImageReading reading_;
  Labels labels_;
  ValueTable table_;
  std::vector<Building> buildings_;
  Tree tree_;
  // Looked up once, by the thread that makes the plugins.
  const FieldKind& image_ = field_kind("tasuki/image");
  const FieldKind& label_map_ = field_kind("tasuki/label_map");
  const FieldKind& depth_ = field_kind("tasuki/depth");
  const FieldKind& normals_ = field_kind("tasuki/normals");
};

}  // namespace
}  // namespace tasuki::taskonomy

TASUKI_REGISTER(tasuki::Dataset, tasuki::taskonomy::Taskonomy, tasuki::options::Taskonomy,
                "tasuki/Taskonomy");
