#pragma once

#include <condition_variable>
#include <mutex>
#include <set>

#include "tasuki/pack/pack.h"

namespace tasuki {

// True where `file` is a pack of this very header already. Error (kUsage) where it is one of
// another, saying what differs, and Error (kData) where it is something else: nothing is
// overwritten.
bool is_packed(const std::filesystem::path& file, const PackHeader& header);

// A pack in the making: FILE.part, which gets the name FILE when all is in it. What is committed
// survives the end of the process at any time, and the next writer of the same header goes on
// behind it.
class PackWriter {
 public:
  // Error (kUsage) where FILE.part is of another header, or another process is writing it; Error
  // (kData) where it is no pack.
  PackWriter(std::filesystem::path file, const PackHeader& header);
  ~PackWriter();
  PackWriter(const PackWriter&) = delete;
  PackWriter& operator=(const PackWriter&) = delete;

  // Samples of the whole pack.
  size_t samples() const { return samples_; }
  // Those that FILE.part does not hold yet, in order.
  const std::vector<PackPlace>& missing() const { return missing_; }
  // Adds a sample. Called by many threads: at every 64 MiB one of them commits, and the others wait
  // when the next 64 MiB are there before that is done. Error (kRun) when the disk is full.
  void put(const PackPlace& place, const Sample& sample);
  // Commits the rest, and gives the file its name. Every missing sample has been put.
  void finish();

 private:
  using Values = std::vector<std::pair<std::string, std::string>>;

  void begin(const PackHeader& header);
  void read_kinds();
  void find_missing(const PackHeader& header);
  // Takes what waits, with the kinds that it needs.
  Values take_waiting();
  void commit(std::unique_lock<std::mutex>& lock);

  const std::filesystem::path path_, part_;
  const FieldKindNames all_kinds_;
  int lock_ = -1;  // descriptor of FILE.part, locked
  std::optional<LmdbFile> values_;
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
