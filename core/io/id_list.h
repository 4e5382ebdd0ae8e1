#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace tasuki {

// Ids of a text file in UTF-8, with or without a byte-order mark, one a line; blank lines and
// blanks at line ends don't count. Error (kData), with file and line, for an id that is given
// twice, leads out of its folder ("../x", "/x") or is of a hidden file ("a/.b/0", "._0").
std::vector<std::string> read_ids(const std::filesystem::path& file);

// Error (kData) for a list of two columns, such as VOC's lists of one class ("2008_000002 -1"): its
// first id has no file, and the first word of it has one. A file's name may have blanks.
void check_is_one_column(const std::filesystem::path& file, const std::vector<std::string>& ids,
                         const std::function<bool(const std::string&)>& has_file);

// Ids of all files below `folder` that end in `ending` (".png", "_depth.png"), whatever the case of
// its last part (0.JPG for ".jpg": see with_any_case), in natural order: numbers in names by their
// value, so that 9 comes before 10. Which files count, and errors: see files_below.
std::vector<std::string> find_ids(const std::filesystem::path& folder, const std::string& ending);

// Whether `a` comes before `b` in natural order. Names of equal numbers are ordered by their
// characters, so that two names are equal in order only where they are the same.
bool natural_less(const std::string& a, const std::string& b);

// The ids from one fraction of the list to another, in order: of the parts [a, b) and [b, c) none
// shares an id with the other, and none is left out between them.
std::vector<std::string> part_of(const std::vector<std::string>& ids, double from, double to);

// Where a list of `count` samples is cut so that its end, the fraction `held` of it, is held out;
// with `scene`, the name of a sample's scene by its place in the list, moved up to the next scene,
// so that none is on both sides.
size_t held_out_border(size_t count, double held,
                       const std::function<std::string(size_t)>& scene = nullptr);

}  // namespace tasuki
