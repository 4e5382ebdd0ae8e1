#include <cstring>

#include "tasuki/io/npy.h"
#include "tests/fuzz/target.h"

namespace tasuki::fuzz {
namespace {

bool same(const cv::Mat& a, const cv::Mat& b) {
  return a.type() == b.type() && a.size() == b.size() && a.isContinuous() && b.isContinuous() &&
         std::memcmp(a.data, b.data, a.total() * a.elemSize()) == 0;
}

}  // namespace

// One .npy file; what is read is written and read again.
void fuzz_npy(std::string_view bytes) {
  const auto file = write_input("input.npy", bytes);
  const auto value = answer_of(ErrorKind::kData, file, [&] { return read_npy(file); });
  if (!value) return;
  const auto written = folder() / "written.npy";
  write_npy(written, *value);
  require(same(*value, read_npy(written)), "what is written is read");
}

}  // namespace tasuki::fuzz
