#pragma once

#include <filesystem>
#include <string>

namespace tasuki {

// What libjpeg complains of while it decodes a JPEG file, "" for a sound one and for files of other
// formats. OpenCV shows the pictures of damaged files, with grey or smeared parts, as if they were
// sound. Error (kData) when the file can't be read.
std::string jpeg_damage(const std::filesystem::path& file);

}  // namespace tasuki
