#pragma once

#include <filesystem>

#include "tasuki/pack/lmdb_file.h"

namespace tasuki {

// LMDB trusts its pages: a damaged one in its tree may end the process. So a file that is written
// no more gets an end of its own behind the last page, which LMDB does not look at: which pages
// hold the tree, and one checksum of all of them (XXH3). Values of a page or more are not part of
// it; they have checksums of their own.

// Puts the end in place of whatever is behind the last page, and on the disk. Error (kRun).
void append_page_seal(const std::filesystem::path& path, const LmdbFile::Layout& layout);

// Error (kData) where a file that LMDB might open has no such end, or its checksum is wrong.
void check_page_seal(const std::filesystem::path& path);

}  // namespace tasuki
