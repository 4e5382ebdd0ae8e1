#pragma once

#include <boost/crc.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

// Bytes of pictures that OpenCV does not write by itself.
namespace tasuki::testing {

inline std::string number_bytes(uint64_t value, size_t count, bool little) {
  std::string bytes;
  for (size_t i = 0; i < count; ++i) {
    bytes += static_cast<char>(value >> 8 * (little ? i : count - 1 - i));
  }
  return bytes;
}

inline std::string png_chunk(const std::string& type, const std::string& data) {
  boost::crc_32_type checksum;
  checksum.process_bytes(type.data(), type.size());
  checksum.process_bytes(data.data(), data.size());
  return number_bytes(data.size(), 4, false) + type + data +
         number_bytes(checksum.checksum(), 4, false);
}

// A PNG whose rows, each with its filter's number in front, are not compressed.
inline std::string png_of_rows(int width, int height, int bits, int colour_type,
                               const std::string& rows) {
  uint32_t a = 1, b = 0;  // Adler-32
  for (const char c : rows) {
    a = (a + static_cast<uint8_t>(c)) % 65521;
    b = (b + a) % 65521;
  }
  const std::string header =
      number_bytes(static_cast<uint64_t>(width), 4, false) +
      number_bytes(static_cast<uint64_t>(height), 4, false) +
      std::string{static_cast<char>(bits), static_cast<char>(colour_type), 0, 0, 0};
  const std::string data = std::string("\x78\x01\x01") + number_bytes(rows.size(), 2, true) +
                           number_bytes(~rows.size(), 2, true) + rows +
                           number_bytes(b << 16 | a, 4, false);
  return "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", header) + png_chunk("IDAT", data) +
         png_chunk("IEND", "");
}

struct TiffEntry {
  uint16_t tag;
  std::vector<uint16_t> values;
};

// A TIFF file of one directory, its tags in ascending order, and behind its first eight bytes
// `pixels`, an even number of bytes.
inline std::string tiff_file(const std::vector<TiffEntry>& entries, const std::string& pixels = "",
                             bool little = true) {
  const auto number = [&](uint64_t value, size_t count) {
    return number_bytes(value, count, little);
  };
  std::string body = number(entries.size(), 2), spill;
  const size_t end = 8 + pixels.size() + 2 + 12 * entries.size() + 4;
  for (const auto& [tag, values] : entries) {
    std::string raw;
    for (const auto value : values) raw += number(value, 2);
    body += number(tag, 2) + number(3, 2) + number(values.size(), 4);
    if (raw.size() <= 4) {
      raw.resize(4);
      body += raw;
    } else {
      body += number(end + spill.size(), 4);
      spill += raw;
    }
  }
  return (little ? "II" : "MM") + number(42, 2) + number(8 + pixels.size(), 4) + pixels + body +
         number(0, 4) + spill;
}

// A TIFF of one strip. `format`: 1 unsigned, 2 signed, 3 floating point numbers of `bits` bits.
inline std::string tiff_picture(int width, int height, int channels, int bits, int format,
                                const std::string& pixels, std::vector<TiffEntry> more = {}) {
  const auto each = [&](int value) {
    return std::vector<uint16_t>(static_cast<size_t>(channels), static_cast<uint16_t>(value));
  };
  std::vector<TiffEntry> entries = {{256, {static_cast<uint16_t>(width)}},
                                    {257, {static_cast<uint16_t>(height)}},
                                    {258, each(bits)},
                                    {259, {1}},
                                    {262, {static_cast<uint16_t>(channels == 1 ? 1 : 2)}},
                                    {273, {8}}};
  entries.insert(entries.end(), more.begin(), more.end());
  entries.push_back({277, {static_cast<uint16_t>(channels)}});
  entries.push_back({278, {static_cast<uint16_t>(height)}});
  entries.push_back({279, {static_cast<uint16_t>(pixels.size())}});
  entries.push_back({339, each(format)});
  return tiff_file(entries, pixels);
}

inline std::string exif_data(int orientation, bool little = true) {
  return tiff_file({{0x0112, {static_cast<uint16_t>(orientation)}}}, "", little);
}

// The JPEG with EXIF data in front of its other segments.
inline std::string jpeg_with_exif(std::string jpeg, const std::string& exif) {
  const std::string data = std::string("Exif\0\0", 6) + exif;
  return jpeg.insert(2, "\xff\xe1" + number_bytes(data.size() + 2, 2, false) + data);
}

// The PNG with EXIF data behind its header.
inline std::string png_with_exif(std::string png, const std::string& exif) {
  return png.insert(8 + 25, png_chunk("eXIf", exif));
}

}  // namespace tasuki::testing
