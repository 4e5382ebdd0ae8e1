#include "tasuki/io/image_io.h"

#include <boost/crc.hpp>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"

namespace tasuki {
namespace {

constexpr std::string_view kPngBegin = "\x89PNG\r\n\x1a\n";
constexpr size_t kLargestPicture = size_t{1} << 30;   // bytes
constexpr uint64_t kMostPixels = uint64_t{1} << 28;   // 768 MiB of colours
constexpr uint64_t kLongestSide = uint64_t{1} << 20;  // OpenCV's own limit
constexpr char kPalette = 3;                          // PNG colour types
constexpr char kGrey = 0;

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
  if (checksum_of(header) != big_endian_at(header, header.size() - 4, 4)) {
    throw Error(ErrorKind::kData, "damaged: the checksum of its header is wrong");
  }
  header[8 + 9] = kGrey;
  const uint32_t checksum = checksum_of(header);
  for (int i = 0; i < 4; ++i) {
    header[8 + 13 + i] = static_cast<char>(checksum >> (24 - 8 * i));
  }
  std::string bytes(kPngBegin);
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

void check_size(const PictureHeader& header) {
  const auto [width, height] = std::pair(header.width, header.height);
  if (width <= kLongestSide && height <= kLongestSide && width * height <= kMostPixels) return;
  throw Error(ErrorKind::kData, "has " + std::to_string(height) + "x" + std::to_string(width) +
                                    " pixels (height x width), more than the limit of 2^28");
}

// The values of a PNG as they are stored.
cv::Mat png_values(std::string_view bytes, int flags) {
  const auto chunks = png_chunks(bytes);
  const bool has_header = chunks[0].substr(4, 4) == "IHDR" && chunks[0].size() == 8 + 13 + 4;
  if (!has_header) return decode(bytes, flags);
  const char bits = chunks[0][8 + 8], colours = chunks[0][8 + 9];
  if (colours != kPalette && colours != kGrey) return decode(bytes, flags);
  cv::Mat values = colours == kPalette ? decode(without_palette(chunks), cv::IMREAD_UNCHANGED)
                                       : decode(bytes, flags);
  undo_scaling(values, bits);
  return values;
}

// The stored pixels: OpenCV turns TIFF files by itself, so that `bytes` are changed to ask for
// none.
cv::Mat decode_as_stored(std::string& bytes, const PictureHeader& header, int flags,
                         bool stored_values) {
  const Error truncated(ErrorKind::kData, "truncated: the file has no end marker");
  if (is_jpeg(bytes)) {
    const auto segments = jpeg_segments(bytes);
    if (segments.empty() || segments.back().code != 0xd9) throw truncated;
  }
  if (is_png(bytes) && png_chunks(bytes).empty()) throw truncated;
  // The library that OpenCV reads DICOM with ends the process where a file is damaged.
  if (is_dicom(bytes)) {
    throw Error(ErrorKind::kData, "is a DICOM file, which is not read: convert it to PNG or TIFF");
  }
  check_size(header);
  if (header.numbers == PictureHeader::Numbers::kSigned && header.bits <= 16 && !stored_values) {
    throw Error(ErrorKind::kData,
                "holds signed numbers, which are no colours: write it with "
                "unsigned ones of 8 or 16 bits");
  }
  if (header.channels > 4) {
    throw Error(ErrorKind::kData, "has " + std::to_string(header.channels) +
                                      " channels, and at most 4 can be read from a picture; .npy "
                                      "files may have more");
  }
  if (const auto at = header.tiff_orientation_at) {
    const bool little = bytes[0] == 'I';
    bytes[*at] = little ? 1 : 0;
    bytes[*at + 1] = little ? 0 : 1;
  }
  if (!stored_values) return decode(bytes, flags);
  cv::Mat values = is_png(bytes) ? png_values(bytes, flags) : decode(bytes, flags);
  // OpenCV makes four channels of grey and alpha.
  if (header.channels != 2 || values.channels() != 4) return values;
  cv::Mat two(values.size(), CV_MAKETYPE(values.depth(), 2));
  const int from_to[] = {0, 0, 3, 1};
  cv::mixChannels(&values, 1, &two, 1, from_to, 2);
  return two;
}

// EXIF 2.32, tag Orientation: where the stored first row and column are in what is shown.
cv::Mat oriented(cv::Mat picture, int orientation) {
  constexpr int kBoth = -1, kVertically = 0, kHorizontally = 1;
  if (orientation >= 5) cv::transpose(picture, picture);
  if (orientation == 2 || orientation == 6) cv::flip(picture, picture, kHorizontally);
  if (orientation == 3 || orientation == 7) cv::flip(picture, picture, kBoth);
  if (orientation == 4 || orientation == 8) cv::flip(picture, picture, kVertically);
  return picture;
}

// Colours of any range as 8-bit BGR: `white` becomes 255.
cv::Mat scaled_to_white(const cv::Mat& stored, double white) {
  if (white == 0) {
    throw Error(ErrorKind::kData,
                "holds floating-point numbers: data.image.white_level says which "
                "of them is white, 1 where colours are 0 to 1");
  }
  cv::Mat values;
  stored.convertTo(values, CV_32F);
  if (values.channels() == 1) cv::cvtColor(values, values, cv::COLOR_GRAY2BGR);
  if (values.channels() == 4) cv::cvtColor(values, values, cv::COLOR_BGRA2BGR);
  cv::Point at;
  const auto beyond = std::nextafter(static_cast<float>(white), INFINITY);  // is excluded
  if (!cv::checkRange(values, true, &at, 0, beyond)) {
    throw Error(ErrorKind::kData, "has a colour at (x " + std::to_string(at.x) + ", y " +
                                      std::to_string(at.y) +
                                      ") that is not 0 to data.image.white_level");
  }
  values.convertTo(values, CV_8U, 255 / white);
  return values;
}

// What is not given back as it was written is no label.
void check_losses(const PictureHeader& header) {
  if (!header.lossy) return;
  throw Error(ErrorKind::kData, std::string("is compressed with losses (") + header.format +
                                    "): its values are not those that were written, at borders "
                                    "least of all; store labels as PNG, lossless TIFF or .npy, "
                                    "made anew from their source");
}

// `decode` makes the pixels, as they are stored, of the file's bytes and their header.
template <class Decode>
cv::Mat read(const std::filesystem::path& path, const ImageReading& reading, Lossy lossy,
             Decode decode) {
  std::string bytes = read_file(path, kLargestPicture);
  try {
    if (bytes.empty()) throw Error(ErrorKind::kData, "is empty");
    const auto header = picture_header(bytes);
    if (lossy == Lossy::kRefused) check_losses(header);
    return oriented(decode(bytes, header), reading.ignore_orientation ? 1 : header.orientation);
  } catch (const Error& error) {
    throw error.within(path.string());
  }
}

}  // namespace

cv::Mat read_image(const std::filesystem::path& path, const ImageReading& reading) {
  return read(path, reading, Lossy::kTaken, [&](std::string& bytes, const PictureHeader& header) {
    const bool is_float = header.numbers == PictureHeader::Numbers::kFloat;
    if (reading.white_level == 0 && !is_float) {
      return decode_as_stored(bytes, header, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION,
                              false);
    }
    return scaled_to_white(decode_as_stored(bytes, header, cv::IMREAD_UNCHANGED, false),
                           reading.white_level);
  });
}

cv::Mat read_stored_values(const std::filesystem::path& path, const ImageReading& reading,
                           Lossy lossy) {
  return read(path, reading, lossy, [&](std::string& bytes, const PictureHeader& header) {
    return decode_as_stored(bytes, header, cv::IMREAD_UNCHANGED, true);
  });
}

cv::Mat read_label_colours(const std::filesystem::path& path, const ImageReading& reading) {
  const cv::Mat stored =
      read(path, reading, Lossy::kRefused, [&](std::string& bytes, const PictureHeader& header) {
        return decode_as_stored(bytes, header, cv::IMREAD_UNCHANGED, false);
      });
  const auto fail = [&](const std::string& problem) {
    return Error(ErrorKind::kData, path.string() + ": " + problem);
  };
  if (stored.depth() != CV_8U) throw fail("colours of 8 bits are expected");
  cv::Mat colours = stored;
  if (stored.channels() == 1) cv::cvtColor(stored, colours, cv::COLOR_GRAY2BGR);
  if (stored.channels() != 4) return colours;
  cv::Mat alpha;
  cv::extractChannel(stored, alpha, 3);
  if (cv::countNonZero(alpha != 255) != 0) throw fail("has transparent pixels: labels have none");
  cv::cvtColor(stored, colours, cv::COLOR_BGRA2BGR);
  return colours;
}

PictureHeader read_picture_header(const std::filesystem::path& path) {
  char begin[kLongestMagic] = {};
  std::ifstream(path, std::ios::binary).read(begin, sizeof(begin));
  if (!has_picture_header({begin, sizeof(begin)})) return {};
  try {
    return picture_header(read_file(path, kLargestPicture));
  } catch (const Error&) {  // whoever needs the pixels says so
    return {};
  }
}

std::string explain_orientation(const std::filesystem::path& path, cv::Size size) {
  const auto header = read_picture_header(path);
  if (header.orientation < 5 || header.width == header.height) return "";
  const bool turned = header.width != static_cast<uint64_t>(size.width);
  const auto number = " (" + std::to_string(header.orientation) + ")";
  if (turned) {
    return path.string() + " is turned by 90 degrees, as the orientation in the file" + number +
           " asks; if the other file is of the pixels as they are stored, set "
           "data.image.ignore_orientation: true";
  }
  return "data.image.ignore_orientation leaves out the turn by 90 degrees that the orientation "
         "in " +
         path.string() + number + " asks for";
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
