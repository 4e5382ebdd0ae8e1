#include "datasets/pascal_context/mat_file.h"

#include <matio.h>

#include <cmath>
#include <memory>
#include <string_view>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"

namespace tasuki::pascal_context {
namespace {

namespace fs = std::filesystem;
using MatFile = std::unique_ptr<mat_t, decltype(&Mat_Close)>;
using Variable = std::unique_ptr<matvar_t, decltype(&Mat_VarFree)>;

constexpr int kPerson = 15;  // class_ind of PASCAL VOC's 20 objects
constexpr size_t kLargestFile = 256u << 20;
constexpr size_t kLargestSide = 1 << 14;
constexpr size_t kMostElements = 1 << 16;

[[noreturn]] void fail(const std::string& problem) {
  throw Error(ErrorKind::kData, problem);
}

uint32_t number_at(const std::string& bytes, size_t at, bool little) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[at + (little ? 3 - i : i)]);
    number = number << 8 | byte;
  }
  return number;
}

// The header is 124 bytes of text, the version in two bytes, and "MI" or "IM" by byte order; then
// come elements, type and number of bytes in front of each. matio takes what it finds of a file
// that was cut off, and zeros for the rest. Files of version 7.3 are HDF5, which not every build of
// that library reads on several threads.
void check_layout(const fs::path& file) {
  constexpr size_t kHeader = 128, kTag = 8;
  const auto bytes = read_file(file, kLargestFile);
  const bool little = bytes.size() >= kHeader && bytes.compare(126, 2, "IM") == 0;
  const bool big = bytes.size() >= kHeader && bytes.compare(126, 2, "MI") == 0;
  if ((!little && !big) || bytes[little ? 125 : 124] != 1) fail("is no MATLAB 5 file");
  size_t at = kHeader;
  while (bytes.size() - at >= kTag) {
    const size_t length = number_at(bytes, at + 4, little);
    if (length > bytes.size() - at - kTag) fail("is cut off");
    at += kTag + length;
  }
  if (at != bytes.size()) fail("is cut off");
}

Variable read_variable(const fs::path& file, const char* name) {
  check_layout(file);
  const MatFile mat(Mat_Open(file.c_str(), MAT_ACC_RDONLY), &Mat_Close);
  if (!mat) fail("is no MATLAB 5 file, or damaged");
  Variable variable(Mat_VarRead(mat.get(), name), &Mat_VarFree);
  if (!variable) fail(std::string("variable ") + name + " is missing or damaged");
  return variable;
}

size_t elements_of(const matvar_t& variable) {
  size_t count = 1;
  for (int i = 0; i < variable.rank; ++i) {
    if (variable.dims[i] > kMostElements) return kMostElements + 1;
    count *= variable.dims[i];
    if (count > kMostElements) return kMostElements + 1;
  }
  return count;
}

// How many structures it has; what is empty may have any type.
size_t structures_of(const matvar_t& variable, const std::string& what) {
  const size_t count = elements_of(variable);
  if (count > 0 && variable.class_type != MAT_C_STRUCT) fail(what + " is no structure");
  if (count > kMostElements) fail(what + " has too many elements");
  return count;
}

// Field `name` of a structure's element `index`.
const matvar_t& member(const matvar_t& structure, const char* name, size_t index,
                       std::string_view what) {
  // matio does not change what it only looks up.
  auto* whole = const_cast<matvar_t*>(&structure);
  const matvar_t* found = Mat_VarGetStructFieldByName(whole, name, index);
  if (found == nullptr) fail(std::string(what) + " has no field " + name);
  return *found;
}

// A matrix of MATLAB, columns one after another, as rows of pixels.
cv::Mat rows_of(const matvar_t& variable, int type) {
  const cv::Mat columns(static_cast<int>(variable.dims[1]), static_cast<int>(variable.dims[0]),
                        type, variable.data);
  return columns.t();
}

// Integers of 8 or 16 bits.
cv::Mat matrix_of(const matvar_t& variable, const std::string& what) {
  const bool flat = variable.rank == 2 && variable.dims[0] > 0 && variable.dims[1] > 0 &&
                    variable.dims[0] <= kLargestSide && variable.dims[1] <= kLargestSide;
  if (!flat || variable.data == nullptr) fail(what + " is no picture");
  const size_t pixels = variable.dims[0] * variable.dims[1];
  if (variable.class_type == MAT_C_UINT8 && variable.nbytes >= pixels) {
    return rows_of(variable, CV_8UC1);
  }
  if (variable.class_type == MAT_C_UINT16 && variable.nbytes >= 2 * pixels) {
    return rows_of(variable, CV_16UC1);
  }
  fail(what + " has no pixels of 8 or 16 bits");
}

int number_of(const matvar_t& variable, const std::string& what) {
  if (elements_of(variable) == 1 && variable.data != nullptr) {
    if (variable.class_type == MAT_C_DOUBLE && variable.nbytes >= sizeof(double)) {
      const double value = *static_cast<const double*>(variable.data);
      if (value >= 0 && value < 1e6 && value == std::floor(value)) return static_cast<int>(value);
    }
    if (variable.class_type == MAT_C_UINT8) return *static_cast<const uint8_t*>(variable.data);
  }
  fail(what + " is no number");
}

// Letters of one or two bytes.
std::string text_of(const matvar_t& variable, const std::string& what) {
  const size_t length = elements_of(variable);
  if (variable.class_type != MAT_C_CHAR || variable.data == nullptr || length > kMostElements) {
    fail(what + " is no text");
  }
  const size_t width = variable.nbytes / std::max<size_t>(length, 1);
  std::string text;
  for (size_t i = 0; i < length && (width == 1 || width == 2); ++i) {
    const auto* letter = static_cast<const unsigned char*>(variable.data) + i * width;
    text += static_cast<char>(width == 1 ? *letter : *reinterpret_cast<const uint16_t*>(letter));
  }
  return text;
}

void add_parts(const matvar_t& objects, size_t index, std::vector<Part>& found) {
  const std::string object = "anno.objects(" + std::to_string(index + 1) + ")";
  const auto& class_index = member(objects, "class_ind", index, object);
  if (number_of(class_index, object + ".class_ind") != kPerson) return;
  const auto& parts = member(objects, "parts", index, object);
  const size_t count = structures_of(parts, object + ".parts");
  for (size_t i = 0; i < count; ++i) {
    const std::string part = object + ".parts(" + std::to_string(i + 1) + ")";
    const cv::Mat mask = matrix_of(member(parts, "mask", i, part), part + ".mask");
    found.push_back({text_of(member(parts, "part_name", i, part), part + ".part_name"), mask != 0});
  }
}

}  // namespace

cv::Mat read_label_map(const fs::path& file) {
  const auto variable = read_variable(file, "LabelMap");
  const cv::Mat stored = matrix_of(*variable, "variable LabelMap");
  cv::Mat labels;
  stored.convertTo(labels, CV_16U);
  return labels;
}

std::vector<Part> read_person_parts(const fs::path& file) {
  const auto anno = read_variable(file, "anno");
  if (structures_of(*anno, "variable anno") != 1) fail("variable anno is no single structure");
  const auto& objects = member(*anno, "objects", 0, "anno");
  std::vector<Part> found;
  const size_t count = structures_of(objects, "anno.objects");
  for (size_t i = 0; i < count; ++i) add_parts(objects, i, found);
  return found;
}

}  // namespace tasuki::pascal_context
