#include <algorithm>

#include "datasets/combined/combined.pb.h"
#include "datasets/combined/inner_dataset.h"

namespace tasuki::combined {
namespace {

class Repeat : public Dataset {
 public:
  Repeat(const options::Repeat& options, const Context& context)
      : inner_(make_inner(options.dataset(), "dataset", context)),
        times_(options.times()),
        repeated_(chosen_splits(*inner_, options.split(), "split")) {
    require_option(times_ > 0, "times", "must be at least 1");
  }

  std::vector<std::string> splits() const override { return inner_->splits(); }
  size_t size(const std::string& split) const override {
    return inner_->size(split) * times_of(split);
  }

  IdList ids(const std::string& split) const override {
    const auto once = inner_->ids(split);
    IdList::Builder all;
    for (size_t time = 0; time < times_of(split); ++time) {
      for (const auto& id : once) all.add(id_of(id, time));
    }
    return all.finish();
  }

  std::vector<DatasetPart> parts(const std::string& split) const override {
    auto once = inner_->parts(split);
    if (once.size() == 1) return {{once.front().name, size(split)}};
    std::vector<DatasetPart> all;
    for (size_t time = 0; time < times_of(split); ++time) {
      all.insert(all.end(), once.begin(), once.end());
    }
    return all;
  }

  std::vector<std::string> class_names(const std::string& field) const override {
    return inner_->class_names(field);
  }

  Sample load(const std::string& split, size_t index) const override {
    const size_t once = inner_->size(split);
    if (index >= size(split)) throw no_such_sample(split, index, size(split));
    Sample sample = inner_->load(split, index % once);
    sample.id = id_of(sample.id, index / once);
    return sample;
  }

 private:
  size_t times_of(const std::string& split) const {
    return std::find(repeated_.begin(), repeated_.end(), split) == repeated_.end() ? 1 : times_;
  }

  static std::string id_of(const std::string& id, size_t time) {
    return time == 0 ? id : id + "#" + std::to_string(time + 1);
  }

  std::unique_ptr<Dataset> inner_;
  size_t times_;
  std::vector<std::string> repeated_;  // splits
};

}  // namespace
}  // namespace tasuki::combined

TASUKI_REGISTER(tasuki::Dataset, tasuki::combined::Repeat, tasuki::options::Repeat,
                "tasuki/Repeat");
