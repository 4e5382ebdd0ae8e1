#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tasuki {

// The formats of pictures whose bytes are looked at before OpenCV decodes them. Nothing here trusts
// a byte: what is damaged gives fewer parts, or numbers of 0.

bool is_jpeg(std::string_view bytes);
bool is_png(std::string_view bytes);
// OpenCV tells DICOM by it where no other format is told before.
bool is_dicom(std::string_view bytes);

// A number of `count` bytes, at most 8, at `at`, which lies inside of `bytes`.
uint64_t big_endian_at(std::string_view bytes, size_t at, size_t count);
uint64_t little_endian_at(std::string_view bytes, size_t at, size_t count);

// The chunks of a PNG up to IEND, each whole with length, type, data and checksum; empty when the
// file ends before IEND does.
std::vector<std::string_view> png_chunks(std::string_view bytes);

struct JpegSegment {
  uint8_t code = 0;  // second byte of the marker
  std::string_view data{};
};
// The segments of a JPEG file, those of an embedded thumbnail not among them. The last one is the
// end marker, 0xd9, unless the file is cut off or damaged.
std::vector<JpegSegment> jpeg_segments(std::string_view bytes);

// What the header of a picture says of its pixels as they are stored. Numbers are 0 where the
// format is none that is known here, or the header does not say.
struct PictureHeader {
  enum class Numbers { kUnsigned, kSigned, kFloat };

  const char* format = "";  // "JPEG"
  uint64_t width = 0, height = 0;
  int channels = 0;  // a palette's indices are one
  int bits = 0;      // of one channel
  Numbers numbers = Numbers::kUnsigned;
  // What was written is not what is read: JPEG, also in a TIFF; lossy WebP; JPEG 2000 with the
  // irreversible transform.
  bool lossy = false;
  // EXIF's, or a TIFF's own: 1 as stored, 2 to 8 mirrored or turned for display. 5 to 8 exchange
  // width and height.
  int orientation = 1;
  // Where a TIFF has its orientation, a number of two bytes; OpenCV applies it unless it is 1.
  std::optional<size_t> tiff_orientation_at{};
};

PictureHeader picture_header(std::string_view bytes);

// Whether a file that begins with these bytes, kLongestMagic of them, has such a header.
inline constexpr size_t kLongestMagic = 12;
bool has_picture_header(std::string_view begin);

}  // namespace tasuki
