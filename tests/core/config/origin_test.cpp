#include "tasuki/config/origin.h"

#include "tests/core/config/config_files.h"
#include "tests/core/config/modules/kinds.h"

namespace tasuki::test {
namespace {

using ::testing::HasSubstr;

class OriginOf : public ConfigFiles {
 protected:
  OriginOf() {
    write("base.pbtxt",
          "model {\n"
          "  encoder { [test/Net] {\n"
          "    depth: 50\n"
          "    stage { name: 'a' channels: 4 }\n"
          "  } }\n"
          "  task { name: 'seg'\n"
          "    loss_scale: 1 }\n"
          "}\n");
    write("a.pbtxt",
          "base: 'base.pbtxt'\n"
          "model { encoder { [test/Net] { rate: 1\n"
          "  stage { name: 'a' stride: 2 } } } }\n");
  }
  static std::string place(const ResolvedConfig& config, const std::string& path) {
    const auto* origin = config.origins().nearest(path);
    return origin == nullptr ? "" : origin->text();
  }
};

TEST_F(OriginOf, EachFieldIsItsOwn) {
  const auto config = load_config("a.pbtxt", {"model.encoder.stage[a].channels=8"});
  EXPECT_EQ(place(config, "model.encoder.depth"), "base.pbtxt:3:5");
  EXPECT_EQ(place(config, "model.encoder.rate"), "a.pbtxt:2:32");
  EXPECT_EQ(place(config, "model.encoder.stage[a].stride"), "a.pbtxt:3:21");
  EXPECT_EQ(place(config, "model.encoder.stage[a].name"), "a.pbtxt:3:11");
  EXPECT_EQ(place(config, "model.encoder.stage[a].channels"),
            "--set model.encoder.stage[a].channels=8");
  EXPECT_EQ(place(config, "model.task[seg].loss_scale"), "base.pbtxt:7:5");
}

TEST_F(OriginOf, AbsentFieldsHaveTheirNearestAncestors) {
  const auto config = load_config("a.pbtxt");
  EXPECT_EQ(place(config, "model.task[seg].decoder"), "base.pbtxt:6:3");
  EXPECT_EQ(place(config, "model.architecture"), "a.pbtxt:2:1");
  EXPECT_EQ(place(config, "train.epochs"), "");
}

TEST_F(OriginOf, ReplacedValuesLeaveNone) {
  write("b.pbtxt", "base: 'a.pbtxt' model { encoder { [test/OtherNet] {} } }");
  for (const auto& config :
       {load_config("b.pbtxt"), load_config("a.pbtxt", {"model.encoder=[test/Net]{}"})}) {
    EXPECT_EQ(config.origins().by_path().count("model.encoder.depth"), 0u);
    EXPECT_EQ(config.origins().by_path().count("model.encoder.stage[a].stride"), 0u);
  }
}

TEST_F(OriginOf, ErrorsTellPlacePathAndProblem) {
  const auto config = load_config("a.pbtxt", {"train.epochs=1"});
  const auto text = [&](const char* path) {
    return std::string(config.error(path, "is wrong").what());
  };
  EXPECT_EQ(text("model.encoder.depth"), "base.pbtxt:3:5: model.encoder.depth: is wrong");
  EXPECT_EQ(text("train.epochs"), "--set train.epochs=1: train.epochs: is wrong");
  EXPECT_EQ(text("data.dataset"), "a.pbtxt: data.dataset: is wrong");
  EXPECT_EQ(config.error("x", "y").kind(), ErrorKind::kUsage);
}

TEST_F(OriginOf, ElementsOfNamedListsAreFoundByPositionToo) {
  const auto config = load_config("a.pbtxt");
  EXPECT_EQ(std::string(config.error("model.encoder.stage[0].channels", "is wrong").what()),
            "base.pbtxt:4:23: model.encoder.stage[0].channels: is wrong");
}

TEST_F(OriginOf, APluginsOwnMistakesAreLocated) {
  const auto create = [](const ResolvedConfig& config) {
    config.create<Encoder>("model.encoder", config.message().model().encoder());
  };
  const auto message = [&](const ResolvedConfig& config) {
    try {
      create(config);
    } catch (const Error& failure) {
      return std::string(failure.what());
    }
    return std::string();
  };
  EXPECT_EQ(message(load_config("a.pbtxt")), "");
  EXPECT_EQ(message(load_config("a.pbtxt", {"model.encoder.depth=3"})),
            "--set model.encoder.depth=3: model.encoder.depth: must be even");
  write("b.pbtxt",
        "base: 'a.pbtxt'\nmodel { encoder { [test/Net] {\nstage { name: 'a'\nchannels: 13 }}}}");
  EXPECT_EQ(message(load_config("b.pbtxt")),
            "b.pbtxt:4:1: model.encoder.stage[0].channels: 13 brings no luck");
  EXPECT_THAT(message(parse_config("model {}", "text")),
              HasSubstr("text:1:1: model.encoder: no Encoder is named here"));
}

TEST_F(OriginOf, WhatAPluginFailsAtIsLocatedInTheFileThatNamesThePlugin) {
  write("lost.pbtxt", "name: 'lost'\nmodel { encoder { [test/Net] { tag: 'lost' } } }");
  write("top.pbtxt", "base: 'lost.pbtxt'\nname: 'top'");
  const auto config = load_config("top.pbtxt");
  try {
    config.create<Encoder>("model.encoder", config.message().model().encoder());
    FAIL() << "no error";
  } catch (const Error& failure) {
    EXPECT_EQ(std::string(failure.what()),
              "lost.pbtxt:2:9: model.encoder: net.pth: there is no such file");
    EXPECT_EQ(failure.kind(), ErrorKind::kData);
  }
}

TEST_F(OriginOf, AMovedListElementTakesItsFieldsAlong) {
  Origins origins;
  origins.set("a[1]", {"f", 1, 1});
  origins.set("a[1].b", {"f", 2, 1});
  origins.set("a[10].b", {"f", 3, 1});
  origins.set("a[0].old", {"f", 4, 1});
  origins.move("a[1]", "a[0]");
  EXPECT_EQ(origins.nearest("a[0].b")->line, 2);
  EXPECT_EQ(origins.nearest("a[0].old")->line, 1);
  EXPECT_EQ(origins.nearest("a[10].b")->line, 3);
  EXPECT_EQ(origins.nearest("a[1].b"), nullptr);
}

}  // namespace
}  // namespace tasuki::test
