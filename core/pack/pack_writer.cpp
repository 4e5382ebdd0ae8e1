#include "tasuki/pack/pack_writer.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "tasuki/io/files.h"
#include "tasuki/pack/page_seal.h"
#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

constexpr size_t kCommitBytes = size_t{64} << 20;

// An open descriptor of the file, or an Error of why there is none.
int open_to_lock(const std::filesystem::path& part) {
  if (part.has_parent_path()) {
    std::error_code failed;
    std::filesystem::create_directories(part.parent_path(), failed);
    if (failed) {
      throw Error(ErrorKind::kRun, part.string() + ": can't be written: folder " +
                                       part.parent_path().string() +
                                       " can't be made: " + failed.message());
    }
  }
  const int descriptor = ::open(part.c_str(), O_RDWR | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    throw Error(ErrorKind::kRun, part.string() + ": can't be written: " + system_reason());
  }
  return descriptor;
}

void sync_folder(const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

bool is_packed(const std::filesystem::path& file, const PackHeader& header) {
  if (!path_exists(file)) return false;
  const Pack there(file);
  const auto change = pack_change(there.header(), header, PackParts::kAll);
  if (change.empty()) return true;
  throw Error(ErrorKind::kUsage, file.string() + " is a pack of something else: " + change +
                                     "; remove it, or give another --output");
}

PackWriter::PackWriter(std::filesystem::path file, const PackHeader& header)
    : path_(std::move(file)),
      part_(path_.string() + ".part"),
      all_kinds_(Registry::instance().names(FieldKind::kKind)),
      lock_(open_to_lock(part_)) {
  try {
    if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
      throw Error(ErrorKind::kUsage,
                  part_.string() + " is being written by another process; wait for its end");
    }
    values_.emplace(part_, LmdbFile::Mode::kWrite);
    begin(header);
    read_kinds();
    find_missing(header);
  } catch (...) {
    values_.reset();
    ::close(lock_);
    throw;
  }
}

PackWriter::~PackWriter() {
  values_.reset();
  ::close(lock_);
}

void PackWriter::begin(const PackHeader& header) {
  const auto kept = read_pack_header(*values_, part_);
  if (!kept) {
    const auto sealed = seal(kPackHeaderKey, header.SerializeAsString());
    return values_->write({{kPackVersionKey, kPackVersion}, {kPackHeaderKey, sealed}});
  }
  const auto change = pack_change(*kept, header, PackParts::kAll);
  if (change.empty()) return;
  throw Error(ErrorKind::kUsage, part_.string() + " is the beginning of another pack: " + change +
                                     "; remove it, or give another --output");
}

void PackWriter::read_kinds() {
  const auto sealed = values_->find(kPackKindsKey);
  if (!sealed) return;
  const auto bytes = unseal(kPackKindsKey, *sealed);
  PackKinds kinds;
  if (!bytes || !kinds.ParseFromArray(bytes->data(), int(bytes->size()))) {
    throw Error(ErrorKind::kData,
                part_.string() + ": its list of field kinds is damaged; remove the file");
  }
  kinds_.insert(kinds.name().begin(), kinds.name().end());
}

void PackWriter::find_missing(const PackHeader& header) {
  std::vector<std::vector<bool>> there;
  for (const auto& samples : header.samples()) there.emplace_back(samples.id_size());
  for (const auto& key : values_->keys()) {
    const auto place = pack_place(key);
    if (!place || place->samples >= there.size()) continue;
    auto& of_split = there[place->samples];
    if (place->index < of_split.size()) of_split[place->index] = true;
  }
  for (uint32_t samples = 0; samples < there.size(); ++samples) {
    samples_ += there[samples].size();
    for (size_t i = 0; i < there[samples].size(); ++i) {
      if (!there[samples][i]) missing_.push_back({samples, i});
    }
  }
}

void PackWriter::put(const PackPlace& place, const Sample& sample) {
  const auto key = pack_key(place);
  auto sealed = seal(key, encode_sample(sample, all_kinds_));
  std::unique_lock lock(mutex_);
  room_.wait(lock, [&] { return waiting_bytes_ < kCommitBytes || !committing_; });
  for (const auto& item : sample.fields) kinds_.insert(all_kinds_.name(item.second.kind));
  waiting_bytes_ += sealed.size();
  waiting_.emplace_back(key, std::move(sealed));
  if (waiting_bytes_ >= kCommitBytes && !committing_) commit(lock);
}

PackWriter::Values PackWriter::take_waiting() {
  PackKinds kinds;
  for (const auto& name : kinds_) kinds.add_name(name);
  waiting_.emplace_back(kPackKindsKey, seal(kPackKindsKey, kinds.SerializeAsString()));
  waiting_bytes_ = 0;
  return std::exchange(waiting_, {});
}

void PackWriter::commit(std::unique_lock<std::mutex>& lock) {
  committing_ = true;
  const auto values = take_waiting();
  lock.unlock();
  const auto done = [&] {
    lock.lock();
    committing_ = false;
    room_.notify_all();
  };
  try {
    values_->write(values);
  } catch (...) {
    done();
    throw;
  }
  done();
}

void PackWriter::finish() {
  {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return !committing_; });
    waiting_.emplace_back(kPackCompleteKey, "complete");
    commit(lock);
  }
  const auto layout = values_->layout();
  values_.reset();
  append_page_seal(part_, layout);
  if (::fsync(lock_) != 0 || ::rename(part_.c_str(), path_.c_str()) != 0) {
    throw Error(ErrorKind::kRun, path_.string() + ": can't be written: " + system_reason());
  }
  sync_folder(path_);
}

}  // namespace tasuki
