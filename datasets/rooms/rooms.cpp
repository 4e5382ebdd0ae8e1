#include <array>

#include "datasets/rooms/render.h"
#include "datasets/rooms/rooms.pb.h"
#include "tasuki/data/dataset.h"
#include "tasuki/registry/registry.h"

namespace tasuki::rooms {
namespace {

struct Split {
  const char* name;
  size_t size;
};

RenderSettings settings_of(const options::Rooms& options) {
  require_option(options.fov_low() <= options.fov_high(), "fov_high", "must be at least fov_low");
  RenderSettings settings;
  settings.height = static_cast<int>(options.height());
  settings.width = static_cast<int>(options.width());
  settings.fov_low = options.fov_low();
  settings.fov_high = options.fov_high();
  settings.clutter = options.clutter();
  settings.noise = options.noise();
  return settings;
}

// Rendered on the fly; nothing is read from disk and nothing is kept between calls.
class Rooms final : public Dataset {
 public:
  Rooms(const options::Rooms& options, const Dataset::Context&)
      : settings_(settings_of(options)),
        seed_(options.seed()),
        splits_{{{"train", options.train_size()},
                 {"val", options.val_size()},
                 {"test", options.test_size()}}} {}

  std::vector<std::string> splits() const override {
    std::vector<std::string> names;
    for (const Split& split : splits_) names.push_back(split.name);
    return names;
  }

  size_t size(const std::string& split) const override { return splits_[number(split)].size; }

  Sample load(const std::string& split, size_t index) const override {
    const size_t which = number(split), count = splits_[which].size;
    if (index >= count) {
      throw Error(ErrorKind::kData, "sample " + std::to_string(index) + " of split \"" + split +
                                        "\" of tasuki/Rooms: it has samples 0 to " +
                                        std::to_string(count - 1));
    }
    Rendering room = render_room(
        room_seed(seed_, static_cast<uint32_t>(which), static_cast<uint32_t>(index)), settings_);
    Sample sample;
    sample.id = id(split, index);
    sample.fields["image"] = {&image_, room.image, ""};
    sample.fields["seg"] = {&label_map_, room.labels, ""};
    sample.fields["depth"] = {&depth_, room.depth, ""};
    sample.fields["normal"] = {&normals_, room.normals, ""};
    sample.original_size = room.image.size();
    sample.camera = room.camera;
    check_sample(sample);
    return sample;
  }

  IdList ids(const std::string& split) const override {
    IdList::Builder all;
    for (size_t i = 0; i < size(split); ++i) all.add(id(split, i));
    return all.finish();
  }

  std::vector<std::string> class_names(const std::string& field) const override {
    if (field != "seg") return {};
    return {kClassNames.begin(), kClassNames.end()};
  }

 private:
  // "train-00012": at least five digits.
  static std::string id(const std::string& split, size_t index) {
    const std::string digits = std::to_string(index);
    return split + "-" + std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits;
  }

  size_t number(const std::string& split) const {
    for (size_t i = 0; i < splits_.size(); ++i) {
      if (split == splits_[i].name) return i;
    }
    throw unknown_split(split, splits());
  }

  RenderSettings settings_;
  uint64_t seed_;
  std::array<Split, 3> splits_;
  // Looked up once, by the thread that makes the plugins.
  const FieldKind& image_ = field_kind("tasuki/image");
  const FieldKind& label_map_ = field_kind("tasuki/label_map");
  const FieldKind& depth_ = field_kind("tasuki/depth");
  const FieldKind& normals_ = field_kind("tasuki/normals");
};

}  // namespace
}  // namespace tasuki::rooms

TASUKI_REGISTER(tasuki::Dataset, tasuki::rooms::Rooms, tasuki::options::Rooms, "tasuki/Rooms");
