#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "datasets/folder/folder.pb.h"

namespace tasuki::folder {

// Ids of a text file, one a line; blank lines and blanks at line ends don't count. Error (kData),
// with file and line, for an id that is given twice or leads out of its folder ("../x", "/x").
std::vector<std::string> read_ids(const std::filesystem::path& file);

// Ids of all files below `folder` that end in `extension`, sorted.
std::vector<std::string> find_ids(const std::filesystem::path& folder,
                                  const std::string& extension);

// The ids of a split in order, of which there is at least one. Splits [a, b) and [b, c) of one list
// share no id and leave none out.
std::vector<std::string> split_ids(const options::Folder::Split& split,
                                   const std::filesystem::path& root,
                                   const std::filesystem::path& image_folder,
                                   const std::string& image_extension);

}  // namespace tasuki::folder
