#include <gtest/gtest.h>

#include "core/registry/registry.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  tasuki::Registry::instance().add_folder(TASUKI_TEST_PLUGINS);
  return RUN_ALL_TESTS();
}
