#include "tasuki/config/outline.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include "tasuki/config/parse.h"
#include "tests/core/config/config_files.h"

namespace tasuki::test {
namespace {

using google::protobuf::TextFormat;

std::string place_of(const std::string& text, Position position) {
  return place_at(outline(text), position, {Config::descriptor(), ""}).path;
}

// Kind and path of the first fault before the end of a text.
std::string fault_in(const std::string& text, int deepest = kDeepestNesting) {
  static const std::vector<std::string> kinds = {"none",  "unknown field", "unknown value",
                                                 "twice", "alternative",   "deep"};
  const auto fault = find_fault(outline(text), {100, 0}, {Config::descriptor(), ""}, deepest);
  if (fault.kind == Fault::Kind::kNone) return "";
  return kinds[size_t(fault.kind)] + " " + fault.place.path;
}

class Outline : public ConfigFiles {};

TEST_F(Outline, TellsWhichFieldIsAtAPlace) {
  const std::string text =
      "model { task { name: \"a\" loss_scale: 2 } encoder { [test/Net] { depth: 3 } } }";
  EXPECT_EQ(place_of(text, {0, 31}), "model.task[a].loss_scale");
  EXPECT_EQ(place_of(text, {0, 70}), "model.encoder.depth");
}

TEST_F(Outline, FindsWhatTypesForbid) {
  EXPECT_EQ(fault_in("train { epochs: 1 seed: 2 hook { name: 'a' } hook { name: 'a' } }"), "");
  EXPECT_EQ(fault_in("train { epoch: 1 }"), "unknown field train.epoch");
  EXPECT_EQ(fault_in("train { epochs: 1 seed: 2 epochs: 1 }"), "twice train.epochs");
  EXPECT_EQ(fault_in("train { clip_per: HALF }"), "unknown value train.clip_per");
  EXPECT_EQ(fault_in("train { clip_per: PART no_decay: [BIAS, NORMS] }"),
            "unknown value train.no_decay");
  EXPECT_EQ(fault_in("train { clip_per: 1 }"), "");
  EXPECT_EQ(fault_in("train { clip_per: 7 }"), "unknown value train.clip_per");
  EXPECT_EQ(fault_in("train { epochs: [1, 2] }"), "") << "that is for the parser to say";
  EXPECT_EQ(fault_in("model { encoder { [test/Net] {} [test/Net] {} } }"), "twice model.encoder");
  EXPECT_EQ(fault_in("model { encoder { [test/Net] { groups: 1 batch { x: 1 } } } }"),
            "alternative model.encoder.batch");
  EXPECT_EQ(fault_in("model { encoder { [test/Net] { dept: 1 } } }"),
            "unknown field model.encoder.dept");
  EXPECT_EQ(fault_in("model { task { name: 'a' } }", 1), "deep model.task[a]");
  EXPECT_EQ(fault_in("model { task { name: 'a' } }", 2), "");
}

TEST_F(Outline, LooksNoFurtherThanTheParserDid) {
  const std::string text = "train { epochs: 1 }\nmodel { wrong: 1 }";
  const auto kind = [&](Position stop) {
    return find_fault(outline(text), stop, {Config::descriptor(), ""}, kDeepestNesting).kind;
  };
  EXPECT_EQ(kind({1, 0}), Fault::Kind::kNone);
  EXPECT_EQ(kind({1, 20}), Fault::Kind::kUnknownField);
}

// Why there is an outline beside protobuf's own positions.
TEST_F(Outline, KnowsWhatProtobufsPositionsDoNot) {
  const auto* train = Config::descriptor()->FindFieldByName("train");
  const auto* epochs = Train::descriptor()->FindFieldByName("epochs");
  const auto parse = [](const std::string& text, TextFormat::ParseInfoTree& tree) {
    TextFormat::Parser parser;
    class Silent : public google::protobuf::io::ErrorCollector {
      void AddError(int, google::protobuf::io::ColumnNumber, const std::string&) override {}
    } silent;
    parser.RecordErrorsTo(&silent);
    parser.WriteLocationsTo(&tree);
    Config config;
    return parser.ParseFromString(text, &config);
  };
  const std::string text = "train { epochs: 1 seed: x }";
  TextFormat::ParseInfoTree broken;
  EXPECT_FALSE(parse(text, broken));
  const auto* inside = broken.GetTreeForNested(train, -1);
  ASSERT_NE(inside, nullptr);
  EXPECT_EQ(inside->GetLocation(epochs, -1).column, 8) << "what was read to its end is known";
  EXPECT_EQ(inside->GetLocation(Train::descriptor()->FindFieldByName("seed"), -1).line, -1)
      << "the field with the mistake is not";
  EXPECT_EQ(broken.GetLocation(train, -1).line, -1) << "nor is what is around it";
  EXPECT_EQ(place_of(text, {0, 24}), "train.seed");
}

}  // namespace
}  // namespace tasuki::test
