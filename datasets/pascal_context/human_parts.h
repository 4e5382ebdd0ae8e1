#pragma once

#include <map>
#include <string>
#include <vector>

#include "datasets/pascal_context/mat_file.h"

namespace tasuki::pascal_context {

// Parts of persons, grouped by parts.csv.
class HumanParts {
 public:
  // `count`: 1, 4, 6 or 14.
  explicit HumanParts(size_t count);

  // Background and the parts, by index.
  const std::vector<std::string>& names() const { return names_; }

  // CV_32SC1: the part of each pixel, 0 where there is none, a later one where they overlap; -1
  // everywhere where the list is empty. `size` is used then. Error (kData) for a part that has
  // another name than those of the table or another size than the first.
  cv::Mat labels(const std::vector<Part>& parts, cv::Size size) const;

 private:
  std::vector<std::string> names_;
  std::map<std::string, int> index_;  // by name in the files
};

}  // namespace tasuki::pascal_context
