#include <gtest/gtest.h>

#include "core/registry/registry.h"

// The modules are announced before GoogleTest, which then asks for the names to run over.
int main(int argc, char** argv) {
  tasuki::Registry::instance().add_folder(TASUKI_TEST_PLUGINS);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
