#pragma once

#include <chrono>
#include <filesystem>

#include "tasuki/io/file_handle.h"

namespace tasuki {

// Makes a folder the own one of this process: holds a lock (flock) on `folder`/lock, which the
// kernel lets go of when the process ends, however it ends. The folder is made where it is missing;
// what dead processes left half written in it is removed (remove_abandoned_files).
//
// Example:
//   const FolderLock lock(work_dir);  // an Error here changes nothing in the folder
class FolderLock {
 public:
  static constexpr std::chrono::milliseconds kPatience{2000};
  // kWithChildren: processes that this one starts hold the lock too, so that the folder is free
  // only when the last of them has ended.
  enum class Holder { kProcess, kWithChildren };

  // Error (kRun): where another process has it, `patience` long (one that was just killed takes a
  // moment to be gone), with its number and machine; where the lock can't be opened, with the
  // operating system's reason. On a file system without locks there is none, and a line on the
  // standard error says so.
  explicit FolderLock(const std::filesystem::path& folder, Holder holder = Holder::kProcess,
                      std::chrono::milliseconds patience = kPatience);

 private:
  FileHandle file_;
};

}  // namespace tasuki
