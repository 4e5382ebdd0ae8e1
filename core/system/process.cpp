#include "tasuki/system/process.h"

#include <malloc.h>
#include <unistd.h>

#include <cstdlib>

#include "tasuki/io/atomic_file.h"

namespace tasuki {
namespace {

constexpr const char* kWaitPolicy = "OMP_WAIT_POLICY";
constexpr int kKeptBlock = 1 << 30;  // bytes: blocks up to here come from the heap, and stay there

}  // namespace

void set_up_process(char** argv) {
  if (std::getenv(kWaitPolicy) == nullptr && setenv(kWaitPolicy, "passive", 1) == 0) {
    execv("/proc/self/exe", argv);  // returns only when it fails; then threads spin, nothing worse
  }
  remove_temporary_files_on_signals();
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, kKeptBlock);
  mallopt(M_TRIM_THRESHOLD, kKeptBlock);
#endif
}

}  // namespace tasuki
