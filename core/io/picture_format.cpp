#include "tasuki/io/picture_format.h"

#include "tasuki/io/tiff_directory.h"

namespace tasuki {
namespace {

using Bytes = std::string_view;

constexpr Bytes kPngMagic = "\x89PNG\r\n\x1a\n";
constexpr Bytes kJpegMagic = "\xff\xd8\xff";
constexpr Bytes kDicomMagic = "DICM";
constexpr size_t kDicomOffset = 128;
constexpr Bytes kJpeg2000Codestream = "\xff\x4f\xff\x51";
constexpr Bytes kJpeg2000Boxes("\0\0\0\x0cjP  ", 8);
constexpr Bytes kExif("Exif\0\0", 6);

bool is_webp(Bytes bytes) {
  return bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP");
}
bool is_bmp(Bytes bytes) {
  return bytes.starts_with("BM");
}
bool is_jpeg2000(Bytes bytes) {
  return bytes.starts_with(kJpeg2000Codestream) || bytes.starts_with(kJpeg2000Boxes);
}

// Position after the entropy-coded data that begins at `at`: that of the next real marker.
size_t after_scan(Bytes bytes, size_t at) {
  while ((at = bytes.find('\xff', at)) != Bytes::npos && at + 1 < bytes.size()) {
    const auto code = static_cast<uint8_t>(bytes[at + 1]);
    const bool inside = code == 0x00 || (code >= 0xd0 && code <= 0xd7);  // stuffing, restarts
    if (!inside && code != 0xff) return at;
    at += inside ? 2 : 1;
  }
  return bytes.size();
}

int orientation_of(Bytes exif) {
  if (exif.starts_with(kExif)) exif.remove_prefix(kExif.size());
  const auto found = TiffDirectory(exif).value(TiffTag::kOrientation);
  return found && *found >= 1 && *found <= 8 ? static_cast<int>(*found) : 1;
}

// Start of frame, but for the three codes among them that mean something else.
bool begins_frame(uint8_t code) {
  return code >= 0xc0 && code <= 0xcf && code != 0xc4 && code != 0xc8 && code != 0xcc;
}

PictureHeader jpeg_header(Bytes bytes) {
  PictureHeader header;
  header.format = "JPEG";
  header.lossy = true;
  for (const auto& [code, data] : jpeg_segments(bytes)) {
    if (begins_frame(code) && data.size() >= 6 && header.width == 0) {
      header.bits = static_cast<uint8_t>(data[0]);
      header.height = big_endian_at(data, 1, 2);
      header.width = big_endian_at(data, 3, 2);
      header.channels = static_cast<uint8_t>(data[5]);
    }
    if (code == 0xe1 && data.starts_with(kExif)) header.orientation = orientation_of(data);
  }
  return header;
}

PictureHeader png_header(Bytes bytes) {
  PictureHeader header;
  header.format = "PNG";
  for (const auto chunk : png_chunks(bytes)) {
    const Bytes type = chunk.substr(4, 4), data = chunk.substr(8, chunk.size() - 12);
    if (type == "IHDR" && data.size() == 13) {
      header.width = big_endian_at(data, 0, 4);
      header.height = big_endian_at(data, 4, 4);
      header.bits = static_cast<uint8_t>(data[8]);
      constexpr int kChannels[] = {1, 0, 3, 1, 2, 0, 4};  // by colour type
      const auto type_of_colours = static_cast<uint8_t>(data[9]);
      header.channels = type_of_colours < 7 ? kChannels[type_of_colours] : 0;
    }
    if (type == "eXIf") header.orientation = orientation_of(data);
  }
  return header;
}

// A RIFF file: chunks of a name, a size and an even number of bytes. No side is above 16384 pixels.
PictureHeader webp_header(Bytes bytes) {
  PictureHeader header;
  header.format = "WebP";
  header.bits = 8;
  for (size_t at = 12; at + 8 <= bytes.size();) {
    const Bytes type = bytes.substr(at, 4);
    const size_t size = little_endian_at(bytes, at + 4, 4);
    const Bytes data = bytes.substr(at + 8, size);
    if (type == "VP8 ") header.lossy = true;
    if (type == "EXIF") header.orientation = orientation_of(data);
    at += 8 + size + size % 2;
  }
  return header;
}

PictureHeader tiff_header(const TiffDirectory& directory) {
  PictureHeader header;
  header.format = "TIFF";
  const auto value = [&](TiffTag tag, uint64_t otherwise) {
    return directory.value(tag).value_or(otherwise);
  };
  header.width = value(TiffTag::kWidth, 0);
  header.height = value(TiffTag::kHeight, 0);
  header.bits = static_cast<int>(value(TiffTag::kBits, 1) & 0xff);
  header.channels = static_cast<int>(value(TiffTag::kChannels, 1) & 0xffff);
  const auto compression = value(TiffTag::kCompression, 1);
  header.lossy = compression == 6 || compression == 7;  // JPEG of the old and of the new kind
  const auto numbers = value(TiffTag::kNumbers, 1);
  header.numbers = numbers == 2   ? PictureHeader::Numbers::kSigned
                   : numbers == 3 ? PictureHeader::Numbers::kFloat
                                  : PictureHeader::Numbers::kUnsigned;
  constexpr uint64_t kLogLuv = 34676, kLogLuv24 = 34677;  // are read as floating-point numbers
  if (compression == kLogLuv || compression == kLogLuv24) {
    header.numbers = PictureHeader::Numbers::kFloat;
  }
  const auto orientation = value(TiffTag::kOrientation, 1);
  header.orientation = orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
  if (header.orientation != 1) header.tiff_orientation_at = directory.place(TiffTag::kOrientation);
  return header;
}

PictureHeader bmp_header(Bytes bytes) {
  PictureHeader header;
  header.format = "BMP";
  if (bytes.size() < 26 || little_endian_at(bytes, 14, 4) < 40) return header;  // OS/2's is shorter
  header.width = little_endian_at(bytes, 18, 4);
  const auto height = static_cast<int32_t>(little_endian_at(bytes, 22, 4));
  header.height = static_cast<uint64_t>(height < 0 ? -int64_t{height} : int64_t{height});
  return header;
}

// Markers of the main header, each with the length of what follows it, up to the first tile.
PictureHeader jpeg2000_header(Bytes bytes) {
  PictureHeader header;
  header.format = "JPEG 2000";
  const size_t begin = bytes.find(kJpeg2000Codestream);  // behind boxes, or at the beginning
  if (begin == Bytes::npos) return header;
  const Bytes codestream = bytes.substr(begin);
  for (size_t at = 2; at + 4 <= codestream.size() && codestream[at] == '\xff';) {
    const auto code = static_cast<uint8_t>(codestream[at + 1]);
    const Bytes data = codestream.substr(at + 4);
    if (code == 0x90) break;  // start of a tile
    if (code == 0x51 && data.size() >= 18) {
      header.width = big_endian_at(data, 2, 4) - big_endian_at(data, 10, 4);
      header.height = big_endian_at(data, 6, 4) - big_endian_at(data, 14, 4);
    }
    // Coding style: the wavelet transform comes last, 0 is the irreversible one.
    if (code == 0x52 && data.size() >= 10) header.lossy = data[9] == 0;
    at += 2 + big_endian_at(codestream, at + 2, 2);
  }
  return header;
}

}  // namespace

bool is_jpeg(Bytes bytes) {
  return bytes.starts_with(kJpegMagic);
}
bool is_png(Bytes bytes) {
  return bytes.starts_with(kPngMagic);
}
bool is_dicom(Bytes bytes) {
  return bytes.size() > kDicomOffset && bytes.substr(kDicomOffset).starts_with(kDicomMagic) &&
         !is_jpeg(bytes) && !is_png(bytes);
}

uint64_t big_endian_at(Bytes bytes, size_t at, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}
uint64_t little_endian_at(Bytes bytes, size_t at, size_t count) {
  uint64_t value = 0;
  while (count-- > 0) value = value << 8 | static_cast<uint8_t>(bytes[at + count]);
  return value;
}

std::vector<Bytes> png_chunks(Bytes bytes) {
  std::vector<Bytes> chunks;
  for (size_t at = kPngMagic.size(); bytes.size() >= at + 12;) {
    const size_t length = big_endian_at(bytes, at, 4) + 12;
    if (length > bytes.size() - at) break;
    chunks.push_back(bytes.substr(at, length));
    if (chunks.back().substr(4, 4) == "IEND") return chunks;
    at += length;
  }
  return {};
}

std::vector<JpegSegment> jpeg_segments(Bytes bytes) {
  std::vector<JpegSegment> segments;
  size_t at = 2;
  while (at + 1 < bytes.size() && bytes[at] == '\xff') {
    const auto code = static_cast<uint8_t>(bytes[at + 1]);
    if (code == 0xd9) {
      segments.push_back({code});
      return segments;
    }
    if (code == 0xff) {
      ++at;
      continue;
    }
    if (at + 4 > bytes.size()) break;
    const size_t length = big_endian_at(bytes, at + 2, 2);
    if (length >= 2) segments.push_back({code, bytes.substr(at + 4, length - 2)});
    at += 2 + length;
    if (code == 0xda && at < bytes.size()) at = after_scan(bytes, at);
  }
  return segments;
}

PictureHeader picture_header(Bytes bytes) {
  if (is_jpeg(bytes)) return jpeg_header(bytes);
  if (is_png(bytes)) return png_header(bytes);
  if (is_webp(bytes)) return webp_header(bytes);
  if (is_bmp(bytes)) return bmp_header(bytes);
  if (is_jpeg2000(bytes)) return jpeg2000_header(bytes);
  if (const TiffDirectory directory(bytes); directory.is_tiff()) return tiff_header(directory);
  return {};
}

bool has_picture_header(Bytes begin) {
  return is_jpeg(begin) || is_png(begin) || is_webp(begin) || is_bmp(begin) || is_jpeg2000(begin) ||
         TiffDirectory(begin).is_tiff();
}

}  // namespace tasuki
