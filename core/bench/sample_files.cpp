#include "tasuki/bench/sample_files.h"

#include <fcntl.h>
#include <unistd.h>

namespace tasuki {

void drop_pages(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fdatasync(descriptor);  // pages that are not on the disk yet would stay
  ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
  ::close(descriptor);
}

SampleFiles::SampleFiles(std::string split, size_t most, const Dataset& dataset)
    : split_(std::move(split)), samples_(std::min(most, dataset.size(split_))) {
  for (size_t i = 0; i < samples_; ++i) {
    std::set<std::string> own;  // fields may share a file
    const Sample sample = dataset.load(split_, i);
    for (const auto& item : sample.fields) {
      if (!item.second.file.empty()) own.insert(item.second.file);
    }
    for (const auto& file : own) shared_ = !files_.insert(file).second || shared_;
  }
}

std::optional<double> SampleFiles::megabytes() const {
  if (files_.empty() || shared_) return {};
  double bytes = 0;
  for (const auto& file : files_) {
    std::error_code failed;
    const auto size = std::filesystem::file_size(file, failed);
    if (failed) return {};
    bytes += double(size);
  }
  return bytes / 1e6 / double(samples_);
}

void SampleFiles::drop() const {
  for (const auto& file : files_) drop_pages(file);
}

}  // namespace tasuki
