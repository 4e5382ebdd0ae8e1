#include "tasuki/pack/lmdb_file.h"

#include <lmdb.h>

#include <algorithm>
#include <cstring>

#include "tasuki/error/error.h"

namespace tasuki {
namespace {

Error unusable(const std::filesystem::path& path, const std::string& why) {
  return Error(ErrorKind::kData, path.string() + ": " + why);
}

void check_read(int code, const std::filesystem::path& path) {
  if (code == MDB_SUCCESS) return;
  if (code == MDB_INVALID || code == MDB_VERSION_MISMATCH) {
    throw unusable(path, "is no LMDB file, or a damaged one");
  }
  throw unusable(path, std::string("can't be read: ") + mdb_strerror(code));
}

void check_written(int code, const std::filesystem::path& path) {
  if (code == MDB_SUCCESS) return;
  throw Error(ErrorKind::kRun, path.string() + ": can't be written: " + mdb_strerror(code));
}

MDB_val as_value(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}

std::string_view as_text(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

// The pages of a value of a page or more, which stands behind the header of the first of them: its
// number in 8 bytes, 4 bytes of flags, and their count in 4 bytes.
LmdbFile::PageRange overflow_pages(std::string_view value) {
  uint64_t first;
  uint32_t count;
  std::memcpy(&first, value.data() - 16, sizeof(first));
  std::memcpy(&count, value.data() - 4, sizeof(count));
  return {first, first + count};
}

// A transaction that comes to nothing unless it is committed.
class Transaction {
 public:
  Transaction(MDB_env* environment, MDB_dbi database, unsigned flags)
      : database_(database), code_(mdb_txn_begin(environment, nullptr, flags, &handle_)) {}
  ~Transaction() { mdb_txn_abort(handle_); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // How it began: MDB_SUCCESS or LMDB's error.
  int code() const { return code_; }
  int get(std::string_view key, MDB_val& value) const {
    MDB_val name = as_value(key);
    return mdb_get(handle_, database_, &name, &value);
  }
  int put(std::string_view key, std::string_view bytes) {
    MDB_val name = as_value(key), value = as_value(bytes);
    return mdb_put(handle_, database_, &name, &value, 0);
  }
  int commit() { return mdb_txn_commit(std::exchange(handle_, nullptr)); }
  int open_database(MDB_dbi* database) { return mdb_dbi_open(handle_, nullptr, 0, database); }
  int open_cursor(MDB_cursor** cursor) const { return mdb_cursor_open(handle_, database_, cursor); }

 private:
  MDB_txn* handle_ = nullptr;
  const MDB_dbi database_;
  const int code_;
};

}  // namespace

struct LmdbFile::Environment {
  const std::filesystem::path path;
  MDB_env* handle = nullptr;
  MDB_dbi database = 0;

  explicit Environment(std::filesystem::path file) : path(std::move(file)) {
    check_read(mdb_env_create(&handle), path);
  }
  ~Environment() { mdb_env_close(handle); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  void open(Mode mode) {
    unsigned flags = MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOTLS;
    if (mode == Mode::kRead) flags |= MDB_RDONLY;
    check_read(mdb_env_open(handle, path.c_str(), flags, 0666), path);
    check_size();
    Transaction transaction(handle, 0, MDB_RDONLY);
    check_read(transaction.code(), path);
    check_read(transaction.open_database(&database), path);
    check_read(transaction.commit(), path);
  }

  // Reading a page that the file does not have would end the process.
  void check_size() const {
    MDB_envinfo info;
    MDB_stat stat;
    check_read(mdb_env_info(handle, &info), path);
    check_read(mdb_env_stat(handle, &stat), path);
    const uintmax_t bytes = std::filesystem::file_size(path);
    if (bytes == 0 || (stat.ms_psize > 0 && bytes / stat.ms_psize > info.me_last_pgno)) return;
    throw unusable(path, "is cut off after " + std::to_string(bytes) + " bytes");
  }

  // MDB_MAP_FULL where the values need a larger map.
  int try_write(const std::vector<std::pair<std::string, std::string>>& values) {
    Transaction transaction(handle, database, 0);
    int code = transaction.code();
    for (size_t i = 0; code == MDB_SUCCESS && i < values.size(); ++i) {
      code = transaction.put(values[i].first, values[i].second);
    }
    return code == MDB_SUCCESS ? transaction.commit() : code;
  }

  // The map is address space, not memory and not disk: doubling it costs nothing.
  int grow() {
    MDB_envinfo info;
    const int code = mdb_env_info(handle, &info);
    return code == MDB_SUCCESS ? mdb_env_set_mapsize(handle, 2 * info.me_mapsize) : code;
  }
};

LmdbFile::LmdbFile(std::filesystem::path path, Mode mode)
    : environment_(std::make_unique<Environment>(std::move(path))) {
  const auto& file = environment_->path;
  std::error_code failed;
  const auto status = std::filesystem::status(file, failed);
  const bool missing = status.type() == std::filesystem::file_type::not_found;
  if (missing && mode == Mode::kRead) throw unusable(file, "there is no such file");
  if (!missing && !std::filesystem::is_regular_file(status)) {
    throw unusable(file, "is not a regular file");
  }
  if (mode == Mode::kRead && std::filesystem::file_size(file) == 0) {
    throw unusable(file, "is empty");
  }
  environment_->open(mode);
}

LmdbFile::~LmdbFile() = default;

bool LmdbFile::read(std::string_view key, const std::function<void(std::string_view)>& use) const {
  const Transaction transaction(environment_->handle, environment_->database, MDB_RDONLY);
  check_read(transaction.code(), environment_->path);
  MDB_val value;
  const int code = transaction.get(key, value);
  if (code == MDB_NOTFOUND) return false;
  check_read(code, environment_->path);
  use(as_text(value));
  return true;
}

std::optional<std::string> LmdbFile::find(std::string_view key) const {
  std::optional<std::string> copy;
  read(key, [&](std::string_view value) { copy = value; });
  return copy;
}

void LmdbFile::for_each(const std::function<void(std::string_view, std::string_view)>& use) const {
  const Transaction transaction(environment_->handle, environment_->database, MDB_RDONLY);
  check_read(transaction.code(), environment_->path);
  MDB_cursor* cursor = nullptr;
  check_read(transaction.open_cursor(&cursor), environment_->path);
  const std::unique_ptr<MDB_cursor, void (*)(MDB_cursor*)> owner(cursor, mdb_cursor_close);
  MDB_val key, value;
  int code = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
  for (; code == MDB_SUCCESS; code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
    use(as_text(key), as_text(value));
  }
  if (code != MDB_NOTFOUND) check_read(code, environment_->path);
}

std::vector<std::string> LmdbFile::keys() const {
  std::vector<std::string> found;
  for_each([&](std::string_view key, std::string_view) { found.emplace_back(key); });
  return found;
}

LmdbFile::Layout LmdbFile::layout() const {
  MDB_envinfo info;
  MDB_stat stat;
  check_read(mdb_env_info(environment_->handle, &info), environment_->path);
  check_read(mdb_env_stat(environment_->handle, &stat), environment_->path);
  Layout layout{stat.ms_psize, info.me_last_pgno + 1, {}};
  std::vector<PageRange> values;
  for_each([&](std::string_view, std::string_view value) {
    if (value.size() < layout.page_bytes) return;
    values.push_back(overflow_pages(value));
  });
  std::sort(values.begin(), values.end(),
            [](const PageRange& a, const PageRange& b) { return a.begin < b.begin; });
  uint64_t next = 0;
  for (const auto& range : values) {
    if (range.begin > next) layout.tree.push_back({next, range.begin});
    next = range.end;
  }
  if (layout.pages > next) layout.tree.push_back({next, layout.pages});
  return layout;
}

void LmdbFile::write(const std::vector<std::pair<std::string, std::string>>& values) {
  int code = environment_->try_write(values);
  while (code == MDB_MAP_FULL) {
    check_written(environment_->grow(), environment_->path);
    code = environment_->try_write(values);
  }
  check_written(code, environment_->path);
}

}  // namespace tasuki
