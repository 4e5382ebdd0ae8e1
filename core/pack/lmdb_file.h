#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tasuki {

// Values by key in one file of LMDB (OpenLDAP's memory-mapped B+ tree), without a lock file beside
// it: a file that is written to has one user, and one that is read is written no more. Keys have 1
// to 511 bytes.
class LmdbFile {
 public:
  enum class Mode { kRead, kWrite };

  // kWrite makes the file where it is missing or empty. Error (kData) where it can't be read, is no
  // file of LMDB or is shorter than its pages: one that is not there in part can't be mapped.
  LmdbFile(std::filesystem::path path, Mode mode);
  ~LmdbFile();
  LmdbFile(const LmdbFile&) = delete;
  LmdbFile& operator=(const LmdbFile&) = delete;

  // Gives the value to `use`, in the file's own memory for the time of the call; false when there
  // is none. Thread-safe.
  bool read(std::string_view key, const std::function<void(std::string_view)>& use) const;
  // A copy of the value.
  std::optional<std::string> find(std::string_view key) const;
  // All keys and values in order of the keys, in the file's own memory for the time of a call.
  void for_each(const std::function<void(std::string_view, std::string_view)>& use) const;
  // All keys in order.
  std::vector<std::string> keys() const;

  // Puts all of them in one transaction, in place of older values: after a crash either all of them
  // are there or none. They are on the disk when it returns. Error (kRun) when that fails.
  void write(const std::vector<std::pair<std::string, std::string>>& values);

  // Pages `begin` to `end` - 1.
  struct PageRange {
    uint64_t begin = 0;
    uint64_t end = 0;
  };
  // What the file's pages are for: those of the tree, in order, and between them those that hold
  // nothing but values of a page or more.
  struct Layout {
    uint64_t page_bytes = 0;
    uint64_t pages = 0;
    std::vector<PageRange> tree;
  };
  Layout layout() const;

 private:
  struct Environment;
  std::unique_ptr<Environment> environment_;
};

}  // namespace tasuki
