#include "tasuki/registry/registry.h"

#include <atomic>
#include <barrier>
#include <thread>

#include "tasuki/data/field_kind.h"
#include "tasuki/data/transform.h"
#include "tests/core/registry/module_files.h"

namespace tasuki::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class RegistryTest : public ModuleTest {};

TEST_F(RegistryTest, NamesAreKnownBeforeTheModuleIsLoaded) {
  Registry registry;
  const auto library = copy("test_kinds");
  registry.add_module(library);
  EXPECT_THAT(registry.names("FieldKind"), ElementsAre("test/first", "test/second"));
  EXPECT_THAT(registry.kinds(), ElementsAre("FieldKind"));
  EXPECT_THAT(registry.names("Task"), ElementsAre());
  EXPECT_FALSE(is_mapped(library));

  const auto& entry = registry.find("test/second", "FieldKind");
  EXPECT_TRUE(is_mapped(library));
  EXPECT_EQ(entry.name, "test/second");
  EXPECT_EQ(entry.kind, "FieldKind");
  EXPECT_EQ(entry.module, library);
}

TEST_F(RegistryTest, MakesWhatTheNameStandsFor) {
  Registry registry;
  registry.add_module(copy("test_kinds"));
  EXPECT_EQ(registry.create<FieldKind>("test/first")->invalid_value(), 1);
  EXPECT_EQ(registry.create<FieldKind>("test/second")->invalid_value(), 2);
}

// Eight threads that need a name of the same module at once: one of them loads it, all have it.
TEST_F(RegistryTest, AnyThreadFinds) {
  for (int round = 0; round < 20; ++round) {
    Registry registry;
    registry.add_module(copy("test_kinds", "round" + std::to_string(round)));
    std::barrier start(8);
    std::atomic<int> found = 0;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
          start.arrive_and_wait();
          try {
            found += registry.create<FieldKind>("test/second")->invalid_value() == 2 ? 1 : 0;
          } catch (const Error& error) {
            ADD_FAILURE() << error.what();
          }
        });
      }
    }
    EXPECT_EQ(found, 8);
  }
}

TEST_F(RegistryTest, LoadAllLoadsEveryModule) {
  Registry registry;
  const auto library = copy("test_kinds");
  registry.add_module(library);
  registry.load_all();
  EXPECT_TRUE(is_mapped(library));
}

TEST_F(RegistryTest, AFolderBringsItsModulesAndNothingElse) {
  Registry registry;
  copy("test_kinds");
  write_bytes(folder() / "no_module.so", "a library that has no manifest");
  write_bytes(folder() / "notes.txt", "");
  registry.add_folder(folder());
  EXPECT_THAT(registry.names("FieldKind"), ElementsAre("test/first", "test/second"));
}

TEST_F(RegistryTest, AMissingFolderOrFileIsNamed) {
  Registry registry;
  const std::string nowhere = folder() / "nowhere";
  EXPECT_THAT(plugin_error([&] { registry.add_folder(nowhere); }), HasSubstr(nowhere));
  EXPECT_THAT(plugin_error([&] { registry.add_module(nowhere + ".so"); }),
              HasSubstr(nowhere + ".so: there is no such file"));
}

TEST_F(RegistryTest, OneModuleByTwoPathsIsOneModule) {
  Registry registry;
  const auto library = copy("test_kinds");
  const auto link = folder() / "link.so";
  std::filesystem::create_symlink(library, link);
  registry.add_module(library);
  registry.add_module(library.parent_path() / "." / library.filename());
  registry.add_module(link);
  EXPECT_EQ(registry.names("FieldKind").size(), 2);
}

TEST_F(RegistryTest, AnUnknownNameListsTheKnownAndTheNearest) {
  Registry registry;
  registry.add_module(copy("test_kinds"));
  const auto message = plugin_error([&] { registry.find("test/frist", "FieldKind"); });
  EXPECT_THAT(message, HasSubstr("no FieldKind \"test/frist\" (did you mean \"test/first\"?)"));
  EXPECT_THAT(message, HasSubstr("known: test/first, test/second"));
  EXPECT_THAT(plugin_error([&] { registry.find("secnd"); }),
              HasSubstr("(did you mean \"test/second\"?)"));
  EXPECT_THAT(plugin_error([&] { registry.find("acme/Encoder", "FieldKind"); }),
              Not(HasSubstr("did you mean")));
}

TEST_F(RegistryTest, WhereNothingIsKnownItSaysWhereItLooked) {
  Registry registry;
  const auto message = [&] { return plugin_error([&] { registry.find("test/first", "Task"); }); };
  EXPECT_EQ(
      message(),
      "there is no Task \"test/first\"; no Task is known; no folder was searched for modules");
  registry.add_folder(folder());
  EXPECT_THAT(message(),
              HasSubstr("no Task is known; modules were looked for in " + folder().string()));
  EXPECT_THAT(plugin_error([&] { registry.find("test/first"); }),
              HasSubstr("there is no plugin \"test/first\"; no plugin is known; modules were"));
  const auto library = copy("test_kinds");
  registry.add_module(library);
  EXPECT_THAT(message(), HasSubstr("needed here; no Task is known; modules were looked for in " +
                                   folder().string() + ", " + library.string()));
}

TEST_F(RegistryTest, ANameOfAnotherKindIsRefusedWithBothKinds) {
  Registry registry;
  registry.add_module(copy("test_kinds"));
  EXPECT_THAT(plugin_error([&] { registry.find("test/first", "Task"); }),
              HasSubstr("\"test/first\" is of kind FieldKind, but the kind Task is needed here"));
}

TEST_F(RegistryTest, ATakenNameIsRefusedWithBothModules) {
  Registry registry;
  const auto first = copy("test_kinds");
  const auto twin = copy("test_twin");
  registry.add_module(first);
  EXPECT_EQ(plugin_error([&] { registry.add_module(twin); }),
            "module " + twin.string() + ": the name test/first is already taken by " +
                first.string() + "; leave one of the two out or rename it");
  EXPECT_FALSE(is_mapped(twin));
  // What was there goes on working.
  EXPECT_EQ(registry.create<FieldKind>("test/first")->invalid_value(), 1);
}

TEST_F(RegistryTest, ATakenProtoFileIsRefusedBeforeProtobufAborts) {
  Registry registry;
  const auto add_proto = [](Manifest& manifest) { manifest.add_proto_file("acme/shared.proto"); };
  const auto first = copy("test_kinds");
  const auto second = copy("test_twin");
  change_manifest(first, add_proto);
  change_manifest(second, [&](Manifest& manifest) {
    add_proto(manifest);
    manifest.mutable_entry(0)->set_name("test/other");
  });
  registry.add_module(first);
  const auto message = plugin_error([&] { registry.add_module(second); });
  EXPECT_THAT(message,
              HasSubstr("the .proto file acme/shared.proto is already taken by " + first.string()));
  EXPECT_FALSE(is_mapped(second));
}

TEST_F(RegistryTest, AProtoFileOfTheProgramIsTaken) {
  Registry registry;
  const auto library = copy("test_kinds");
  change_manifest(
      library, [](Manifest& manifest) { manifest.add_proto_file("tasuki/config/config.proto"); });
  // Names the file, so that it is linked in and its descriptors are in the pool.
  ASSERT_NE(Manifest::descriptor(), nullptr);
  EXPECT_THAT(plugin_error([&] { registry.add_module(library); }),
              HasSubstr("tasuki/config/config.proto is already taken by the program itself"));
}

TEST_F(RegistryTest, OptionsReachThePluginAndItsComplaintsNameTheField) {
  auto& registry = Registry::instance();  // a .proto file can be loaded once in a process
  registry.add_module(built_module("test_options"));
  google::protobuf::Any any;
  any.set_type_url("test/Scaled");
  any.set_value(std::string("\x08\x03", 2));  // field 1, varint 3
  Sample sample;
  FieldKind* kind = nullptr;
  sample.fields["image"] = {kind, cv::Mat(2, 2, CV_8UC1, cv::Scalar(5)), ""};
  cv::RNG random(1);
  registry.create<Transform>(any)->apply(sample, random);
  EXPECT_EQ(sample.fields["image"].value.at<uchar>(1, 1), 15);

  any.set_value(std::string("\x08\x00", 2));
  try {
    registry.create<Transform>(any);
    FAIL() << "factor 0 was taken";
  } catch (const OptionError& error) {
    EXPECT_EQ(error.field(), "factor");
    EXPECT_THAT(error.problem(), HasSubstr("leaves nothing"));
  }
  any.set_value("\xff");
  EXPECT_THAT(plugin_error([&] { registry.create<Transform>(any); }),
              HasSubstr("the options of \"test/Scaled\" are not a tasuki.test.options.Scaled"));
}

}  // namespace
}  // namespace tasuki::test
