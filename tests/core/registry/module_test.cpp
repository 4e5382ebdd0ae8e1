// Modules that must not be loaded, and manifests that must not be believed.
#include <cstdlib>

#include "tasuki/data/field_kind.h"
#include "tasuki/registry/registry.h"
#include "tasuki/stamp.h"
#include "tests/core/registry/module_files.h"

namespace tasuki::test {
namespace {

using ::testing::HasSubstr;

class HostileModuleTest : public ModuleTest {
 protected:
  // The Error of announcing and loading the module; none of its code has run then.
  static std::string refusal(const std::filesystem::path& library) {
    Registry registry;
    const auto message = plugin_error([&] {
      registry.add_module(library);
      registry.find("test/first");
    });
    EXPECT_FALSE(is_mapped(library)) << message;
    EXPECT_THAT(message, HasSubstr(library.string()));
    return message;
  }
};

constexpr const char* kNotDescribed = "the file is not the one that its manifest describes";

TEST_F(HostileModuleTest, AnotherStampIsRefusedWithBoth) {
  const auto library = copy("test_kinds");
  const std::string other = "tasuki 9.9.9, libtorch 4.0.0, protobuf 1.0, GNU 99, cxx11 abi 0";
  change_manifest(library, [&](Manifest& manifest) { manifest.set_stamp(other); });
  const auto message = refusal(library);
  EXPECT_THAT(message, HasSubstr("module: " + other));
  EXPECT_THAT(message, HasSubstr(std::string("this program: ") + kStamp));
  EXPECT_THAT(message, HasSubstr("rebuild"));
}

TEST_F(HostileModuleTest, AMissingManifestIsNamed) {
  const auto library = copy("test_kinds");
  std::filesystem::remove(manifest_path(library));
  EXPECT_THAT(refusal(library), HasSubstr(manifest_path(library).string() + " is missing"));
}

TEST_F(HostileModuleTest, ADamagedManifestIsNamed) {
  const auto library = copy("test_kinds");
  const auto manifest = manifest_path(library);
  const std::string whole = read_bytes(manifest);
  const std::string damaged[] = {whole.substr(0, whole.size() - 3), whole + "surplus: 1\n",
                                 std::string("\x00\xff\x7f"
                                             "ELF",
                                             6),
                                 whole + "#" + std::string(2 << 20, 'x')};
  for (const auto& bytes : damaged) {
    write_bytes(manifest, bytes);
    EXPECT_THAT(refusal(library), HasSubstr("its manifest " + manifest.string() + " is damaged"));
  }
}

TEST_F(HostileModuleTest, AnEmptyManifestHasNoStamp) {
  const auto library = copy("test_kinds");
  write_bytes(manifest_path(library), "");
  EXPECT_THAT(refusal(library), HasSubstr("built for another Tasuki"));
}

TEST_F(HostileModuleTest, ATruncatedModuleIsRefused) {
  const auto library = copy("test_kinds");
  const std::string whole = read_bytes(library);
  for (const size_t size : {size_t{0}, size_t{4}, size_t{64}, whole.size() / 2, whole.size() - 1}) {
    write_bytes(library, whole.substr(0, size));
    EXPECT_THAT(refusal(library), HasSubstr(kNotDescribed)) << size << " bytes";
  }
}

TEST_F(HostileModuleTest, ASingleFlippedBitIsFound) {
  const auto library = copy("test_kinds");
  const std::string whole = read_bytes(library);
  for (int i = 0; i < 16; ++i) {
    std::string bytes = whole;
    bytes[whole.size() * i / 16 + i] ^= static_cast<char>(1 << (i % 8));
    write_bytes(library, bytes);
    EXPECT_THAT(refusal(library), HasSubstr(kNotDescribed)) << "flip " << i;
  }
}

TEST_F(HostileModuleTest, AStrippedModuleIsRefused) {
  const auto library = copy("test_kinds");
  const std::string command = std::string(TASUKI_STRIP) + " -s " + library.string();
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_THAT(refusal(library), HasSubstr("stripped"));
}

TEST_F(HostileModuleTest, WhatIsNoLibraryCanNotBeLoaded) {
  const auto library = copy("test_kinds");
  write_bytes(library, "not a library at all\n");
  describe_bytes(library);
  EXPECT_THAT(refusal(library), HasSubstr("can't be loaded"));
}

TEST_F(HostileModuleTest, AManifestThatListsANameTwiceIsRefused) {
  const auto library = copy("test_kinds");
  change_manifest(library, [](Manifest& manifest) { *manifest.add_entry() = manifest.entry(0); });
  EXPECT_THAT(refusal(library), HasSubstr("the name test/first is already taken by itself"));
}

TEST_F(HostileModuleTest, AVanishedModuleIsAnError) {
  Registry registry;
  const auto library = copy("test_kinds");
  registry.add_module(library);
  std::filesystem::remove(library);
  EXPECT_THAT(plugin_error([&] { registry.find("test/first"); }), HasSubstr("can't be read"));
}

// Names that the module registers and its manifest does not list, and the other way round.
TEST_F(HostileModuleTest, OtherNamesThanTheManifestsAreAnError) {
  const std::function<void(Manifest&)> changes[] = {
      [](Manifest& manifest) { manifest.mutable_entry(1)->set_name("test/third"); },
      [](Manifest& manifest) { manifest.mutable_entry(1)->set_kind("Transform"); },
      [](Manifest& manifest) { manifest.mutable_entry()->RemoveLast(); },
      [](Manifest& manifest) {
        auto* entry = manifest.add_entry();
        entry->set_kind("FieldKind");
        entry->set_name("test/third");
      }};
  int number = 0;
  for (const auto& change : changes) {
    const auto library = copy("test_kinds", "changed" + std::to_string(number++));
    change_manifest(library, change);
    Registry registry;
    registry.add_module(library);
    for (int attempt = 0; attempt < 2; ++attempt) {
      EXPECT_THAT(plugin_error([&] { registry.find("test/first"); }),
                  HasSubstr("registers other names than its manifest says"));
    }
  }
}

TEST(FileCrc32, IsTheStandardOne) {
  const auto file =
      std::filesystem::temp_directory_path() / ("tasuki_crc_" + std::to_string(getpid()));
  write_bytes(file, "123456789");
  EXPECT_EQ(file_crc32(file), 0xCBF43926u);  // the check value of CRC-32/ISO-HDLC
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace tasuki::test
