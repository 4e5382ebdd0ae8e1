#include "tasuki/pack/pack_writer.h"

#include "tasuki/error/error.h"
#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

constexpr size_t kCommitBytes = size_t{64} << 20;

}  // namespace

PackWriter::PackWriter(std::filesystem::path file, const PackContents& contents)
    : all_kinds_(Registry::instance().names(FieldKind::kKind)), file_(std::move(file)) {
  begin(contents);
  read_kinds();
  find_missing(contents);
}

void PackWriter::begin(const PackContents& contents) {
  const auto kept = read_pack_contents(file_.values(), file_.part());
  if (!kept) {
    const auto sealed = seal(kPackHeaderKey, contents.whole().SerializeAsString());
    return file_.values().write({{kPackVersionKey, kPackVersion}, {kPackHeaderKey, sealed}});
  }
  const auto change = pack_change(*kept, contents, PackParts::kAll);
  if (change.empty()) return;
  throw Error(ErrorKind::kUsage, file_.part().string() + " is the beginning of another pack: " +
                                     change + "; remove it, or give another --output");
}

void PackWriter::read_kinds() {
  if (!file_.values().find(kPackKindsKey)) return;
  const auto kinds = find_sealed<PackKinds>(file_.values(), kPackKindsKey);
  if (!kinds) {
    throw Error(ErrorKind::kData,
                file_.part().string() + ": its list of field kinds is damaged; remove the file");
  }
  kinds_.insert(kinds->name().begin(), kinds->name().end());
}

void PackWriter::find_missing(const PackContents& contents) {
  std::vector<std::vector<bool>> there;
  for (const auto& ids : contents.ids) there.emplace_back(ids.size());
  for (const auto& key : file_.values().keys()) {
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
    file_.values().write(values);
  } catch (...) {
    done();
    throw;
  }
  done();
}

uint64_t PackWriter::finish() {
  {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return !committing_; });
    commit(lock);
  }
  const auto digest = pack_digest(file_.values());
  file_.values().write({{kPackDigestKey, bytes_of(digest)}, {kPackCompleteKey, "complete"}});
  file_.publish();
  return digest;
}

}  // namespace tasuki
