#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tasuki {

// Keys of a pack's file.
inline constexpr const char* kPackVersionKey = "version";
inline constexpr const char* kPackHeaderKey = "header";
inline constexpr const char* kPackKindsKey = "kinds";
inline constexpr const char* kPackCompleteKey = "complete";

// Where a sample lies: the place of its PackHeader::Samples, and its index in them.
struct PackPlace {
  uint32_t samples = 0;
  uint64_t index = 0;

  bool operator==(const PackPlace&) const = default;
};
// Keys of samples are in the order of their places.
std::string pack_key(const PackPlace& place);
// The place of a sample's key; nothing for other keys.
std::optional<PackPlace> pack_place(std::string_view key);

// Bytes behind their checksum (XXH3, 64 bit), which the key is part of: neither a damaged value nor
// one under another key goes unseen.
std::string seal(std::string_view key, std::string_view bytes);
// The bytes again; nothing where the checksum is wrong.
std::optional<std::string_view> unseal(std::string_view key, std::string_view sealed);

}  // namespace tasuki
