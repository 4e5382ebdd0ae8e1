#pragma once

#include <filesystem>
#include <optional>

#include "tasuki/io/file_handle.h"
#include "tasuki/pack/lmdb_file.h"

namespace tasuki {

// A file of LMDB in the making: PATH.part, this process's alone, which gets the name PATH when all
// is in it.
class PartFile {
 public:
  // Error (kUsage) where another process is writing it; Error (kData) where it is something else;
  // Error (kRun) where it can't be written. Folders that are missing are made.
  explicit PartFile(std::filesystem::path path);

  LmdbFile& values() { return *values_; }
  const std::filesystem::path& path() const { return path_; }
  const std::filesystem::path& part() const { return part_; }
  // Seals its pages and gives the file its name. Nothing is written after that. Error (kRun).
  void publish();

 private:
  const std::filesystem::path path_, part_;
  FileHandle lock_;  // goes last: who opens the file then finds it closed
  std::optional<LmdbFile> values_;
};

// PATH.part.
std::filesystem::path part_of_file(const std::filesystem::path& path);

}  // namespace tasuki
