#pragma once

#include <boost/crc.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tasuki::hooks {

// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of some bytes.
inline uint32_t crc32c(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

// As a TFRecord holds it, so that the checksum of bytes which hold checksums is one as well.
inline uint32_t masked_crc32c(std::string_view bytes) {
  const uint32_t crc = crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

// An integer's bytes, the lowest first.
template <class Integer>
std::string little_endian(Integer value) {
  std::string bytes;
  for (size_t i = 0; i < sizeof(Integer); ++i) bytes.push_back(char(value >> (8 * i) & 0xff));
  return bytes;
}

template <class Integer>
Integer from_little_endian(std::string_view bytes) {
  Integer value = 0;
  for (size_t i = 0; i < sizeof(Integer); ++i) value |= Integer(uint8_t(bytes[i])) << (8 * i);
  return value;
}

// A record of a TFRecord file: length (8 bytes), its masked CRC-32C (4), data, their masked CRC
// (4).
//
// Example:
//   file << framed("first") << framed("second");
inline std::string framed(std::string_view data) {
  const auto length = little_endian(uint64_t(data.size()));
  return length + little_endian(masked_crc32c(length)) + std::string(data) +
         little_endian(masked_crc32c(data));
}

struct Record {
  std::string_view data;
  size_t end = 0;  // where the next one begins
};

// The records of a file's bytes, which have to outlive them, up to the first that is damaged or was
// not written to its end.
inline std::vector<Record> read_records(std::string_view bytes) {
  constexpr size_t kHead = 12, kTail = 4;
  std::vector<Record> records;
  size_t at = 0;
  while (bytes.size() - at >= kHead + kTail) {
    const auto length_bytes = bytes.substr(at, 8);
    const auto length = from_little_endian<uint64_t>(length_bytes);
    const auto length_crc = from_little_endian<uint32_t>(bytes.substr(at + 8, 4));
    if (length_crc != masked_crc32c(length_bytes)) break;
    if (length > bytes.size() - at - kHead - kTail) break;
    const auto data = bytes.substr(at + kHead, length);
    const auto crc = from_little_endian<uint32_t>(bytes.substr(at + kHead + length, kTail));
    if (crc != masked_crc32c(data)) break;
    at += kHead + length + kTail;
    records.push_back({data, at});
  }
  return records;
}

}  // namespace tasuki::hooks
