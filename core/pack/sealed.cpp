#include "tasuki/pack/sealed.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace tasuki {
namespace {

constexpr char kSampleKey = 's';
constexpr size_t kSampleKeyBytes = 1 + sizeof(uint32_t) + sizeof(uint64_t);

// Big endian, so that LMDB's order is the numbers'.
void append_number(std::string& key, uint64_t value, size_t bytes) {
  for (size_t i = bytes; i-- > 0;) key.push_back(char(value >> (8 * i)));
}

uint64_t number_at(std::string_view key, size_t begin, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = begin; i < begin + bytes; ++i) value = value << 8 | uint8_t(key[i]);
  return value;
}

// In its canonical order of bytes.
XXH64_canonical_t checksum_of(std::string_view key, std::string_view bytes) {
  const auto seed = XXH3_64bits(key.data(), key.size());
  XXH64_canonical_t sum;
  XXH64_canonicalFromHash(&sum, XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed));
  return sum;
}

}  // namespace

std::string pack_key(const PackPlace& place) {
  std::string key(1, kSampleKey);
  append_number(key, place.samples, sizeof(place.samples));
  append_number(key, place.index, sizeof(place.index));
  return key;
}

std::optional<PackPlace> pack_place(std::string_view key) {
  if (key.size() != kSampleKeyBytes || key[0] != kSampleKey) return {};
  return PackPlace{uint32_t(number_at(key, 1, sizeof(uint32_t))),
                   number_at(key, 1 + sizeof(uint32_t), sizeof(uint64_t))};
}

std::string pack_ids_key(size_t shard) {
  return "ids" + bytes_of(shard);
}

std::string bytes_of(uint64_t number) {
  std::string bytes;
  append_number(bytes, number, sizeof(number));
  return bytes;
}

uint64_t number_of(std::string_view bytes) {
  return number_at(bytes, 0, sizeof(uint64_t));
}

uint64_t pack_digest(const LmdbFile& file) {
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(),
                                                                              XXH3_freeState);
  XXH3_64bits_reset(state.get());
  file.for_each([&](std::string_view key, std::string_view value) {
    if (!pack_place(key)) return;
    XXH3_64bits_update(state.get(), key.data(), key.size());
    XXH3_64bits_update(state.get(), value.data(),
                       std::min(value.size(), sizeof(XXH64_canonical_t)));
  });
  return XXH3_64bits_digest(state.get());
}

std::string seal(std::string_view key, std::string_view bytes) {
  const auto sum = checksum_of(key, bytes);
  std::string sealed(sizeof(sum) + bytes.size(), '\0');
  std::memcpy(sealed.data(), &sum, sizeof(sum));
  std::memcpy(sealed.data() + sizeof(sum), bytes.data(), bytes.size());
  return sealed;
}

std::optional<std::string_view> unseal(std::string_view key, std::string_view sealed) {
  if (sealed.size() < sizeof(XXH64_canonical_t)) return {};
  const auto bytes = sealed.substr(sizeof(XXH64_canonical_t));
  const auto sum = checksum_of(key, bytes);
  if (std::memcmp(&sum, sealed.data(), sizeof(sum)) != 0) return {};
  return bytes;
}

}  // namespace tasuki
