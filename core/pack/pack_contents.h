#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tasuki/io/id_list.h"
#include "tasuki/pack/lmdb_file.h"
#include "tasuki/pack/pack.pb.h"

namespace tasuki {

// What a pack is made of: the header of its file, and the ids, which may be many, apart from it.
struct PackContents {
  PackHeader header;        // its samples have no ids
  std::vector<IdList> ids;  // of each of the header's samples

  PackContents() = default;
  // The two of a header with ids: implicit, it says the same.
  PackContents(PackHeader whole);
  // The header with the ids in it.
  PackHeader whole() const;
  // Samples of all lists together.
  size_t samples() const;
};

// Whether a file of LMDB has the version of a pack, which may be incomplete; false where it has
// nothing. Error (kData) for a file that is no pack, or a pack of another version.
bool has_pack_version(const LmdbFile& file, const std::filesystem::path& path);
// What such a pack is made of; nothing where it has no version. Error (kData) as above, and for a
// damaged header.
std::optional<PackContents> read_pack_contents(const LmdbFile& file,
                                               const std::filesystem::path& path);
// The texts of a header that an earlier version may have written, as this one writes them.
void complete_plugins(PackHeader& header);

// What is different between two packs, "" when nothing is: "line 4 of data.dataset was ... and now
// is ...", "split val had 100 samples and now has 120". `parts` says how much of them counts.
enum class PackParts {
  kConfig,  // the data set and the prefixes of the pipelines
  kAll,     // also the splits, their ids and the names of classes
};
std::string pack_change(const PackContents& kept, const PackContents& asked, PackParts parts);

}  // namespace tasuki
