// libFuzzer's mutations, with the checksums of a PNG's chunks made right afterwards: libpng refuses
// wrong ones, and hardly any mutation would get past that. One in eight stays as it is.
#include <boost/crc.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace {

constexpr size_t kMagic = 8, kAroundData = 12;  // length, type, checksum

uint32_t big_endian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

void mend_checksums(uint8_t* data, size_t size) {
  for (size_t at = kMagic; at <= size && size - at >= kAroundData;) {
    const size_t length = big_endian(data + at);
    if (length > size - at - kAroundData) return;
    boost::crc_32_type checksum;
    checksum.process_bytes(data + at + 4, length + 4);
    uint8_t* end = data + at + 8 + length;
    for (int i = 0; i < 4; ++i) end[i] = static_cast<uint8_t>(checksum.checksum() >> (24 - 8 * i));
    at += length + kAroundData;
  }
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  size = LLVMFuzzerMutate(data, size, max_size);
  if (seed % 8 != 0 && size > kMagic && std::memcmp(data, "\x89PNG", 4) == 0) {
    mend_checksums(data, size);
  }
  return size;
}
