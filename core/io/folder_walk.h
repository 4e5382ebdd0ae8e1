#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tasuki {

// All files below `folder`, by their paths relative to it, in no order. Links are followed, to
// files and to folders; one that leads nowhere counts as a file, so that whoever reads it says so.
// Names that begin with a dot are passed over: what a desktop or an editor keeps beside the files
// of its user (.DS_Store, ._0.jpg, .ipynb_checkpoints). Error (kData) names the folder that is
// missing or can't be read, and the link that leads back to a folder it lies in.
std::vector<std::string> files_below(const std::filesystem::path& folder);

// `path`; where there is no such file, the one whose ending differs from it in case alone (0.JPG
// for 0.jpg), if there is one.
std::filesystem::path with_any_case(const std::filesystem::path& path);

}  // namespace tasuki
