#include "tasuki/config/parse.h"

#include "tasuki/config/config_file.h"
#include "tests/core/config/config_files.h"

namespace tasuki::test {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Parse : public ConfigFiles {};

TEST_F(Parse, WhatIsNotGivenStaysAbsent) {
  const auto config = parse_config("train { seed: 0 }", "text");
  EXPECT_TRUE(config.given().train().has_seed());
  EXPECT_FALSE(config.given().train().has_epochs());
  EXPECT_FALSE(config.given().has_model());
}

TEST_F(Parse, PluginsKeepTheirNameAndTypedOptions) {
  const auto config =
      parse_config("model { encoder { [test/Net] { depth: 18 stage { name: \"a\" } } } }", "text");
  EXPECT_EQ(config.given().model().encoder().type_url(), "test/Net");
  EXPECT_EQ(encoder_text(config), "depth: 18 stage { name: \"a\" }");
}

TEST_F(Parse, SameOptionsAreTheSameBytesWhateverTheirOrder) {
  const auto one = parse_config(
      "model { encoder { [test/Net] { label_map { key: 1 value: 5 } label_map { key: 2 value: 6 } "
      "label_map { key: 3 value: 7 } depth: 2 } } }",
      "text");
  const auto other = parse_config(
      "model { encoder { [test/Net] { depth: 2 label_map { key: 3 value: 7 } "
      "label_map { key: 2 value: 6 } label_map { key: 1 value: 5 } } } }",
      "text");
  EXPECT_EQ(one.given().SerializeAsString(), other.given().SerializeAsString());
}

TEST_F(Parse, ByteOrderMarkAndWindowsLineEndsAreFine) {
  EXPECT_EQ(parse_config("\xEF\xBB\xBFname: \"a\"\r\ntrain {\r\n  epochs: 3\r\n}\r\n", "text")
                .given()
                .train()
                .epochs(),
            3u);
  EXPECT_THAT(parse_error("name: \"a\"\r\ntrain {\r\n  epoch: 3\r\n}\r\n"),
              StartsWith("text:3:3: train.epoch: unknown field"));
}

TEST_F(Parse, MistakesAreFoundInListsWrittenWithBrackets) {
  EXPECT_THAT(parse_error("model { task: [{ name: \"a\" }, { name: \"b\" los_scale: 1 }] }"),
              StartsWith("text:1:43: model.task[b].los_scale: unknown field (did you mean "
                         "\"loss_scale\"?)"));
  EXPECT_THAT(parse_error("data { train_pipeline: [{ [test/Flip] {} }, { [test/Flp] {} }] }"),
              StartsWith("text:1:47: data.train_pipeline[1]: there is no Transform \"test/Flp\""));
}

TEST_F(Parse, AnUnknownNameListsPluginsOfItsKind) {
  const auto lists_encoders = [](const std::string& place) {
    return AllOf(StartsWith(place + ": there is no Encoder \"test/Nett\" (did you mean "
                                    "\"test/Net\"?); known: "),
                 HasSubstr("test/Net, test/OtherNet"), Not(HasSubstr("test/Flip")),
                 Not(HasSubstr("tasuki/SGD")));
  };
  EXPECT_THAT(parse_error("model { encoder { [test/Nett] {} } }"),
              lists_encoders("text:1:19: model.encoder"));
  // In a plugin's options, too, by the name of the field.
  EXPECT_THAT(parse_error("model { encoder { [test/Net] { encoder { [test/Nett] {} } } } }"),
              lists_encoders("text:1:42: model.encoder.encoder"));
  const std::string assignment = "model.encoder.encoder={[test/Nett] {}}";
  EXPECT_THAT(parse_error("model { encoder { [test/Net] {} } }", {assignment}),
              lists_encoders("--set " + assignment + ": model.encoder.encoder"));
  // A field that no config has may hold any kind.
  EXPECT_THAT(parse_error("model { encoder { [test/Net] { inner { [test/Nett] {} } } } }"),
              HasSubstr("there is no plugin \"test/Nett\""));
}

TEST_F(Parse, AMissingNameListsPluginsOfItsKind) {
  EXPECT_THAT(
      parse_error("train { optimizer {} }"),
      AllOf(StartsWith("text:1:9: train.optimizer: no Optimizer is named here; write [name] "
                       "{...}; known: "),
            HasSubstr("tasuki/SGD"), Not(HasSubstr("test/Net"))));
}

TEST_F(Parse, EveryPrefixOfAConfigIsReadOrRefusedInOrder) {
  const std::string text =
      "name: 'x' model { encoder { [test/Net] { width: [1, 2.5] seal: \"\\001\" size: LARGE inner "
      "{ [test/Flip] { probability: 1 } } } } task { name: \"a\" } } # end";
  for (size_t length = 0; length < text.size(); ++length) {
    const auto message = parse_error(text.substr(0, length));
    EXPECT_THAT(message, AnyOf("", StartsWith("text:1:"))) << length;
  }
  EXPECT_EQ(parse_error(text), "");
}

TEST_F(Parse, EveryChangedByteIsReadOrRefusedInOrder) {
  const std::string text =
      "model { encoder { [test/Net] { depth: 4 width: [1, 2] tag: 'a' } } task { name: 'b' } }";
  for (size_t at = 0; at < text.size(); ++at) {
    for (const char byte : std::string("\0\1\"{}[]#\\\n\x80\xFF", 12)) {
      std::string changed = text;
      changed[at] = byte;
      const auto message = parse_error(changed);
      EXPECT_THAT(message, AnyOf("", StartsWith("text:")));
    }
  }
}

std::string repeated(int count, const std::string& text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

std::string nest(int depth) {
  return "model { encoder { [test/Net] " + repeated(depth, "{ nested ") + "{ depth: 2 }" +
         repeated(depth, " }") + " } }";
}

TEST_F(Parse, NestingIsLimited) {
  EXPECT_EQ(parse_error(nest(50)), "");
  EXPECT_THAT(parse_error(nest(70)), HasSubstr("too deep"));
  EXPECT_THAT(parse_error(nest(100000)), HasSubstr("too deep"));
}

TEST_F(Parse, PluginsInPluginsAreLimitedToo) {
  const auto text = [](int depth) {
    return "model { encoder { " + repeated(depth, "[test/Net] { inner { ") + "[test/Net] {}" +
           repeated(depth, " } }") + " } }";
  };
  EXPECT_EQ(parse_error(text(20)), "");
  EXPECT_THAT(parse_error(text(5000)), HasSubstr("too deep"));
}

// Takes hours where each look-up of a name goes through all that were parsed before.
TEST_F(Parse, LongListsOfPluginsAreRead) {
  const int count = 100000;
  const auto config =
      parse_config("data { " + repeated(count, "train_pipeline { [test/Flip] {} } ") + "}", "text");
  EXPECT_EQ(config.given().data().train_pipeline_size(), count);
}

TEST_F(Parse, BytesThatAreNoTextAreNamedByLine) {
  EXPECT_EQ(parse_error("name: \"a\"\n# \xFF\n"),
            "text:2:1: this line is not UTF-8 text (or has a NUL byte)");
  EXPECT_EQ(parse_error(std::string("name: \"a\0b\"", 11)),
            "text:1:1: this line is not UTF-8 text (or has a NUL byte)");
}

TEST_F(Parse, EscapesCantSmuggleOtherBytesIntoStrings) {
  EXPECT_EQ(parse_error("name: \"\\377\""),
            "text:1:1: name: is not UTF-8 text (or has a NUL byte)");
  EXPECT_EQ(parse_error("base: \"a\\000b\""),
            "text:1:1: base[0]: is not UTF-8 text (or has a NUL byte)");
  EXPECT_THAT(parse_error("model { encoder { [test/Net] { weights: \"\\377\" } } }"),
              StartsWith("text:1:32: model.encoder.weights: is not UTF-8 text"));
  EXPECT_EQ(parse_error("model { encoder { [test/Net] { seal: \"\\377\\000\" } } }"), "");
}

TEST_F(Parse, AFileHasToBeAReadableFileOfBearableSize) {
  EXPECT_EQ(load_error("none.pbtxt"), "none.pbtxt: there is no such file");
  std::filesystem::create_directory("folder");
  EXPECT_EQ(load_error("folder"), "folder: is a folder, not a config");
  EXPECT_EQ(load_error("/dev/zero"), "/dev/zero: is no regular file");
  write("large.pbtxt", std::string(kLargestConfig + 1, '#'));
  EXPECT_THAT(load_error("large.pbtxt"), StartsWith("large.pbtxt: is larger than 16 MiB"));
  write("just.pbtxt", std::string(kLargestConfig, '#'));
  EXPECT_EQ(load_error("just.pbtxt"), "");
}

}  // namespace
}  // namespace tasuki::test
