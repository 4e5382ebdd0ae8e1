#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tasuki/engine/experiment.h"

namespace tasuki {

// Derives normals for every sample of a data set, whatever its splits are, and writes them as
// 16-bit pictures, ID.png: components -1..1 over the whole range in the order R, G, B, (0, 0, 0) as
// its middle. What is there already is kept, so that a second call goes on; settings.pbtxt in the
// folder says what the pictures were made with.
class DerivedNormals {
 public:
  // `config`: its training pipeline makes the field `normals` of what the data set loads. Error
  // (kUsage) where the folder holds pictures of somebody else, of another data set or of another
  // pipeline.
  DerivedNormals(const std::filesystem::path& folder, const std::string& normals,
                 const ResolvedConfig& config, const std::filesystem::path& data_root);

  // All samples, each once.
  size_t samples() const { return items_.size(); }
  // Writes what is missing on several threads, calling `at_sample` from any of them; how many were
  // there already. The first Error ends it.
  size_t write(int threads, const std::function<void()>& at_sample);

 private:
  struct Item {
    std::string split;
    size_t index = 0;
    std::filesystem::path file;
  };

  std::string settings() const;
  void check_settings() const;
  void check_is_new() const;
  void work(const std::function<void()>& at_sample);
  void write_one(const Item& item);

  std::filesystem::path folder_;
  std::string normals_;
  ResolvedConfig config_;
  std::shared_ptr<const Dataset> dataset_;
  std::vector<std::unique_ptr<Transform>> pipeline_;
  std::vector<Item> items_;
  std::atomic<size_t> next_ = 0, kept_ = 0;
  std::atomic<bool> failed_ = false;
  std::once_flag first_;  // picture: nothing is left behind where none can be made
  std::mutex mutex_;      // guards the next one
  std::optional<Error> failure_;
};

}  // namespace tasuki
