#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace tasuki {

// An image to predict. Its results are called `id`: its path below the folder, without its ending.
struct InputImage {
  std::filesystem::path file;
  std::string id;
};

struct InputImages {
  std::vector<InputImage> images;  // in natural order of the ids
  // What was passed over, by the reason, in order: files, and folders that are not gone into.
  std::map<std::string, std::vector<std::filesystem::path>> skipped;
};

// The image itself, or those of a folder and of all folders below it, links followed. Hidden files
// and folders are passed over, and so are files without the ending of a picture and what tasuki
// wrote there. Error (kUsage) where there is no image, or where two have one id.
InputImages find_images(const std::filesystem::path& input);

// Whether the name ends as that of a picture, in letters of either case.
bool is_picture(const std::filesystem::path& file);

// "Skipped 12 that are hidden: a, b, ... and 2 more\n" for each reason.
std::string skipped_text(const InputImages& images);

}  // namespace tasuki
