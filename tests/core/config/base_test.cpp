#include <filesystem>

#include "tests/core/config/config_files.h"

namespace tasuki::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Base : public ConfigFiles {};

TEST_F(Base, PathsAreRelativeToTheFileThatNamesThem) {
  write("_base_/model.pbtxt", "base: 'deeper/train.pbtxt' name: 'm'");
  write("_base_/deeper/train.pbtxt", "train { epochs: 7 }");
  write("nyu/run.pbtxt", "base: '../_base_/model.pbtxt'");
  const auto config = load_config("nyu/run.pbtxt");
  EXPECT_EQ(flat(config), "name: \"m\" train { epochs: 7 }");
  EXPECT_EQ(config.origins().nearest("train.epochs")->file, "_base_/deeper/train.pbtxt");
}

TEST_F(Base, AnAbsolutePathIsTakenAsItIs) {
  write("a.pbtxt", "name: 'a'");
  const auto absolute = std::filesystem::absolute("a.pbtxt").string();
  write("b/b.pbtxt", "base: '" + absolute + "'");
  EXPECT_EQ(load_config("b/b.pbtxt").given().name(), "a");
}

TEST_F(Base, AMissingOneNamesWhoAsked) {
  write("sub/a.pbtxt", "\n  base: '../none.pbtxt'");
  EXPECT_EQ(load_error("sub/a.pbtxt"),
            "sub/a.pbtxt:2:3: base[0]: none.pbtxt: there is no such file");
}

TEST_F(Base, AMistakeInOneIsToldByItsOwnPlace) {
  write("base.pbtxt", "train {\n epoch: 1 }");
  write("a.pbtxt", "base: 'base.pbtxt'");
  EXPECT_THAT(load_error("a.pbtxt"), StartsWith("base.pbtxt:2:2: train.epoch: unknown field"));
}

TEST_F(Base, ACycleNamesItsLinks) {
  write("start.pbtxt", "base: 'a.pbtxt'");
  write("a.pbtxt", "base: 'sub/b.pbtxt'");
  write("sub/b.pbtxt", "name: 'b' base: '../a.pbtxt'");
  EXPECT_EQ(load_error("start.pbtxt"),
            "sub/b.pbtxt:1:11: base[0]: the bases form a cycle: a.pbtxt -> sub/b.pbtxt -> a.pbtxt");
  write("self.pbtxt", "base: 'self.pbtxt'");
  EXPECT_THAT(load_error("self.pbtxt"), HasSubstr("cycle: self.pbtxt -> self.pbtxt"));
}

TEST_F(Base, ACycleThroughALinkIsFoundToo) {
  write("a.pbtxt", "base: 'link.pbtxt'");
  std::filesystem::create_symlink("a.pbtxt", "link.pbtxt");
  EXPECT_THAT(load_error("a.pbtxt"), HasSubstr("cycle"));
}

TEST_F(Base, ADiamondIsFine) {
  write("top.pbtxt", "train { epochs: 1 seed: 1 }");
  write("left.pbtxt", "base: 'top.pbtxt' train { epochs: 2 }");
  write("right.pbtxt", "base: 'top.pbtxt' train { threads: 3 }");
  write("a.pbtxt", "base: ['left.pbtxt', 'right.pbtxt']");
  EXPECT_EQ(flat(load_config("a.pbtxt")), "train { epochs: 1 seed: 1 threads: 3 }");
}

TEST_F(Base, DiamondsOnDiamondsAreReadOnce) {
  write("0.pbtxt", "name: 'x'");
  for (int i = 1; i < 40; ++i) {
    const std::string below = "'" + std::to_string(i - 1) + ".pbtxt'";
    write(std::to_string(i) + ".pbtxt", "base: [" + below + ", " + below + "]");
  }
  EXPECT_EQ(load_config("39.pbtxt").given().name(), "x");
}

TEST_F(Base, AnEndlessChainIsCut) {
  for (int i = 0; i < 100; ++i) {
    write(std::to_string(i) + ".pbtxt", "base: '" + std::to_string(i + 1) + ".pbtxt'");
  }
  EXPECT_THAT(load_error("0.pbtxt"), StartsWith("63.pbtxt:1:1: base[0]: more than 64 configs"));
}

TEST_F(Base, NothingOfBasesIsLeftInTheResult) {
  write("base.pbtxt", "train { epochs: 1 seed: 2 }");
  write("a.pbtxt", "base: 'base.pbtxt' remove: 'train.seed'");
  const auto config = load_config("a.pbtxt");
  EXPECT_EQ(flat(config), "train { epochs: 1 }");
  for (const auto& [path, origin] : config.origins().by_path()) {
    EXPECT_THAT(path, StartsWith("train"));
  }
}

TEST_F(Base, ATextsBasesAreRelativeToTheWorkingFolder) {
  write("base.pbtxt", "name: 'x'");
  EXPECT_EQ(parse_config("base: 'base.pbtxt'", "elsewhere/text").given().name(), "x");
}

}  // namespace
}  // namespace tasuki::test
