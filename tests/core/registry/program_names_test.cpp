// What a program registers itself, without a module.
#include <dlfcn.h>

#include <cstdlib>
#include <iostream>

#include "tasuki/data/field_kind.h"
#include "tasuki/registry/registry.h"
#include "tests/core/registry/module_files.h"
#include "tests/core/registry/modules/constant_kind.h"

namespace tasuki::test {

TASUKI_REGISTER(FieldKind, ConstantKind<5>, google::protobuf::Empty, "acme/own");
TASUKI_REGISTER(FieldKind, ConstantKind<6>, google::protobuf::Empty, "acme/twice");
TASUKI_REGISTER(FieldKind, ConstantKind<7>, google::protobuf::Empty, "acme/twice");
TASUKI_REGISTER(FieldKind, ConstantKind<8>, google::protobuf::Empty, "test/second");

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ProgramNames : public ModuleTest {};

TEST_F(ProgramNames, EveryRegistryKnowsThem) {
  for (int i = 0; i < 2; ++i) {
    Registry registry;
    EXPECT_THAT(registry.names("FieldKind"), ElementsAre("acme/own", "acme/twice", "test/second"));
    EXPECT_THAT(registry.names("Task"), ElementsAre());
    EXPECT_THAT(registry.kinds(), ElementsAre("FieldKind"));
    EXPECT_TRUE(registry.knows("acme/own"));
    EXPECT_EQ(registry.create<FieldKind>("acme/own")->invalid_value(), 5);
    EXPECT_EQ(registry.find("acme/own").module, "");
  }
}

TEST_F(ProgramNames, AreFoundBesideThoseOfModules) {
  Registry registry;
  registry.add_module(copy("test_options"));
  EXPECT_THAT(registry.kinds(), ElementsAre("FieldKind", "Transform"));
  EXPECT_NO_THROW(registry.find("test/Scaled", "Transform"));
  EXPECT_EQ(registry.create<FieldKind>("acme/own")->invalid_value(), 5);
}

TEST_F(ProgramNames, AnUnknownNameIsComparedWithThem) {
  Registry registry;
  EXPECT_THAT(plugin_error([&] { registry.find("acme/owm", "FieldKind"); }),
              HasSubstr("did you mean \"acme/own\"?"));
}

TEST_F(ProgramNames, OneThatIsThereTwiceIsAnErrorWhereItIsAskedFor) {
  Registry registry;
  EXPECT_THAT(plugin_error([&] { registry.find("acme/twice"); }),
              HasSubstr("the program registers the name acme/twice twice"));
}

TEST_F(ProgramNames, AModuleCannotTakeThem) {
  Registry registry;
  const auto library = copy("test_kinds");
  EXPECT_THAT(plugin_error([&] { registry.add_module(library); }),
              HasSubstr(library.string() +
                        ": the name test/second is already taken by the program itself"));
  EXPECT_FALSE(is_mapped(library));
}

// A library that the program opens by itself counts as the program; a process of its own, since
// nothing closes it again.
TEST_F(ProgramNames, OneOfALibraryOpenedLaterCannotTakeAModules) {
  const auto use = [this] {
    Registry registry;
    registry.add_module(copy("test_twin"));
    ASSERT_NE(dlopen(built_module("test_twin").c_str(), RTLD_NOW), nullptr) << dlerror();
    const auto message = plugin_error([&] { registry.find("test/first"); });
    const int value = int(Registry().create<FieldKind>("test/first")->invalid_value());
    std::cerr << message << "; made " << value << "\n";
    std::_Exit(testing::Test::HasFailure() ? 1 : 0);
  };
  EXPECT_EXIT(use(), testing::ExitedWithCode(0),
              "the name test/first is already taken by the program itself; .*; made 3");
}

}  // namespace
}  // namespace tasuki::test
