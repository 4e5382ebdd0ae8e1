#pragma once

#include <filesystem>
#include <string>

#include "tasuki/registry/manifest.pb.h"

namespace tasuki {

// "libx.so" -> "libx.manifest.pbtxt", in the same folder.
std::filesystem::path manifest_path(const std::filesystem::path& library);

// Reads the manifest of `library`; none of the library's code runs. Error (kPlugin): the manifest
// is missing or damaged, or its stamp is not this program's (the message has both).
Manifest read_manifest(const std::filesystem::path& library);

// Error (kPlugin) unless the library's file has the size and CRC-32 of its manifest: a damaged,
// truncated or stripped file would crash the process when it is mapped.
void check_library(const std::filesystem::path& library, const Manifest& manifest);

// CRC-32 (ISO 3309) of a whole file.
uint32_t file_crc32(const std::filesystem::path& file);

}  // namespace tasuki
