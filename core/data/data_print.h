#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tasuki/data/dataset.h"

namespace tasuki {

// What a split of a data set held: enough to see that it is another one now.
struct SplitPrint {
  std::string split;
  size_t samples = 0;
  uint32_t ids_crc32 = 0;      // of the sample ids in order, each ended by a line feed
  uint32_t content_crc32 = 0;  // of some samples, or 0 where none was looked at

  bool operator==(const SplitPrint&) const = default;
};
void to_json(nlohmann::json& out, const SplitPrint& print);
// nlohmann::json::exception where something is missing or of another type.
void from_json(const nlohmann::json& in, SplitPrint& print);

SplitPrint print_of(const std::string& split, const IdList& ids);
// Together with the contents of kPrintedSamples samples, spread evenly over the split (all of them
// where there are fewer): every field's name, size and values as they are loaded. A change of the
// others alone is not seen; reading a whole data set at each start would cost more than that is
// worth.
SplitPrint print_of(const std::string& split, const Dataset& dataset);
inline constexpr size_t kPrintedSamples = 16;

// "split train: 400 samples, now 380" for each split that is not what it was.
std::vector<std::string> data_changes(const std::vector<SplitPrint>& then,
                                      const std::vector<SplitPrint>& now);

}  // namespace tasuki
