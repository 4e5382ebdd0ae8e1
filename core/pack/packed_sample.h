#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tasuki/data/sample.h"

namespace tasuki {

// Field kinds by their registered names, and back: found once, so that threads need not ask the
// registry.
class FieldKindNames {
 public:
  // Error (kPlugin) for a name that is not registered.
  explicit FieldKindNames(const std::vector<std::string>& names);

  const std::string& name(const FieldKind* kind) const;
  const FieldKind* kind(const std::string& name) const;

 private:
  std::map<std::string, const FieldKind*> kinds_;
  std::map<const FieldKind*, std::string> names_;
};

// A sample as bytes, and from these bytes the same sample again, bit for bit: 4 bytes with the size
// of a PackedSample, the message, and the rows of all fields in the message's order. Class indices
// and other 32-bit integers that fit into 8 or 16 bits are stored so.
// Error (kUsage) for a field whose kind is not among `kinds`.
std::string encode_sample(const Sample& sample, const FieldKindNames& kinds);
// Error (kData) for bytes that are no sample, saying what is wrong.
Sample decode_sample(std::string_view bytes, const FieldKindNames& kinds);

}  // namespace tasuki
