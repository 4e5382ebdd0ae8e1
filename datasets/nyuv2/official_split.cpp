#include "datasets/nyuv2/official_split.h"

#include <matio.h>

#include <cmath>
#include <memory>
#include <set>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tasuki/io/id_list.h"

namespace tasuki::nyuv2 {
namespace {

using MatFile = std::unique_ptr<mat_t, decltype(&Mat_Close)>;
using Variable = std::unique_ptr<matvar_t, decltype(&Mat_VarFree)>;

constexpr size_t kMostNumbers = 1 << 20;

// The numbers of a real array, whatever type MATLAB saved them as; empty where it is none.
std::vector<double> numbers_of(const matvar_t& variable) {
  size_t count = 1;
  for (int i = 0; i < variable.rank; ++i) {
    if (variable.dims[i] > kMostNumbers) return {};
    count *= variable.dims[i];
    if (count > kMostNumbers) return {};
  }
  if (variable.isComplex || variable.data == nullptr) return {};
  const auto as = [&](const auto* values) {
    if (variable.nbytes < count * sizeof(*values)) return std::vector<double>();
    return std::vector<double>(values, values + count);
  };
  switch (variable.class_type) {
    case MAT_C_DOUBLE:
      return as(static_cast<const double*>(variable.data));
    case MAT_C_SINGLE:
      return as(static_cast<const float*>(variable.data));
    case MAT_C_INT32:
      return as(static_cast<const int32_t*>(variable.data));
    case MAT_C_UINT32:
      return as(static_cast<const uint32_t*>(variable.data));
    case MAT_C_INT16:
      return as(static_cast<const int16_t*>(variable.data));
    case MAT_C_UINT16:
      return as(static_cast<const uint16_t*>(variable.data));
    default:
      return {};
  }
}

std::vector<size_t> frames_of(mat_t* file, const std::string& path, const char* name,
                              size_t frames) {
  const auto fail = [&](const std::string& problem) {
    return Error(ErrorKind::kData, path + ": variable " + name + " " + problem);
  };
  const Variable variable(Mat_VarRead(file, name), &Mat_VarFree);
  if (!variable) throw fail("is missing or damaged");
  const auto numbers = numbers_of(*variable);
  if (numbers.empty()) throw fail("is no array of frame numbers");
  std::vector<size_t> found;
  std::set<double> seen;
  for (const double number : numbers) {
    if (!(number >= 1 && number <= static_cast<double>(frames)) || number != std::floor(number)) {
      throw fail("has the number " + std::to_string(number) + ": frames are 1 to " +
                 std::to_string(frames));
    }
    if (!seen.insert(number).second) {
      throw fail("names frame " + std::to_string(static_cast<size_t>(number)) + " twice");
    }
    found.push_back(static_cast<size_t>(number));
  }
  return found;
}

}  // namespace

OfficialSplit read_official_split(const std::filesystem::path& file, size_t frames) {
  check_readable(file);
  const MatFile mat(Mat_Open(file.c_str(), MAT_ACC_RDONLY), &Mat_Close);
  if (!mat) throw Error(ErrorKind::kData, file.string() + ": not a MATLAB file, or damaged");
  OfficialSplit split{frames_of(mat.get(), file.string(), "trainNdxs", frames),
                      frames_of(mat.get(), file.string(), "testNdxs", frames)};
  const std::set<size_t> train(split.train.begin(), split.train.end());
  for (const size_t frame : split.test) {
    if (train.count(frame) == 0) continue;
    throw Error(ErrorKind::kData, file.string() + ": frame " + std::to_string(frame) +
                                      " is in trainNdxs and in testNdxs");
  }
  return split;
}

size_t train_count(const std::vector<size_t>& train, double validation,
                   const std::vector<std::string>& scenes) {
  if (scenes.empty()) return held_out_border(train.size(), validation);
  return held_out_border(train.size(), validation,
                         [&](size_t i) { return scenes.at(train[i] - 1); });
}

}  // namespace tasuki::nyuv2
