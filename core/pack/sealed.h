#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tasuki/pack/lmdb_file.h"

namespace tasuki {

// The formats that this program writes and reads: of a pack in one file, which a shard is too, and
// of the index of shards.
inline constexpr const char* kPackVersion = "tasuki-pack-1";
inline constexpr const char* kPackIndexVersion = "tasuki-pack-index-1";

// Keys of a pack's file.
inline constexpr const char* kPackVersionKey = "version";
inline constexpr const char* kPackHeaderKey = "header";
inline constexpr const char* kPackKindsKey = "kinds";
inline constexpr const char* kPackDigestKey = "digest";
inline constexpr const char* kPackCompleteKey = "complete";
// And of an index.
inline constexpr const char* kPackShardsKey = "shards";
std::string pack_ids_key(size_t shard);

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
// A message that was sealed under a key; nothing where there is none, or it is damaged.
template <class Message>
std::optional<Message> find_sealed(const LmdbFile& file, std::string_view key) {
  const auto sealed = file.find(key).value_or("");
  const auto bytes = unseal(key, sealed);
  Message message;
  if (!bytes || !message.ParseFromArray(bytes->data(), int(bytes->size()))) return {};
  return message;
}

// One checksum (XXH3) of the samples in a file, of their keys and own checksums in order: other
// samples have another one.
uint64_t pack_digest(const LmdbFile& file);
// 8 bytes, the highest first, and the number again.
std::string bytes_of(uint64_t number);
uint64_t number_of(std::string_view bytes);

}  // namespace tasuki
