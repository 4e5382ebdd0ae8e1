// Cases that end in every way there is: what test_main.cpp makes of them is what runner_test.sh
// looks at.
#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>

namespace {

TEST(Good, Passes) {}

TEST(Bad, Fails) {
  EXPECT_EQ(1, 2) << "the first reason";
  EXPECT_EQ(3, 4) << "the second reason";
}

TEST(Bad, Throws) {
  throw std::runtime_error("nobody catches this");
}

TEST(Skip, SaysWhy) {
  GTEST_SKIP() << "there is no such device";
}

TEST(Skip, FailsFirst) {
  ADD_FAILURE() << "a failure before the skip";
  GTEST_SKIP() << "too late";
}

TEST(Crash, Aborts) {
  std::abort();
}

}  // namespace
