#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tasuki/data/sample.h"
#include "tasuki/error/error.h"
#include "tasuki/io/id_list.h"
#include "tasuki/io/image_io.h"

namespace tasuki {

// Consecutive samples of a split that come from one source.
struct DatasetPart {
  std::string name;  // "" where the split is of one source
  size_t size = 0;
};

// Samples by split and index. Every member is const and thread-safe: workers call load at once.
class Dataset {
 public:
  static constexpr const char* kKind = "Dataset";
  struct Context {
    // Relative folders of a config lie under this one (--data-root, TASUKI_DATA, or data/).
    std::filesystem::path data_root;
    // How image files are read, and the orientation of label files: for read_image and
    // read_stored_values.
    ImageReading image{};
  };

  virtual ~Dataset() = default;

  virtual std::vector<std::string> splits() const = 0;
  // Number of samples; unknown_split() for a split that is not there.
  virtual size_t size(const std::string& split) const = 0;
  // The sample, its fields checked by check_sample. Error (kData) names the sample and the file.
  virtual Sample load(const std::string& split, size_t index) const = 0;
  // Sample ids in index order, without reading pixels. unknown_split() as size().
  virtual IdList ids(const std::string& split) const = 0;
  // Where a split's samples come from, in index order; the sizes add up to size(split).
  virtual std::vector<DatasetPart> parts(const std::string& split) const {
    return {{"", size(split)}};
  }
  // Sizes of the files that hold consecutive samples, in index order, where a data set has such
  // files: what is read file by file. They add up to size(split), too.
  virtual std::vector<size_t> shards(const std::string& split) const { return {size(split)}; }
  // Names of the classes of an index field in index order; empty where the data set names none.
  virtual std::vector<std::string> class_names(const std::string& /*field*/) const { return {}; }
};

bool has_split(const Dataset& dataset, const std::string& split);
// The Error (kUsage) for a split that is not among a data set's: it lists the known ones.
Error unknown_split(const std::string& split, const std::vector<std::string>& known);

}  // namespace tasuki
