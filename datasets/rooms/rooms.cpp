#include <array>

#include "core/data/dataset.h"
#include "core/registry/registry.h"
#include "datasets/rooms/render.h"
#include "datasets/rooms/rooms.pb.h"

namespace tasuki::rooms {
namespace {

constexpr uint32_t kLargestSplit = 10000000;

struct Split {
  const char* name;
  size_t size;
};

template <class Value>
Value in_range(const char* field, Value value, Value low, Value high) {
  const auto text = [](Value number) {
    std::string digits = std::to_string(number);
    if (digits.find('.') != std::string::npos) digits.erase(digits.find_last_not_of("0") + 1);
    if (digits.back() == '.') digits.pop_back();
    return digits;
  };
  // Not (value < low || value > high): that would let NaN pass.
  require_option(value >= low && value <= high, field,
                 text(value) + " is not between " + text(low) + " and " + text(high));
  return value;
}

uint32_t split_size(const char* field, bool given, uint32_t value, uint32_t usual) {
  return in_range<uint32_t>(field, given ? value : usual, 1, kLargestSplit);
}

RenderSettings settings_of(const options::Rooms& options) {
  RenderSettings settings;
  if (options.has_height()) {
    settings.height = static_cast<int>(in_range<uint32_t>("height", options.height(), 16, 2048));
  }
  if (options.has_width()) {
    settings.width = static_cast<int>(in_range<uint32_t>("width", options.width(), 16, 2048));
  }
  if (options.has_fov_low()) settings.fov_low = in_range("fov_low", options.fov_low(), 20.f, 120.f);
  if (options.has_fov_high()) settings.fov_high = options.fov_high();
  in_range("fov_high", settings.fov_high, settings.fov_low, 120.f);
  if (options.has_clutter()) settings.clutter = in_range("clutter", options.clutter(), 0.f, 3.f);
  if (options.has_noise()) settings.noise = in_range("noise", options.noise(), 0.f, 10.f);
  return settings;
}

// Rendered on the fly; nothing is read from disk and nothing is kept between calls.
class Rooms final : public Dataset {
 public:
  Rooms(const options::Rooms& options, const Dataset::Context&)
      : settings_(settings_of(options)),
        seed_(options.seed()),
        splits_{{
            {"train",
             split_size("train_size", options.has_train_size(), options.train_size(), 400)},
            {"val", split_size("val_size", options.has_val_size(), options.val_size(), 80)},
            {"test", split_size("test_size", options.has_test_size(), options.test_size(), 120)},
        }} {}

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

  std::vector<std::string> ids(const std::string& split) const override {
    std::vector<std::string> names(size(split));
    for (size_t i = 0; i < names.size(); ++i) names[i] = id(split, i);
    return names;
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
