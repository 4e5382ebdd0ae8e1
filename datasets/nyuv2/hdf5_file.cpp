#include "datasets/nyuv2/hdf5_file.h"

#include <cstdint>
#include <mutex>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"

namespace tasuki::nyuv2 {
namespace {

constexpr hsize_t kMostTexts = hsize_t{1} << 20;
constexpr hsize_t kLongestText = hsize_t{1} << 12;

std::mutex& library_lock() {
  static std::mutex lock;
  return lock;
}

// HDF5 prints its errors by itself unless it is told not to, thread by thread.
class Quiet {
 public:
  Quiet() : lock_(library_lock()) {
    H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~Quiet() { H5Eset_auto2(H5E_DEFAULT, print_, data_); }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  std::lock_guard<std::mutex> lock_;
  H5E_auto2_t print_ = nullptr;
  void* data_ = nullptr;
};

std::string sizes_text(const std::vector<hsize_t>& sizes) {
  std::vector<std::string> parts;
  for (const hsize_t size : sizes) parts.push_back(std::to_string(size));
  return "[" + join(parts) + "]";
}

std::vector<hsize_t> sizes_of(hid_t dataset) {
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const int rank = space ? H5Sget_simple_extent_ndims(space.get()) : -1;
  if (rank < 0) return {};
  std::vector<hsize_t> sizes(static_cast<size_t>(rank));
  H5Sget_simple_extent_dims(space.get(), sizes.data(), nullptr);
  return sizes;
}

H5T_class_t class_of(hid_t dataset) {
  const Handle type(H5Dget_type(dataset), H5Tclose);
  return type ? H5Tget_class(type.get()) : H5T_NO_CLASS;
}

size_t bytes_of(hid_t dataset) {
  const Handle type(H5Dget_type(dataset), H5Tclose);
  return type ? H5Tget_size(type.get()) : 0;
}

template <class T>
struct Memory;
template <>
struct Memory<uint8_t> {
  static hid_t type() { return H5T_NATIVE_UINT8; }
  static constexpr H5T_class_t kClass = H5T_INTEGER;
  static constexpr const char* kName = "8-bit integers";
};
template <>
struct Memory<uint16_t> {
  static hid_t type() { return H5T_NATIVE_UINT16; }
  static constexpr H5T_class_t kClass = H5T_INTEGER;
  static constexpr const char* kName = "16-bit integers";
};
template <>
struct Memory<float> {
  static hid_t type() { return H5T_NATIVE_FLOAT; }
  static constexpr H5T_class_t kClass = H5T_FLOAT;
  static constexpr const char* kName = "32-bit floats";
};

}  // namespace

Hdf5File::Hdf5File(const std::filesystem::path& path) : path_(path) {
  check_readable(path);
  const Quiet quiet;
  file_ = Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (file_) return;
  throw Error(ErrorKind::kData,
              path.string() + ": not an HDF5 file (MATLAB's format 7.3), truncated or damaged");
}

Handle Hdf5File::open(const std::string& variable) const {
  Handle dataset(H5Dopen2(file_.get(), variable.c_str(), H5P_DEFAULT), H5Dclose);
  if (dataset) return dataset;
  throw Error(ErrorKind::kData, path_.string() + ": has no variable " + variable);
}

std::vector<hsize_t> Hdf5File::sizes(const std::string& variable) const {
  const Quiet quiet;
  return sizes_of(open(variable).get());
}

template <class T>
std::vector<T> Hdf5File::item(const std::string& variable, hsize_t index,
                              const std::vector<hsize_t>& sizes) const {
  const Quiet quiet;
  const Handle dataset = open(variable);
  const auto fail = [&](const std::string& problem) {
    return Error(ErrorKind::kData, path_.string() + ": variable " + variable + ": " + problem);
  };
  if (class_of(dataset.get()) != Memory<T>::kClass || bytes_of(dataset.get()) != sizeof(T)) {
    throw fail(std::string("holds no ") + Memory<T>::kName);
  }
  const auto stored = sizes_of(dataset.get());
  if (stored.size() != sizes.size() + 1 ||
      !std::equal(sizes.begin(), sizes.end(), stored.begin() + 1)) {
    throw fail("has sizes " + sizes_text(stored) + " where [frames, " +
               sizes_text(sizes).substr(1) + " are expected");
  }
  if (index >= stored[0]) {
    throw fail("has " + std::to_string(stored[0]) + " frames, and number " +
               std::to_string(index + 1) + " is asked for");
  }
  hsize_t count = 1;
  for (const hsize_t size : sizes) count *= size;
  std::vector<hsize_t> from(stored.size(), 0), extent = stored;
  from[0] = index;
  extent[0] = 1;
  std::vector<T> values(count);
  const Handle file_space(H5Dget_space(dataset.get()), H5Sclose);
  const Handle memory_space(H5Screate_simple(1, &count, nullptr), H5Sclose);
  H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, from.data(), nullptr, extent.data(),
                      nullptr);
  if (H5Dread(dataset.get(), Memory<T>::type(), memory_space.get(), file_space.get(), H5P_DEFAULT,
              values.data()) < 0) {
    throw fail("frame " + std::to_string(index + 1) + " can't be read: truncated or damaged");
  }
  return values;
}

template std::vector<uint8_t> Hdf5File::item<uint8_t>(const std::string&, hsize_t,
                                                      const std::vector<hsize_t>&) const;
template std::vector<uint16_t> Hdf5File::item<uint16_t>(const std::string&, hsize_t,
                                                        const std::vector<hsize_t>&) const;
template std::vector<float> Hdf5File::item<float>(const std::string&, hsize_t,
                                                  const std::vector<hsize_t>&) const;

std::vector<std::string> Hdf5File::texts(const std::string& variable) const {
  const Quiet quiet;
  const Handle dataset = open(variable);
  hsize_t count = 1;
  for (const hsize_t size : sizes_of(dataset.get())) {
    count = size > kMostTexts ? kMostTexts + 1 : count * std::max<hsize_t>(size, 1);
    if (count > kMostTexts) break;
  }
  const auto fail = [&](const std::string& problem) {
    return Error(ErrorKind::kData, path_.string() + ": variable " + variable + ": " + problem);
  };
  if (class_of(dataset.get()) != H5T_REFERENCE || count > kMostTexts) {
    throw fail("is no list of texts (a MATLAB cell array)");
  }
  std::vector<hobj_ref_t> references(count);
  if (H5Dread(dataset.get(), H5T_STD_REF_OBJ, H5S_ALL, H5S_ALL, H5P_DEFAULT, references.data()) <
      0) {
    throw fail("can't be read: truncated or damaged");
  }
  std::vector<std::string> texts;
  for (const auto& reference : references) texts.push_back(text_at(variable, reference));
  return texts;
}

// MATLAB keeps characters as 16-bit numbers; names of scenes are ASCII.
std::string Hdf5File::text_at(const std::string& variable, const hobj_ref_t& reference) const {
  const auto fail = [&] {
    return Error(ErrorKind::kData,
                 path_.string() + ": variable " + variable + ": an element is no text");
  };
  const Handle text(H5Rdereference2(file_.get(), H5P_DEFAULT, H5R_OBJECT, &reference), H5Oclose);
  if (!text || H5Iget_type(text.get()) != H5I_DATASET) throw fail();
  hsize_t length = 1;
  for (const hsize_t size : sizes_of(text.get())) {
    if (size > kLongestText || (length *= size) > kLongestText) throw fail();
  }
  if (class_of(text.get()) != H5T_INTEGER) throw fail();
  std::vector<uint16_t> letters(length);
  if (H5Dread(text.get(), H5T_NATIVE_UINT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, letters.data()) < 0) {
    throw fail();
  }
  std::string result;
  for (const uint16_t letter : letters) {
    if (letter < 32 || letter > 126) throw fail();
    result += static_cast<char>(letter);
  }
  return result;
}

}  // namespace tasuki::nyuv2
