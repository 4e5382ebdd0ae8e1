#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "tasuki/io/file_handle.h"

namespace tasuki {

// A file that is written in parts and appears whole or not at all: `path` holds what it held before
// or all of the new bytes, also after a crash or a loss of power. A file of a random temporary name
// beside it (".NAME.tmp-PROCESS-RANDOM"), fsync, rename, fsync of the folder. Folders that are
// missing are made. Every Error (kRun) names the path and the operating system's reason; nothing is
// left behind then.
//
// Example:
//   AtomicFile file("weights.bin");
//   for (const auto& part : parts) file.write(part);
//   file.commit();
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  // Without commit() before, nothing is left.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  void commit();

 private:
  void open_temporary(const std::filesystem::path& folder);
  [[noreturn]] void fail(const std::string& why) const;

  std::filesystem::path path_, temporary_;
  FileHandle file_;  // locked (flock) as long as its process lives
};

// Removes temporary files in `folder` whose process is dead: those that nobody holds a lock on.
// Returns their number. What can't be looked at stays.
size_t remove_abandoned_files(const std::filesystem::path& folder);

// From now on SIGINT, SIGTERM and SIGHUP remove the temporary files of this process before they end
// it. Signals that are ignored stay so.
void remove_temporary_files_on_signals();

}  // namespace tasuki
