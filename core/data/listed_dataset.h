#pragma once

#include <map>
#include <string>
#include <vector>

#include "tasuki/data/dataset.h"

namespace tasuki {

// A data set whose splits are lists of sample ids, as most benchmarks have them. What derives from
// it adds its splits when it is made, and reads one sample at a time.
class ListedDataset : public Dataset {
 public:
  std::vector<std::string> splits() const final { return names_; }
  size_t size(const std::string& split) const final { return ids_of(split).size(); }
  IdList ids(const std::string& split) const final { return ids_of(split); }
  // What read() gives, its sizes compared and its values checked (check_sample). Errors begin with
  // "sample ID".
  Sample load(const std::string& split, size_t index) const final;

 protected:
  // Error (kData) where there is no id, and for a second split of one name; `source` says where the
  // ids come from, or why there are none.
  void add_split(const std::string& name, IdList ids, const std::string& source);
  // The fields of the sample `id`, and its camera where that is known. Thread-safe.
  virtual Sample read(const std::string& id) const = 0;

 private:
  const IdList& ids_of(const std::string& split) const;

  std::vector<std::string> names_;  // in the order they were added
  std::map<std::string, IdList> ids_;
};

// The folder of a data set below the data root; an Error (kData) that says how to point to it where
// it is not there.
std::filesystem::path existing_folder(const Dataset::Context& context, const std::string& folder);

}  // namespace tasuki
