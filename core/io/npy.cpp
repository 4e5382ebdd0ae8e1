#include "tasuki/io/npy.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"

namespace tasuki {
namespace {

static_assert(std::endian::native == std::endian::little, "npy.cpp swaps big-endian files only");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kLargestHeader = 1 << 16;

struct Header {
  std::string type;  // such as "<f4"
  bool fortran = false;
  std::vector<int64_t> shape;
};

// Reader of the header's text: a Python literal dict with three known keys.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Header header() {
    Header header;
    bool type = false, order = false, shape = false;
    expect('{');
    while (!take('}')) {
      const std::string key = string();
      expect(':');
      if (key == "descr" && !std::exchange(type, true)) {
        header.type = string();
      } else if (key == "fortran_order" && !std::exchange(order, true)) {
        header.fortran = boolean();
      } else if (key == "shape" && !std::exchange(shape, true)) {
        header.shape = tuple();
      } else {
        fail("key \"" + key + "\" is unknown or given twice");
      }
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    if (!type || !order || !shape) fail("descr, fortran_order or shape is missing");
    return header;
  }

 private:
  [[noreturn]] static void fail(const std::string& what) {
    throw Error(ErrorKind::kData, "damaged .npy header: " + what);
  }
  void skip_blanks() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\n')) text_.remove_prefix(1);
  }
  bool take(char wanted) {
    skip_blanks();
    if (text_.empty() || text_[0] != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) {
    if (!take(wanted)) fail(std::string("'") + wanted + "' expected");
  }
  std::string string() {
    skip_blanks();
    const char quote = text_.empty() ? '\0' : text_[0];
    if (quote != '\'' && quote != '"')
      fail("a quoted string expected (structured types can't be read)");
    const size_t end = text_.find(quote, 1);
    if (end == std::string_view::npos) fail("a string without end");
    const std::string value(text_.substr(1, end - 1));
    text_.remove_prefix(end + 1);
    return value;
  }
  bool boolean() {
    skip_blanks();
    for (const auto& [word, value] :
         {std::pair{std::string_view("True"), true}, {"False", false}}) {
      if (text_.substr(0, word.size()) != word) continue;
      text_.remove_prefix(word.size());
      return value;
    }
    fail("True or False expected");
  }
  std::vector<int64_t> tuple() {
    std::vector<int64_t> values;
    expect('(');
    while (!take(')')) {
      skip_blanks();
      int64_t value = 0;
      const auto [end, wrong] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
      if (wrong != std::errc() || value < 0) fail("a size that is no whole number");
      text_.remove_prefix(static_cast<size_t>(end - text_.data()));
      values.push_back(value);
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return values;
  }

  std::string_view text_;
};

// How one stored number becomes a Mat's.
struct Type {
  int mat_depth;
  size_t bytes;
};

Type type_of(const std::string& name) {
  static const std::map<std::string, Type> known = {
      {"b1", {CV_8U, 1}},  {"u1", {CV_8U, 1}},  {"i1", {CV_8S, 1}},  {"u2", {CV_16U, 2}},
      {"i2", {CV_16S, 2}}, {"u4", {CV_32S, 4}}, {"i4", {CV_32S, 4}}, {"u8", {CV_32S, 8}},
      {"i8", {CV_32S, 8}}, {"f2", {CV_32F, 2}}, {"f4", {CV_32F, 4}}, {"f8", {CV_64F, 8}}};
  const auto found = name.empty() ? known.end() : known.find(name.substr(1));
  if (found == known.end() || std::string_view("<>|=").find(name[0]) == std::string_view::npos ||
      (name[0] == '|' && found->second.bytes > 1)) {
    throw Error(ErrorKind::kData,
                "arrays of type \"" + name + "\" can't be read; save it as float32 or int32");
  }
  return found->second;
}

template <class Word>
void swap_words(std::string& data) {
  for (size_t at = 0; at + sizeof(Word) <= data.size(); at += sizeof(Word)) {
    std::reverse(data.begin() + at, data.begin() + at + sizeof(Word));
  }
}

void to_little_endian(std::string& data, size_t bytes) {
  if (bytes == 2) swap_words<uint16_t>(data);
  if (bytes == 4) swap_words<uint32_t>(data);
  if (bytes == 8) swap_words<uint64_t>(data);
}

template <class Stored>
cv::Mat checked_integers(const std::string& data) {
  cv::Mat values(1, static_cast<int>(data.size() / sizeof(Stored)), CV_32SC1);
  for (int i = 0; i < values.cols; ++i) {
    Stored value;
    std::memcpy(&value, data.data() + i * sizeof(Stored), sizeof(Stored));
    if (!std::in_range<int32_t>(value)) {
      throw Error(ErrorKind::kData, "value " + std::to_string(value) + " does not fit in 32 bits");
    }
    values.at<int32_t>(i) = static_cast<int32_t>(value);
  }
  return values;
}

// All numbers in file order as one row.
cv::Mat numbers(std::string& data, const std::string& type) {
  const std::string name = type.substr(1);
  if (name == "u4") return checked_integers<uint32_t>(data);
  if (name == "u8") return checked_integers<uint64_t>(data);
  if (name == "i8") return checked_integers<int64_t>(data);
  const Type known = type_of(type);
  const int count = static_cast<int>(data.size() / known.bytes);
  cv::Mat values;
  if (name == "f2") {
    cv::Mat(1, count, CV_16FC1, data.data()).convertTo(values, CV_32F);
  } else {
    values = cv::Mat(1, count, known.mat_depth, data.data()).clone();
  }
  return values;
}

// Fortran order is that of C x W x H planes in C order: each plane is transposed.
cv::Mat from_fortran(const cv::Mat& values, int height, int width, int channels) {
  const cv::Mat stored = values.reshape(1, channels * width);
  std::vector<cv::Mat> planes(channels);
  for (int c = 0; c < channels; ++c) {
    cv::transpose(stored.rowRange(c * width, (c + 1) * width), planes[c]);
  }
  CV_Assert(planes[0].rows == height);
  cv::Mat merged;
  cv::merge(planes, merged);
  return merged;
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::vector<std::string> sizes;
  for (const int64_t size : shape) sizes.push_back(std::to_string(size));
  return "[" + join(sizes) + "]";
}

// Number of values. Each size is bounded before they are multiplied, so nothing overflows.
int64_t checked_count(const std::vector<int64_t>& shape) {
  if (shape.size() != 2 && shape.size() != 3) {
    throw Error(ErrorKind::kData,
                "shape " + shape_text(shape) + " where [H, W] or [H, W, C] is expected");
  }
  int64_t count = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    const int64_t largest = i == 2 ? CV_CN_MAX : 1 << 20;
    if (shape[i] < 1 || shape[i] > largest) {
      throw Error(ErrorKind::kData, "shape " + shape_text(shape) + ": each size must be 1 to " +
                                        std::to_string(largest) +
                                        (i == 2 ? " (channels are last)" : ""));
    }
    count *= shape[i];
  }
  if (count > std::numeric_limits<int32_t>::max()) {
    throw Error(ErrorKind::kData, "shape " + shape_text(shape) + ": more than 2^31 values");
  }
  return count;
}

uint32_t little_endian(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

// The header, and where the numbers begin.
std::pair<Header, size_t> read_header(std::string_view bytes) {
  if (bytes.size() < 10 || bytes.substr(0, kMagic.size()) != kMagic) {
    throw Error(ErrorKind::kData, "not a .npy file");
  }
  const int version = static_cast<uint8_t>(bytes[6]);
  if (version < 1 || version > 3) {
    throw Error(ErrorKind::kData, ".npy version " + std::to_string(version) + " is unknown");
  }
  const size_t begin = version == 1 ? 10 : 12;
  const size_t length = little_endian(bytes.substr(8, begin - 8));
  if (length > kLargestHeader || bytes.size() < begin + length) {
    throw Error(ErrorKind::kData, "truncated, or damaged: a header of " + std::to_string(length) +
                                      " bytes in a file of " + std::to_string(bytes.size()));
  }
  return {Parser(bytes.substr(begin, length)).header(), begin + length};
}

cv::Mat decode_npy(std::string bytes) {
  const auto [header, begin] = read_header(bytes);
  const Type type = type_of(header.type);
  const auto wanted = static_cast<size_t>(checked_count(header.shape)) * type.bytes;
  bytes.erase(0, begin);
  if (bytes.size() != wanted) {
    throw Error(ErrorKind::kData, (bytes.size() < wanted ? "truncated: " : "damaged: ") +
                                      std::to_string(bytes.size()) + " bytes of data, but shape " +
                                      shape_text(header.shape) + " of \"" + header.type +
                                      "\" takes " + std::to_string(wanted));
  }
  if (header.type[0] == '>') to_little_endian(bytes, type.bytes);
  const int height = static_cast<int>(header.shape[0]), width = static_cast<int>(header.shape[1]);
  const int channels = header.shape.size() == 3 ? static_cast<int>(header.shape[2]) : 1;
  const cv::Mat values = numbers(bytes, header.type);
  return header.fortran ? from_fortran(values, height, width, channels)
                        : values.reshape(channels, height);
}

std::string encode_header(const cv::Mat& value) {
  static const std::map<int, std::string> names = {
      {CV_8U, "|u1"},  {CV_8S, "|i1"},  {CV_16U, "<u2"}, {CV_16S, "<i2"},
      {CV_32S, "<i4"}, {CV_32F, "<f4"}, {CV_64F, "<f8"}};
  std::string shape = std::to_string(value.rows) + ", " + std::to_string(value.cols);
  if (value.channels() > 1) shape += ", " + std::to_string(value.channels());
  std::string text = "{'descr': '" + names.at(value.depth()) +
                     "', 'fortran_order': False, 'shape': (" + shape + "), }";
  // Data begin at a multiple of 64; the header ends in a newline.
  const size_t before = kMagic.size() + 4;
  text.append(63 - (before + text.size()) % 64, ' ');
  text += '\n';
  std::string header(kMagic);
  header += {'\1', '\0', static_cast<char>(text.size() & 255), static_cast<char>(text.size() >> 8)};
  return header + text;
}

}  // namespace

cv::Mat read_npy(const std::filesystem::path& path) {
  std::string bytes = read_file(path);
  try {
    return decode_npy(std::move(bytes));
  } catch (const Error& error) {
    throw error.within(path.string());
  }
}

void write_npy(const std::filesystem::path& path, const cv::Mat& value) {
  const cv::Mat whole = value.isContinuous() ? value : value.clone();
  std::string bytes = encode_header(whole);
  bytes.append(reinterpret_cast<const char*>(whole.data), whole.total() * whole.elemSize());
  write_file_atomically(path, bytes);
}

}  // namespace tasuki
