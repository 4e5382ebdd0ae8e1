#pragma once

#include <hdf5.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace tasuki::nyuv2 {

// An HDF5 identifier that is closed with its owner.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Handle() = default;
  Handle(hid_t id, Close close) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept
      : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  hid_t get() const { return id_; }
  explicit operator bool() const { return id_ >= 0; }

 private:
  hid_t id_ = H5I_INVALID_HID;
  Close close_ = nullptr;
};

// An HDF5 file, read a slab at a time. Thread-safe by one lock for all files, since not every build
// of HDF5 is. Errors (kData) name the file and the variable.
class Hdf5File {
 public:
  // Error where it is missing or no HDF5 file: a .mat of an older format than 7.3 says so.
  explicit Hdf5File(const std::filesystem::path& path);

  // Sizes in the file's order; MATLAB's are reversed.
  std::vector<hsize_t> sizes(const std::string& variable) const;
  // Item `index` of the first size, all of the others, as T: uint8_t, uint16_t or float. Error
  // where the numbers are of another type, or their sizes after the first are not `sizes`.
  template <class T>
  std::vector<T> item(const std::string& variable, hsize_t index,
                      const std::vector<hsize_t>& sizes) const;
  // MATLAB's cell array of texts.
  std::vector<std::string> texts(const std::string& variable) const;

  const std::filesystem::path& path() const { return path_; }

 private:
  Handle open(const std::string& variable) const;
  std::string text_at(const std::string& variable, const hobj_ref_t& reference) const;

  std::filesystem::path path_;
  Handle file_;
};

}  // namespace tasuki::nyuv2
