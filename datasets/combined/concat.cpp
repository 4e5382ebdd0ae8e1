#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "datasets/combined/combined.pb.h"
#include "datasets/combined/inner_dataset.h"

namespace tasuki::combined {
namespace {

class Concat : public Dataset {
 public:
  Concat(const options::Concat& options, const Context& context) {
    require_option(options.part_size() > 0, "part", "at least one is needed");
    std::set<std::string> names;
    for (int i = 0; i < options.part_size(); ++i) {
      const auto& described = options.part(i);
      const std::string field = "part[" + std::to_string(i) + "]";
      auto dataset = make_inner(described.dataset(), field + ".dataset", context);
      auto splits = chosen_splits(*dataset, described.split(), field + ".split");
      require_option(described.name().empty() || names.insert(described.name()).second,
                     field + ".name", "another part is called \"" + described.name() + "\"");
      parts_.push_back({described.name(), std::move(dataset), std::move(splits)});
    }
    for (const auto& part : parts_) {
      for (const auto& split : part.splits) {
        if (std::find(splits_.begin(), splits_.end(), split) == splits_.end()) {
          splits_.push_back(split);
        }
      }
    }
    for (const auto& split : splits_) check_ids(split);
  }

  std::vector<std::string> splits() const override { return splits_; }

  size_t size(const std::string& split) const override {
    size_t sum = 0;
    for (const auto* part : parts_of(split)) sum += part->dataset->size(split);
    return sum;
  }

  IdList ids(const std::string& split) const override {
    IdList::Builder all;
    for (const auto* part : parts_of(split)) {
      for (const auto& id : part->dataset->ids(split)) all.add(part->id_of(id));
    }
    return all.finish();
  }

  std::vector<DatasetPart> parts(const std::string& split) const override {
    std::vector<DatasetPart> all;
    for (const auto* part : parts_of(split)) {
      for (const auto& inner : part->dataset->parts(split)) {
        all.push_back({inner.name.empty() ? part->name : part->id_of(inner.name), inner.size});
      }
    }
    return all;
  }

  std::vector<std::string> class_names(const std::string& field) const override {
    const Part* named = nullptr;
    std::vector<std::string> names;
    for (const auto& part : parts_) {
      auto own = part.dataset->class_names(field);
      if (own.empty()) continue;
      if (named != nullptr && own != names) {
        throw Error(ErrorKind::kData, "field \"" + field + "\" has other classes in " +
                                          title(*named) + " (" + join(names) + ") than in " +
                                          title(part) + " (" + join(own) +
                                          "); map both to the same ones");
      }
      named = &part;
      names = std::move(own);
    }
    return names;
  }

  Sample load(const std::string& split, size_t index) const override {
    check_fields_alike(split);
    size_t left = index;
    for (const auto* part : parts_of(split)) {
      const size_t size = part->dataset->size(split);
      if (left < size) {
        Sample sample = part->dataset->load(split, left);
        sample.id = part->id_of(sample.id);
        return sample;
      }
      left -= size;
    }
    throw no_such_sample(split, index, size(split));
  }

 private:
  struct Part {
    std::string name;
    std::unique_ptr<Dataset> dataset;
    std::vector<std::string> splits;

    std::string id_of(const std::string& id) const { return name.empty() ? id : name + "/" + id; }
  };

  std::vector<const Part*> parts_of(const std::string& split) const {
    std::vector<const Part*> found;
    for (const auto& part : parts_) {
      const auto& splits = part.splits;
      if (std::find(splits.begin(), splits.end(), split) != splits.end()) found.push_back(&part);
    }
    if (found.empty()) throw unknown_split(split, splits_);
    return found;
  }

  std::string title(const Part& part) const {
    const auto number = "part[" + std::to_string(&part - parts_.data()) + "]";
    return part.name.empty() ? number : number + " \"" + part.name + "\"";
  }

  void check_ids(const std::string& split) const {
    std::map<std::string, const Part*> owners;
    for (const auto* part : parts_of(split)) {
      for (const auto& id : part->dataset->ids(split)) {
        const auto [other, is_new] = owners.emplace(part->id_of(id), part);
        require_option(is_new, "part",
                       "split " + split + " has the sample " + other->first + " in " +
                           title(*other->second) + " and in " + title(*part) +
                           "; give the parts a name, which their ids then begin with");
      }
    }
  }

  // Of the first samples, once for each split: a batch can't be made of samples with other fields,
  // and which of them meet in one is chance.
  void check_fields_alike(const std::string& split) const {
    const auto parts = parts_of(split);
    const std::lock_guard lock(mutex_);
    if (alike_.count(split) > 0) return;
    const Part* first = nullptr;
    std::map<std::string, const FieldKind*> kinds;
    for (const auto* part : parts) {
      if (part->dataset->size(split) == 0) continue;
      std::map<std::string, const FieldKind*> own;
      for (const auto& [name, field] : part->dataset->load(split, 0).fields) {
        own[name] = field.kind;
      }
      if (first != nullptr) compare(split, *first, kinds, *part, own);
      if (first == nullptr) first = part;
      kinds = std::move(own);
    }
    alike_.insert(split);
  }

  void compare(const std::string& split, const Part& a,
               const std::map<std::string, const FieldKind*>& of_a, const Part& b,
               const std::map<std::string, const FieldKind*>& of_b) const {
    std::vector<std::string> differences;
    for (const auto& [name, kind] : of_a) {
      const auto other = of_b.find(name);
      if (other == of_b.end()) {
        differences.push_back("only " + title(a) + " has \"" + name + "\"");
      } else if (other->second != kind) {
        differences.push_back("\"" + name + "\" is of different kinds");
      }
    }
    for (const auto& [name, kind] : of_b) {
      if (of_a.count(name) == 0) {
        differences.push_back("only " + title(b) + " has \"" + name + "\"");
      }
    }
    if (differences.empty()) return;
    throw Error(ErrorKind::kData, title(a) + " and " + title(b) + " of split " + split +
                                      " have other fields: " + join(differences) +
                                      "; all parts of a Concat need the same fields");
  }

  std::vector<Part> parts_;
  std::vector<std::string> splits_;  // in the order of the parts
  mutable std::mutex mutex_;
  mutable std::set<std::string> alike_;  // splits whose parts were compared
};

}  // namespace
}  // namespace tasuki::combined

TASUKI_REGISTER(tasuki::Dataset, tasuki::combined::Concat, tasuki::options::Concat,
                "tasuki/Concat");
