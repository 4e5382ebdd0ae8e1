// The entry that libFuzzer looks for, over the target that the build names.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tasuki::fuzz::TASUKI_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
