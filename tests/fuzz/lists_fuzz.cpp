#include <algorithm>
#include <set>

#include "tasuki/io/csv_table.h"
#include "tasuki/io/id_list.h"
#include "tests/fuzz/target.h"

namespace tasuki::fuzz {
namespace {

void check_ids(std::vector<std::string> ids) {
  for (const auto& id : ids) {
    const auto path = (folder() / id).lexically_normal().string();
    require(!id.empty() && path.rfind(folder().string(), 0) == 0, "ids stay inside their folder");
  }
  require(std::set(ids.begin(), ids.end()).size() == ids.size(), "ids are unique");
  std::sort(ids.begin(), ids.end(), natural_less);
  for (size_t i = 1; i < ids.size(); ++i) {
    require(natural_less(ids[i - 1], ids[i]) && !natural_less(ids[i], ids[i - 1]),
            "natural order is total");
  }
}

}  // namespace

// One text, read as a list of ids and as a table.
void fuzz_lists(std::string_view bytes) {
  const auto file = write_input("input.txt", bytes);
  const auto ids = answer_of(ErrorKind::kData, file, [&] { return read_ids(file); });
  if (ids) check_ids({ids->begin(), ids->end()});
  const auto rows =
      answer_of(ErrorKind::kData, "line ", [&] { return csv_rows(std::string(bytes)); });
  for (size_t i = 1; rows && i < rows->size(); ++i) {
    require(rows->at(i).size() == rows->front().size(), "rows have the same number of cells");
  }
}

}  // namespace tasuki::fuzz
