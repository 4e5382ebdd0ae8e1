#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tasuki {

enum class TiffTag : uint16_t {
  kWidth = 256,
  kHeight = 257,
  kBits = 258,
  kCompression = 259,
  kOrientation = 274,
  kChannels = 277,
  kNumbers = 339,  // SampleFormat: 1 unsigned, 2 signed, 3 floating point
};

// The first directory of a TIFF file (TIFF 6.0, and BigTIFF), which is also what EXIF data are.
// `bytes` have to outlive it; nothing in them is trusted.
class TiffDirectory {
 public:
  explicit TiffDirectory(std::string_view bytes);

  bool is_tiff() const { return entry_size_ > 0; }
  // The first number of a tag of 16- or 32-bit integers; nothing where it isn't there.
  std::optional<uint64_t> value(TiffTag tag) const;
  // Where in the bytes that number lies.
  std::optional<size_t> place(TiffTag tag) const;

 private:
  std::optional<uint64_t> number(size_t at, size_t count) const;
  // Position of a tag's entry.
  std::optional<size_t> entry(TiffTag tag) const;

  std::string_view bytes_;
  bool little_ = true;
  size_t entry_size_ = 0;  // 12, or 20 in a BigTIFF; 0: no TIFF
  size_t offset_size_ = 4;
  size_t first_ = 0;  // entry
  uint64_t entries_ = 0;
};

}  // namespace tasuki
