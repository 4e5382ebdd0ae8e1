#include "plugins/hooks/kept_checkpoints.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/io/atomic_file.h"
#include "tasuki/io/files.h"

namespace tasuki::hooks {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBegin = "step_", kEnd = ".safetensors";
constexpr size_t kDigits = 8;        // of the step, at least
constexpr size_t kMostDigits = 18;   // that a number can have
constexpr size_t kCopied = 1 << 20;  // bytes at once

// -1 for the name of anything else.
int64_t step_of(const std::string& name) {
  if (!name.starts_with(kBegin) || !name.ends_with(kEnd)) return -1;
  if (name.size() < kBegin.size() + kEnd.size()) return -1;
  const size_t size = name.size() - kBegin.size() - kEnd.size();
  const auto digits = name.substr(kBegin.size(), size);
  const bool number = digits.find_first_not_of("0123456789") == std::string::npos;
  if (!number || size < kDigits || size > kMostDigits) return -1;
  return std::stoll(digits);
}

void copy_atomically(const fs::path& from, const fs::path& to) {
  const FileReader in(from);
  AtomicFile out(to);
  std::string chunk;
  for (size_t at = 0; at < in.size(); at += chunk.size()) {
    chunk.resize(std::min(kCopied, in.size() - at));
    in.read(at, chunk.data(), chunk.size());
    out.write(chunk);
  }
  out.commit();
}

// A name that remove_abandoned_files takes away after a kill.
fs::path passing_name(const fs::path& file) {
  return file.parent_path() /
         ("." + file.filename().string() + ".tmp-" + std::to_string(::getpid()) + "-0");
}

// Another name for a file, in place of what has it.
void name_also(const fs::path& file, const fs::path& name) {
  std::error_code failed;
  // Of two names of one file a rename would leave both.
  if (fs::equivalent(file, name, failed)) return;
  const auto passing = passing_name(name);
  fs::remove(passing, failed);
  fs::create_hard_link(file, passing, failed);
  if (!failed) fs::rename(passing, name, failed);
  if (failed) copy_atomically(file, name);
}

}  // namespace

std::vector<KeptCheckpoint> kept_checkpoints(const fs::path& work_dir) {
  std::vector<KeptCheckpoint> found;
  for (const auto& item : fs::directory_iterator(work_dir)) {
    const int64_t step = step_of(item.path().filename().string());
    if (step >= 0) found.push_back({step, item.path()});
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.step < b.step; });
  return found;
}

void keep_last_checkpoint(const Run& run, size_t keep) {
  const auto name = fmt::format("{}{:0{}}{}", kBegin, run.step, kDigits, kEnd);
  name_also(run.work_dir / kLastFile, run.work_dir / name);
  auto kept = kept_checkpoints(run.work_dir);
  std::erase_if(kept, [&](const auto& one) { return one.step > run.step; });
  for (size_t i = 0; i + keep < kept.size(); ++i) {
    std::error_code failed;  // one file more is no harm
    fs::remove(kept[i].file, failed);
  }
}

}  // namespace tasuki::hooks
