#include "tasuki/config/defaults.h"

#include "tasuki/config/completed_text.h"
#include "tasuki/config/field_schema.h"
#include "tests/core/config/config_files.h"

namespace tasuki::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Defaults : public ConfigFiles {
 protected:
  static const google::protobuf::FieldDescriptor* field(const std::string& name) {
    const auto* net = Registry::instance().find("test/Net").options->GetDescriptor();
    return net->FindFieldByName("ranges")->message_type()->FindFieldByName(name);
  }
};

std::string net(const std::string& options) {
  return "model { encoder { [test/Net] { " + options + " } } }";
}

TEST_F(Defaults, AreWrittenOutInsidePluginsToo) {
  const auto config = parse_config(net("stage { name: 'a' } ranges {}"), "text");
  EXPECT_EQ(encoder_text(config), "stage { name: \"a\" } ranges { }");
  EXPECT_EQ(one_line(*Registry::instance().unpack(config.message().model().encoder())),
            "depth: 50 rate: 0.5 width: 1 width: 2 width: 4 stage { name: \"a\" channels: 64 } "
            "ranges { share: 0.25 side: 8 word: \"this\" stage { channels: 64 } }");
  EXPECT_EQ(config.message().train().epochs(), 200u);
  EXPECT_TRUE(config.message().data().loader().has_batch_size());
  EXPECT_FALSE(config.message().data().loader().has_eval_batch_size()) << "it is batch_size";
}

TEST_F(Defaults, StandAgainstNothingThatIsGiven) {
  const auto text = net("depth: 0 rate: 0 width: 3 stage { name: 'a' channels: 0 }") +
                    " data { loader { drop_last: false } } train { clip_per: PART }";
  const auto config = parse_config(text, "text");
  for (const auto& part :
       {"depth: 0", "rate: 0", "width: [3]", "channels: 0", "drop_last: false", "clip_per: PART"}) {
    EXPECT_THAT(config.text(), HasSubstr(part));
  }
}

TEST_F(Defaults, OfABaseDoNotOverride) {
  write("low.pbtxt", "train { epochs: 3 }");
  write("high.pbtxt", "train { seed: 1 }");
  write("both.pbtxt", "base: 'low.pbtxt' base: 'high.pbtxt'");
  const auto both = load_config("both.pbtxt");
  EXPECT_EQ(both.message().train().epochs(), 3u);
  Config change;
  change.mutable_train()->set_seed(2);
  EXPECT_EQ(laid_over(both, change).message().train().epochs(), 3u);
  EXPECT_EQ(flat(laid_over(both, change)), "train { epochs: 3 seed: 2 }");
}

TEST_F(Defaults, AreThereAgainWhereAPathIsTakenOut) {
  EXPECT_EQ(parse_config("train { epochs: 3 }", "text").message().train().epochs(), 3u);
  Config change;
  change.add_remove("train.epochs");
  const auto less = laid_over(parse_config("train { epochs: 3 seed: 1 }", "text"), change);
  EXPECT_EQ(less.message().train().epochs(), 200u);
  EXPECT_FALSE(less.given().train().has_epochs());
}

TEST_F(Defaults, AreReadBackToTheSame) {
  const auto config = parse_config(net("stage { name: 'a' } ranges {}"), "text");
  const auto again = parse_config(config.text(), "text");
  EXPECT_EQ(again.text(), config.text());
  EXPECT_EQ(again.given_text(), config.text());
  EXPECT_EQ(again.message().SerializeAsString(), config.message().SerializeAsString());
}

TEST_F(Defaults, AreToldFromWhatAFileSets) {
  const auto text = parse_config(net("\ndepth: 18"), "text").text(true);
  EXPECT_THAT(text, HasSubstr("depth: 18  # text:2\n"));
  EXPECT_THAT(text, HasSubstr("rate: 0.5  # default\n"));
  EXPECT_THAT(text, HasSubstr("width: [1, 2, 4]  # default\n"));
  EXPECT_THAT(text, HasSubstr("epochs: 200  # default\n"));
}

TEST_F(Defaults, CompleteTextsThatWereKeptWithoutThem) {
  const auto config = parse_config(net("depth: 18"), "text");
  EXPECT_EQ(completed_config(config.given_text()), config.text());
  EXPECT_EQ(completed_config(config.text()), config.text());
  EXPECT_EQ(completed_plugins("model { encoder { [test/Flip] {} } }"),
            "model { encoder { [test/Flip] {} } }")
      << "a text that can't be read stays";
  const auto part = completed_plugins("data { eval_pipeline { [test/Flip] {} } }");
  EXPECT_THAT(part, HasSubstr("probability: 0.5"));
  EXPECT_EQ(part.find("batch_size"), std::string::npos);
  EXPECT_EQ(completed_plugins("no config"), "no config");
}

TEST_F(Defaults, TellTextsOfDefaultsAndRanges) {
  EXPECT_EQ(default_text(field("share")), "0.25");
  EXPECT_EQ(default_text(field("word")), "\"this\"");
  EXPECT_EQ(default_text(field("length")), "the image's");
  EXPECT_EQ(default_text(field("offset")), "");
  EXPECT_EQ(range_text(field("share")), "at least 0 and below 1");
  EXPECT_EQ(range_text(field("length")), "above 0 (metres)");
  EXPECT_EQ(range_text(field("side")), "8 or 16");
  EXPECT_EQ(range_text(field("offset")), "-2 to 2 (pixels)");
  EXPECT_EQ(range_text(field("word")), "\"this\", \"that\" or \"other\"");
  EXPECT_EQ(range_text(field("file")), "");
}

TEST_F(Defaults, ValuesOutsideTheirRangeAreLocated) {
  const auto error = [](const std::string& ranges) {
    return parse_error("model { encoder { [test/Net] {\n ranges { " + ranges + " } } } }");
  };
  EXPECT_EQ(error("share: 1"),
            "text:2:11: model.encoder.ranges.share: must be at least 0 and below 1, not 1");
  EXPECT_THAT(error("share: nan"),
              HasSubstr("ranges.share: must be at least 0 and below 1, not nan"));
  EXPECT_THAT(error("share: -1e-9"), HasSubstr("ranges.share: must be"));
  EXPECT_THAT(error("length: 0"), HasSubstr("must be above 0 (metres), not 0"));
  EXPECT_THAT(error("length: inf"), HasSubstr("must be finite and above 0 (metres), not inf"));
  EXPECT_THAT(error("side: 9"), HasSubstr("must be 8 or 16, not 9"));
  EXPECT_THAT(error("offset: [0, 2, 3]"), StartsWith("text:2:"));
  EXPECT_THAT(error("offset: [0, 2, 3]"), HasSubstr("offset[2]: must be -2 to 2 (pixels), not 3"));
  EXPECT_THAT(error("word: 'thus'"), HasSubstr("(did you mean \"this\"?)"));
  EXPECT_THAT(error("share: 0 length: 1e-30 side: 16 offset: [-2, 2] word: 'that'"), IsEmpty());
  EXPECT_EQ(parse_error("", {"train.epochs=0"}),
            "--set train.epochs=0: train.epochs: must be at least 1 (epochs), not 0");
}

TEST_F(Defaults, WhatAPluginNeedsIsDemandedWhenItIsMade) {
  const auto without = parse_config(net("ranges {}"), "text");
  google::protobuf::Any any = without.given().model().encoder();
  try {
    Registry::instance().checked_options(any);
    FAIL() << "no error";
  } catch (const OptionError& wrong) {
    EXPECT_EQ(wrong.field(), "ranges.file");
    EXPECT_EQ(wrong.problem(), "is required");
  }
  any = parse_config(net("ranges { file: 'x' }"), "text").given().model().encoder();
  EXPECT_THAT(one_line(*Registry::instance().checked_options(any)), StartsWith("depth: 50"));
}

TEST_F(Defaults, PluginsInsideOptionsAreOfTheirFieldsKind) {
  EXPECT_THAT(parse_error(net("encoder { [test/Flip] {} }")),
              HasSubstr("model.encoder.encoder: \"test/Flip\" is of kind Transform, but the kind "
                        "Encoder is needed here"));
  EXPECT_THAT(parse_error(net("inner { [test/Flip] {} } encoder { [test/OtherNet] {} }")),
              IsEmpty());
}

}  // namespace
}  // namespace tasuki::test
