#include "tasuki/data/listed_dataset.h"

#include "tasuki/io/files.h"

namespace tasuki {
namespace {

std::string height_by_width(const Field& field) {
  return std::to_string(field.value.rows) + "x" + std::to_string(field.value.cols);
}

void check_sizes(const Sample& sample) {
  const Field& image = sample.field("image");
  for (const auto& [name, field] : sample.fields) {
    if (field.value.size() == image.value.size()) continue;
    std::string reason;
    for (const Field* read : {&image, &field}) {
      if (reason.empty()) reason = explain_orientation(read->file, read->value.size());
    }
    throw Error(ErrorKind::kData, field.file + " is " + height_by_width(field) + ", but " +
                                      image.file + " is " + height_by_width(image) +
                                      " (height x width)" + (reason.empty() ? "" : "; " + reason));
  }
}

}  // namespace

Sample ListedDataset::load(const std::string& split, size_t index) const {
  const auto& ids = ids_of(split);
  if (index >= ids.size()) {
    throw Error(ErrorKind::kData, "sample " + std::to_string(index) + " of split \"" + split +
                                      "\": it has samples 0 to " + std::to_string(ids.size() - 1));
  }
  const std::string id = ids[index];
  Sample sample;
  try {
    sample = read(id);
    sample.id = id;
    check_sizes(sample);
  } catch (const Error& error) {
    throw error.within("sample " + id);
  }
  sample.original_size = sample.size();
  check_sample(sample);
  return sample;
}

void ListedDataset::add_split(const std::string& name, IdList ids, const std::string& source) {
  if (ids.empty()) {
    throw Error(ErrorKind::kData, "split \"" + name + "\" is empty: " + source);
  }
  if (!ids_.emplace(name, std::move(ids)).second) {
    throw Error(ErrorKind::kData, "split \"" + name + "\" is there already: " + source);
  }
  names_.push_back(name);
}

const IdList& ListedDataset::ids_of(const std::string& split) const {
  const auto found = ids_.find(split);
  if (found != ids_.end()) return found->second;
  throw unknown_split(split, names_);
}

std::filesystem::path existing_folder(const Dataset::Context& context, const std::string& folder) {
  const auto path = context.data_root / folder;
  if (is_folder(path)) return path;
  throw Error(ErrorKind::kData, "there is no data set folder " + path.string() +
                                    "; say where data lie with --data-root or TASUKI_DATA");
}

}  // namespace tasuki
