#pragma once

#include <condition_variable>
#include <mutex>
#include <set>

#include "tasuki/pack/pack_contents.h"
#include "tasuki/pack/packed_sample.h"
#include "tasuki/pack/part_file.h"
#include "tasuki/pack/sealed.h"

namespace tasuki {

// A pack in one file, or a shard of one, in the making: FILE.part, which gets the name FILE when
// all is in it. What is committed survives the end of the process at any time, and the next writer
// of the same contents goes on behind it.
class PackWriter {
 public:
  // Error (kUsage) where FILE.part is of other contents, or another process is writing it; Error
  // (kData) where it is no pack.
  PackWriter(std::filesystem::path file, const PackContents& contents);

  // Samples of the whole pack.
  size_t samples() const { return samples_; }
  // Those that FILE.part does not hold yet, in order.
  const std::vector<PackPlace>& missing() const { return missing_; }
  // Adds a sample. Called by many threads: at every 64 MiB one of them commits, and the others wait
  // when the next 64 MiB are there before that is done. Error (kRun) when the disk is full.
  void put(const PackPlace& place, const Sample& sample);
  // Commits the rest, and gives the file its name. Every missing sample has been put. The digest of
  // all samples.
  uint64_t finish();

 private:
  using Values = std::vector<std::pair<std::string, std::string>>;

  void begin(const PackContents& contents);
  void read_kinds();
  void find_missing(const PackContents& contents);
  // Takes what waits, with the kinds that it needs.
  Values take_waiting();
  void commit(std::unique_lock<std::mutex>& lock);

  const FieldKindNames all_kinds_;
  PartFile file_;
  size_t samples_ = 0;
  std::vector<PackPlace> missing_;

  std::mutex mutex_;  // guards all that follows
  std::condition_variable room_;
  Values waiting_;
  size_t waiting_bytes_ = 0;
  bool committing_ = false;
  std::set<std::string> kinds_;
};

}  // namespace tasuki
