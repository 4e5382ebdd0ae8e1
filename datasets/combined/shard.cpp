#include <algorithm>

#include "datasets/combined/combined.pb.h"
#include "datasets/combined/inner_dataset.h"

namespace tasuki::combined {
namespace {

class Shard : public Dataset {
 public:
  Shard(const options::Shard& options, const Context& context)
      : inner_(make_inner(options.dataset(), "dataset", context)),
        index_(options.index()),
        count_(options.count()),
        cut_(chosen_splits(*inner_, options.split(), "split")) {
    require_option(count_ > 0, "count", "must be at least 1");
    require_option(index_ < count_, "index",
                   "must be below count, which is " + std::to_string(count_));
    for (const auto& split : cut_) {
      require_option(size(split) > 0, "count",
                     "split " + split + " has " + std::to_string(inner_->size(split)) +
                         " samples: the part " + std::to_string(index_) + " of " +
                         std::to_string(count_) + " would be empty");
    }
  }

  std::vector<std::string> splits() const override { return inner_->splits(); }
  size_t size(const std::string& split) const override { return kept(split, inner_->size(split)); }

  IdList ids(const std::string& split) const override {
    const auto all = inner_->ids(split);
    IdList::Builder own;
    for (size_t i = first(split); i < all.size(); i += step(split)) own.add(all.view(i));
    return own.finish();
  }

  std::vector<DatasetPart> parts(const std::string& split) const override {
    auto all = inner_->parts(split);
    size_t end = 0;
    for (auto& part : all) {
      const size_t before = kept(split, end);
      end += part.size;
      part.size = kept(split, end) - before;
    }
    return all;
  }

  std::vector<std::string> class_names(const std::string& field) const override {
    return inner_->class_names(field);
  }

  Sample load(const std::string& split, size_t index) const override {
    if (index >= size(split)) throw no_such_sample(split, index, size(split));
    return inner_->load(split, first(split) + index * step(split));
  }

 private:
  bool is_cut(const std::string& split) const {
    return std::find(cut_.begin(), cut_.end(), split) != cut_.end();
  }
  size_t first(const std::string& split) const { return is_cut(split) ? index_ : 0; }
  size_t step(const std::string& split) const { return is_cut(split) ? count_ : 1; }
  // Of the inner samples 0 to n - 1.
  size_t kept(const std::string& split, size_t n) const {
    return n <= first(split) ? 0 : (n - first(split) + step(split) - 1) / step(split);
  }

  std::unique_ptr<Dataset> inner_;
  size_t index_;
  size_t count_;
  std::vector<std::string> cut_;  // splits
};

}  // namespace
}  // namespace tasuki::combined

TASUKI_REGISTER(tasuki::Dataset, tasuki::combined::Shard, tasuki::options::Shard, "tasuki/Shard");
