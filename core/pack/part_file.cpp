#include "tasuki/pack/part_file.h"

#include <sys/file.h>

#include "tasuki/error/error.h"
#include "tasuki/pack/page_seal.h"

namespace tasuki {
namespace {

// The file, open to lock it, or an Error of why it can't be.
FileHandle open_to_lock(const std::filesystem::path& part) {
  if (part.has_parent_path()) {
    std::error_code failed;
    std::filesystem::create_directories(part.parent_path(), failed);
    if (failed) {
      throw Error(ErrorKind::kRun, part.string() + ": can't be written: folder " +
                                       part.parent_path().string() +
                                       " can't be made: " + failed.message());
    }
  }
  FileHandle file(part, O_RDWR | O_CREAT | O_NONBLOCK);
  if (!file.is_open()) {
    throw Error(ErrorKind::kRun, part.string() + ": can't be written: " + system_reason());
  }
  return file;
}

void sync_folder(const std::filesystem::path& file) {
  const FileHandle folder(file.has_parent_path() ? file.parent_path() : std::filesystem::path("."),
                          O_RDONLY | O_DIRECTORY);
  if (folder.is_open()) ::fsync(folder.get());
}

}  // namespace

std::filesystem::path part_of_file(const std::filesystem::path& path) {
  return path.string() + ".part";
}

PartFile::PartFile(std::filesystem::path path)
    : path_(std::move(path)), part_(part_of_file(path_)), lock_(open_to_lock(part_)) {
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    throw Error(ErrorKind::kUsage,
                part_.string() + " is being written by another process; wait for its end");
  }
  values_.emplace(part_, LmdbFile::Mode::kWrite);
}

void PartFile::publish() {
  const auto layout = values_->layout();
  values_.reset();
  append_page_seal(part_, layout);
  if (::fsync(lock_.get()) != 0 || ::rename(part_.c_str(), path_.c_str()) != 0) {
    throw Error(ErrorKind::kRun, path_.string() + ": can't be written: " + system_reason());
  }
  sync_folder(path_);
}

}  // namespace tasuki
