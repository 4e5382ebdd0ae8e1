#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "tasuki/registry/registry.h"
#include "tasuki/system/process.h"

namespace {

// What ctest takes for "skipped" (tests/CMakeLists.txt).
constexpr int kSkipped = 77;

std::string full_name(const testing::TestInfo& test) {
  return std::string(test.test_suite_name()) + "." + test.name();
}

// What a program of many cases says last, so that nobody has to search for it: why each case that
// was skipped was skipped, and each failure again, with the command that runs its case alone.
class Summary : public testing::EmptyTestEventListener {
 public:
  explicit Summary(std::string program) : program_(std::move(program)) {}

  void OnTestProgramEnd(const testing::UnitTest& all) override {
    for_each_test(all, [](const testing::TestInfo& test) {
      if (!test.result()->Skipped()) return;
      for_each_message(test, [&](const testing::TestPartResult& part) {
        std::printf("skipped: %s: %s\n", full_name(test).c_str(), part.message());
      });
    });
    for_each_test(all, [this](const testing::TestInfo& test) {
      if (!test.result()->Failed()) return;
      std::printf("\nFAILED: %s\n", full_name(test).c_str());
      for_each_message(test, [](const testing::TestPartResult& part) {
        const char* file = part.file_name() == nullptr ? "unknown file" : part.file_name();
        std::printf("%s:%d: %s\n", file, part.line_number(), part.message());
      });
      std::printf("alone: %s --gtest_filter='%s'\n", program_.c_str(), full_name(test).c_str());
    });
    std::fflush(stdout);
  }

 private:
  template <typename Action>
  static void for_each_test(const testing::UnitTest& all, const Action& action) {
    for (int i = 0; i < all.total_test_suite_count(); ++i) {
      const auto& suite = *all.GetTestSuite(i);
      for (int j = 0; j < suite.total_test_count(); ++j) action(*suite.GetTestInfo(j));
    }
  }

  template <typename Action>
  static void for_each_message(const testing::TestInfo& test, const Action& action) {
    for (int i = 0; i < test.result()->total_part_count(); ++i) {
      const auto& part = test.result()->GetTestPartResult(i);
      if (!part.passed()) action(part);
    }
  }

  std::string program_;
};

}  // namespace

// The modules are announced before GoogleTest, which then asks for the names to run over.
int main(int argc, char** argv) {
  tasuki::set_up_process(argv);  // as in the program: quick allocations
  tasuki::Registry::instance().add_folder(TASUKI_TEST_PLUGINS);
  testing::InitGoogleTest(&argc, argv);
  auto& all = *testing::UnitTest::GetInstance();
  all.listeners().Append(new Summary(argv[0]));
  const int code = RUN_ALL_TESTS();
  return code == 0 && all.skipped_test_count() == all.test_to_run_count() ? kSkipped : code;
}
