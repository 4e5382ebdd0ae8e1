#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "tasuki/data/dataset.h"

namespace tasuki {

// Takes a file's pages out of the page cache, so that the next reading comes from the disk. Files
// that somebody has mapped stay.
void drop_pages(const std::filesystem::path& file);

// The files that the first samples of a split are read from; reads these samples to know them.
class SampleFiles {
 public:
  SampleFiles(std::string split, size_t most, const Dataset& dataset);

  const std::string& split() const { return split_; }
  size_t samples() const { return samples_; }
  // MB of files a sample; nothing where there are none, or where samples share one.
  std::optional<double> megabytes() const;
  void drop() const;

 private:
  const std::string split_;
  const size_t samples_;
  std::set<std::string> files_;
  bool shared_ = false;
};

}  // namespace tasuki
