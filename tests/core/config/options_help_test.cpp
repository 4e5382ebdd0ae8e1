#include "tasuki/config/options_help.h"

#include <algorithm>

#include "tests/core/config/config_files.h"

namespace tasuki::test {
namespace {

class OptionsHelp : public testing::Test {
 protected:
  OptionsHelp() {
    announce_test_plugins();
    entry_ = &Registry::instance().find("test/Net");
    fields_ = describe_options(*entry_->options->GetDescriptor(), entry_->module);
  }
  const OptionHelp& field(const std::string& name) const {
    return *std::find_if(fields_.begin(), fields_.end(),
                         [&](const OptionHelp& help) { return help.name == name; });
  }

  const RegistryEntry* entry_;
  std::vector<OptionHelp> fields_;
};

TEST_F(OptionsHelp, HasEveryFieldInItsOrder) {
  const auto* type = entry_->options->GetDescriptor();
  ASSERT_EQ(static_cast<int>(fields_.size()), type->field_count());
  for (int i = 0; i < type->field_count(); ++i) EXPECT_EQ(fields_[i].name, type->field(i)->name());
}

TEST_F(OptionsHelp, TellsTypes) {
  EXPECT_EQ(field("depth").type, "uint32");
  EXPECT_EQ(field("size").type, "enum {SMALL, MEDIUM, LARGE}");
  EXPECT_EQ(field("width").type, "repeated float");
  EXPECT_EQ(field("stage").type, "repeated message");
  EXPECT_EQ(field("inner").type, "plugin");
  EXPECT_EQ(field("label_map").type, "map<int32, int32>");
}

TEST_F(OptionsHelp, TellsCommentsBeforeAndBehindTheField) {
  EXPECT_EQ(field("depth").comment, "Number of layers.");
  EXPECT_EQ(field("rate").comment, "Dropped share.");
  EXPECT_EQ(field("size").comment, "SMALL: Fits everywhere.\nMEDIUM: Usual.");
  EXPECT_EQ(plugin_comment(*entry_->options->GetDescriptor(), entry_->module),
            "An encoder that takes everything a field can be. It is only read, never run.");
}

TEST_F(OptionsHelp, KeepsLinesThatAreSetInAndParagraphs) {
  EXPECT_EQ(field("width").comment,
            "Factors of the width, one a stage:\n"
            "  width_k  = factor_k\n"
            "             times the stem's\n"
            "A stage without one has that of the last.\n"
            "Never 0.");
}

TEST_F(OptionsHelp, TellsDefaultsRangesUnitsAndKinds) {
  EXPECT_EQ(field("depth").default_text, "50");
  EXPECT_EQ(field("rate").default_text, "0.5");
  EXPECT_EQ(field("width").default_text, "[1, 2, 4]");
  EXPECT_EQ(field("weights").default_text, "");
  EXPECT_EQ(field("inner").kind, "");
  EXPECT_EQ(field("encoder").kind, "Encoder");
  const auto& ranges = field("ranges").nested;
  ASSERT_EQ(ranges.size(), 7u);
  EXPECT_EQ(ranges[0].range, "at least 0 and below 1");
  EXPECT_EQ(ranges[1].default_text, "the image's");
  EXPECT_EQ(ranges[1].unit, "metres");
  EXPECT_EQ(ranges[2].range, "8 or 16");
  EXPECT_FALSE(ranges[5].required);
  EXPECT_TRUE(ranges[6].required);
}

TEST_F(OptionsHelp, GoesIntoMessagesButNotInCircles) {
  ASSERT_EQ(field("stage").nested.size(), 5u);
  EXPECT_EQ(field("stage").nested[1].default_text, "64");
  EXPECT_TRUE(field("nested").nested.empty());
  EXPECT_TRUE(field("inner").nested.empty());
}

TEST_F(OptionsHelp, WithoutTheFileOfCommentsThereAreNone) {
  const auto bare = describe_options(*entry_->options->GetDescriptor(), "/nowhere/x.so");
  ASSERT_EQ(bare.size(), fields_.size());
  for (size_t i = 0; i < bare.size(); ++i) {
    EXPECT_EQ(bare[i].type, fields_[i].type);
    EXPECT_EQ(bare[i].comment, "");
  }
}

TEST_F(OptionsHelp, CoreMessagesCanBeDescribedToo) {
  const auto help = describe_options(*Config::descriptor(), "/nowhere/core.so");
  EXPECT_EQ(help[0].name, "base");
}

}  // namespace
}  // namespace tasuki::test
