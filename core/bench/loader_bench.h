#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tasuki/bench/sample_files.h"
#include "tasuki/engine/experiment.h"

namespace tasuki {

// What one pass over the samples showed.
struct LoaderPass {
  std::string name;                 // what was read from: "files", "files, cold", "memory", ...
  double speed = 0;                 // images/s
  std::optional<double> megabytes;  // a sample
};

// Measures how fast a config's loader makes the first samples of the training split, in file order.
class LoaderBench {
 public:
  LoaderBench(const ResolvedConfig& config, const std::filesystem::path& data_root, size_t samples);

  const std::string& split() const { return files_.split(); }
  size_t samples() const { return files_.samples(); }
  size_t batch_size() const { return batch_size_; }

  // From files, from memory, and from data.pack where the config has one; "cold" are passes that
  // read from the disk, after their pages were dropped. "files" comes before what it is compared
  // with.
  std::vector<LoaderPass> passes(size_t workers);
  // Milliseconds a sample that cv::imread alone takes for the files, and that the data set takes to
  // load them; 0 and 0 for data sets without files.
  std::pair<double, double> files_alone() const;

 private:
  std::unique_ptr<SampleSource> source_of(const std::shared_ptr<const Dataset>& dataset,
                                          std::shared_ptr<CacheBudget> cache = nullptr) const;
  double pass(const SampleSource& source, size_t workers) const;
  void add_pack(std::vector<LoaderPass>& done, size_t workers) const;
  std::optional<double> memory_megabytes() const;

  const ResolvedConfig config_;
  const std::shared_ptr<const Dataset> raw_;
  const SampleFiles files_;
  const std::string pack_;  // data.pack, "" for none
  size_t batch_size_ = 4;
  std::unique_ptr<SampleSource> memory_;
};

}  // namespace tasuki
