#include "core/data/image_io.h"

#include <boost/crc.hpp>
#include <cstdint>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/files.h"
#include "core/error/error.h"

namespace tasuki {
namespace {

constexpr std::string_view kPngMagic = "\x89PNG\r\n\x1a\n";
constexpr std::string_view kJpegMagic = "\xff\xd8\xff";
// OpenCV tells DICOM by it, 128 bytes from the beginning, where no other format is told before.
constexpr std::string_view kDicomMagic = "DICM";
constexpr size_t kDicomOffset = 128;
constexpr size_t kLargestPicture = size_t{1} << 30;
constexpr char kPalette = 3;  // PNG colour types
constexpr char kGrey = 0;

bool starts_with(std::string_view bytes, std::string_view magic) {
  return bytes.substr(0, magic.size()) == magic;
}

bool is_dicom(std::string_view bytes) {
  return bytes.size() > kDicomOffset && starts_with(bytes.substr(kDicomOffset), kDicomMagic);
}

uint32_t big_endian(std::string_view bytes, size_t at, size_t count) {
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

// The chunks of a PNG up to IEND, each whole with length, type, data and checksum; empty when the
// file ends before IEND does.
std::vector<std::string_view> png_chunks(std::string_view bytes) {
  std::vector<std::string_view> chunks;
  for (size_t at = kPngMagic.size(); bytes.size() - at >= 12;) {
    const size_t length = size_t{big_endian(bytes, at, 4)} + 12;
    if (length > bytes.size() - at) break;
    chunks.push_back(bytes.substr(at, length));
    if (chunks.back().substr(4, 4) == "IEND") return chunks;
    at += length;
  }
  return {};
}

// Position after the entropy-coded data that begins at `at`: that of the next real marker.
size_t after_scan(std::string_view bytes, size_t at) {
  while ((at = bytes.find('\xff', at)) != std::string_view::npos && at + 1 < bytes.size()) {
    const auto code = static_cast<uint8_t>(bytes[at + 1]);
    const bool inside = code == 0x00 || (code >= 0xd0 && code <= 0xd7);  // stuffing, restarts
    if (!inside && code != 0xff) return at;
    at += inside ? 2 : 1;
  }
  return bytes.size();
}

// Walks the segments, so that the end marker of an embedded thumbnail is not taken for the file's.
bool jpeg_is_complete(std::string_view bytes) {
  size_t at = 2;
  while (at + 1 < bytes.size()) {
    if (bytes[at] != '\xff') return false;
    const auto code = static_cast<uint8_t>(bytes[at + 1]);
    if (code == 0xd9) return true;
    if (code == 0xff) {
      ++at;
      continue;
    }
    if (at + 4 > bytes.size()) return false;
    at += 2 + big_endian(bytes, at + 2, 2);
    if (code == 0xda && at < bytes.size()) at = after_scan(bytes, at);
  }
  return false;
}

// libpng scales grey values of fewer than 8 bits to 0..255; this undoes it.
void undo_scaling(cv::Mat& values, int bits) {
  if (bits >= 1 && bits < 8) values /= 255 / ((1 << bits) - 1);
}

// Of a chunk's type and data.
uint32_t checksum_of(std::string_view chunk) {
  boost::crc_32_type checksum;
  checksum.process_bytes(chunk.data() + 4, chunk.size() - 8);
  return checksum.checksum();
}

// The file with its palette taken out and its colour type set to grey: what decodes to its indices.
std::string without_palette(const std::vector<std::string_view>& chunks) {
  std::string header(chunks[0]);
  if (checksum_of(header) != big_endian(header, header.size() - 4, 4)) {
    throw Error(ErrorKind::kData, "damaged: the checksum of its header is wrong");
  }
  header[8 + 9] = kGrey;
  const uint32_t checksum = checksum_of(header);
  for (int i = 0; i < 4; ++i) {
    header[8 + 13 + i] = static_cast<char>(checksum >> (24 - 8 * i));
  }
  std::string bytes(kPngMagic);
  bytes += header;
  for (const auto chunk : chunks) {
    const auto type = chunk.substr(4, 4);
    if (type == "IDAT" || type == "IEND") bytes += chunk;
  }
  return bytes;
}

cv::Mat decode(std::string_view bytes, int flags) {
  const cv::Mat wrapped(1, static_cast<int>(bytes.size()), CV_8UC1,
                        const_cast<char*>(bytes.data()));
  cv::Mat picture;
  try {
    picture = cv::imdecode(wrapped, flags);
  } catch (const cv::Exception& exception) {
    throw Error(ErrorKind::kData, "can't be decoded: " + exception.err);
  }
  if (picture.empty()) throw Error(ErrorKind::kData, "damaged, or not a picture that can be read");
  return picture;
}

// The picture; the values of a PNG as they are stored, when `stored_values` are asked for.
cv::Mat decode_checked(std::string_view bytes, int flags, bool stored_values) {
  const Error truncated(ErrorKind::kData, "truncated: the file has no end marker");
  if (starts_with(bytes, kJpegMagic) && !jpeg_is_complete(bytes)) throw truncated;
  const bool png = starts_with(bytes, kPngMagic);
  // The library that OpenCV reads DICOM with ends the process where a file is damaged.
  if (!png && !starts_with(bytes, kJpegMagic) && is_dicom(bytes)) {
    throw Error(ErrorKind::kData, "is a DICOM file, which is not read: convert it to PNG or TIFF");
  }
  if (!png) return decode(bytes, flags);
  const auto chunks = png_chunks(bytes);
  if (chunks.empty()) throw truncated;
  const bool has_header = chunks[0].substr(4, 4) == "IHDR" && chunks[0].size() == 8 + 13 + 4;
  if (!stored_values || !has_header) return decode(bytes, flags);
  const char bits = chunks[0][8 + 8], colours = chunks[0][8 + 9];
  if (colours != kPalette && colours != kGrey) return decode(bytes, flags);
  cv::Mat values = colours == kPalette ? decode(without_palette(chunks), cv::IMREAD_UNCHANGED)
                                       : decode(bytes, flags);
  undo_scaling(values, bits);
  return values;
}

cv::Mat read(const std::filesystem::path& path, int flags, bool stored_values) {
  const std::string bytes = read_file(path, kLargestPicture);
  try {
    if (bytes.empty()) throw Error(ErrorKind::kData, "is empty");
    return decode_checked(bytes, flags, stored_values);
  } catch (const Error& error) {
    throw error.within(path.string());
  }
}

}  // namespace

cv::Mat read_image(const std::filesystem::path& path) {
  return read(path, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION, false);
}

cv::Mat read_stored_values(const std::filesystem::path& path) {
  return read(path, cv::IMREAD_UNCHANGED, true);
}

void write_image(const std::filesystem::path& path, const cv::Mat& picture) {
  std::vector<unsigned char> bytes;
  try {
    cv::imencode(path.extension().string(), picture, bytes);
  } catch (const cv::Exception& exception) {
    throw Error(ErrorKind::kRun, path.string() + ": can't be encoded: " + exception.err);
  }
  write_file_atomically(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace tasuki
