#include "tasuki/config/writer.h"

#include "tests/core/config/config_files.h"

namespace tasuki::test {
namespace {

class Writer : public ConfigFiles {};

TEST_F(Writer, WritesWhatTheParserReads) {
  const std::string text = R"(name: "größer \"x\"\n"
model {
  encoder {
    [test/Net] {
      depth: 18
      pretrained: false
      rate: 0.1
      seal: "\001\377"
      size: LARGE
      width: [1, 0.333333343, inf]
      tag: ["a", "b"]
      stage {
        name: "a"
        block {
          [test/Flip] {
            probability: 0.5
          }
        }
      }
      inner {
        [test/Flip] {
        }
      }
      label_map { key: -1 value: 0 }
      label_map { key: 7 value: 8 }
      groups: 2
      sizes: [SMALL, LARGE]
      offset: -9223372036854775808
    }
  }
}
train {
  precision: PRECISION_AUTO
}
)";
  const auto config = parse_config(text, "text");
  EXPECT_EQ(config.given_text(), text);
  const auto again = parse_config(config.given_text(true), "text");
  EXPECT_EQ(again.given_text(), text);
  EXPECT_EQ(again.given().SerializeAsString(), config.given().SerializeAsString());
}

TEST_F(Writer, TellsOriginsOfValuesAndPlugins) {
  write("base.pbtxt", "model {\n encoder {\n [test/Net] { depth: 50 width: [1,\n2] } } }");
  write("a.pbtxt", "base: 'base.pbtxt'\ntrain { epochs: 3 }");
  EXPECT_EQ(load_config("a.pbtxt", {"model.encoder.rate=1"}).given_text(true),
            "model {\n"
            "  encoder {\n"
            "    [test/Net] {  # base.pbtxt:2\n"
            "      depth: 50  # base.pbtxt:3\n"
            "      rate: 1  # --set model.encoder.rate=1\n"
            "      width: [1, 2]  # base.pbtxt:3\n"
            "    }\n"
            "  }\n"
            "}\n"
            "train {\n"
            "  epochs: 3  # a.pbtxt:2\n"
            "}\n");
}

TEST_F(Writer, AnOriginOfSeveralLinesStaysAComment) {
  const auto config = parse_config("", "text", {"data.loader.workers=\n4\n", "name=a\nepochs: 1"});
  const auto again = parse_config(config.given_text(true), "text");
  EXPECT_EQ(again.given().SerializeAsString(), config.given().SerializeAsString());
}

}  // namespace
}  // namespace tasuki::test
