#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <thread>

#include "tasuki/error/error.h"
#include "tasuki/loader/loader.h"
#include "tests/core/loader/fakes.h"

namespace {

// While it is set, no thread but the one with this name gets memory.
std::atomic<bool> memory_is_short{false};
std::atomic<size_t> refused{0};
const std::thread::id main_thread = std::this_thread::get_id();

}  // namespace

void* operator new(size_t size) {
  if (memory_is_short && std::this_thread::get_id() != main_thread) {
    ++refused;
    throw std::bad_alloc();
  }
  if (void* block = std::malloc(size == 0 ? 1 : size)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, size_t) noexcept {
  std::free(block);
}

namespace tasuki::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// An exception that leaves a thread ends the process.
TEST(Loader, MemoryThatIsShortForABatchIsAnErrorOfNext) {
  SampleSource::Options given;
  given.fields = kFields;
  const SampleSource source(std::make_shared<FakeDataset>(), "val", fake_pipeline(), given);
  Loader::Options options;
  options.batch_size = 2;
  options.workers = 1;
  Loader loader(source, options);
  refused = 0;
  memory_is_short = true;
  loader.start(0);
  while (refused == 0) std::this_thread::yield();
  memory_is_short = false;
  EXPECT_THAT([&] { loader.next(); },
              ThrowsMessage<Error>(
                  AllOf(HasSubstr("split val: a batch can't be begun"), HasSubstr("bad_alloc"))));
  size_t batches = 0;
  while (loader.next()) ++batches;
  EXPECT_EQ(batches, loader.batches());
}

}  // namespace
}  // namespace tasuki::testing
