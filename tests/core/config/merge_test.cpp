#include "tasuki/config/writer.h"
#include "tests/core/config/config_files.h"

namespace tasuki::test {
namespace {

class Merge : public ConfigFiles {
 protected:
  // `child` laid over `base`.
  ResolvedConfig merged(const std::string& base, const std::string& child) const {
    write("base.pbtxt", base);
    write("child.pbtxt", "base: \"base.pbtxt\"\n" + child);
    return load_config("child.pbtxt");
  }
  // The same inside an encoder's options.
  std::string merged_options(const std::string& base, const std::string& child) const {
    return encoder_text(merged("model { encoder { [test/Net] { " + base + " } } }",
                               "model { encoder { [test/Net] { " + child + " } } }"));
  }
};

TEST_F(Merge, ScalarsReplaceAndTheRestStays) {
  EXPECT_EQ(flat(merged("train { epochs: 3 seed: 4 }", "train { epochs: 5 }")),
            "train { epochs: 5 seed: 4 }");
}

TEST_F(Merge, ZeroAndFalseOverride) {
  EXPECT_EQ(flat(merged("train { warmup_steps: 3 channels_last: true }",
                        "train { warmup_steps: 0 channels_last: false }")),
            "train { warmup_steps: 0 channels_last: false }");
}

TEST_F(Merge, APluginOfTheSameNameMergesFieldByField) {
  EXPECT_EQ(merged_options("depth: 50 rate: 0.25", "depth: 18"), "depth: 18 rate: 0.25");
}

TEST_F(Merge, APluginOfAnotherNameReplaces) {
  const auto config = merged("model { encoder { [test/Net] { depth: 50 rate: 0.25 } } }",
                             "model { encoder { [test/OtherNet] { depth: 18 } } }");
  EXPECT_EQ(flat(config), "model { encoder { [test/OtherNet] { depth: 18 } } }");
}

TEST_F(Merge, NamedElementsMergeByNameAndNewOnesFollow) {
  EXPECT_EQ(flat(merged("model { task { name: 'a' loss_scale: 1 field: 'x' } task { name: 'b' } }",
                        "model { task { name: 'c' } task { name: 'a' loss_scale: 2 } }")),
            "model { task { name: \"a\" field: \"x\" loss_scale: 2 } task { name: \"b\" } task { "
            "name: \"c\" } }");
}

TEST_F(Merge, OtherListsReplace) {
  EXPECT_EQ(flat(merged("protocol { metric: 'a' metric: 'b' } data { train_pipeline { [test/Flip] "
                        "{} } train_pipeline { [test/Shift] {} } }",
                        "protocol { metric: 'c' } data { train_pipeline { [test/Shift] {} } }")),
            "data { train_pipeline { [test/Shift] { } } } protocol { metric: [\"c\"] }");
}

TEST_F(Merge, TheRulesHoldInsideOptions) {
  EXPECT_EQ(merged_options("stage { name: 'a' channels: 8 stride: 2 } width: 1 width: 2",
                           "stage { name: 'a' channels: 9 } stage { name: 'b' } width: 3"),
            "width: 3 stage { name: \"a\" channels: 9 stride: 2 } stage { name: \"b\" }");
  EXPECT_EQ(merged_options("point { x: 1 } point { x: 2 }", "point { y: 3 }"), "point { y: 3 }");
  EXPECT_EQ(merged_options("nested { depth: 2 rate: 1 }", "nested { rate: 3 }"),
            "nested { depth: 2 rate: 3 }");
  EXPECT_EQ(merged_options("label_map { key: 1 value: 2 }", "label_map { key: 3 value: 4 }"),
            "label_map { key: 3 value: 4 }");
}

TEST_F(Merge, TheRulesHoldInsideOptionsOfPluginsInOptions) {
  const auto config =
      merged("model { encoder { [test/Net] { inner { [test/Net] { depth: 2 rate: 1 } } } } }",
             "model { encoder { [test/Net] { inner { [test/Net] { depth: 4 } } } } }");
  EXPECT_EQ(flat(config),
            "model { encoder { [test/Net] { inner { [test/Net] { depth: 4 rate: 1 } } } } }");
}

TEST_F(Merge, OneFieldOfAOneofDrivesOutTheOther) {
  const auto config = merged("model { encoder { [test/Net] { batch { x: 1 y: 2 } } } }",
                             "model { encoder { [test/Net] { groups: 4 } } }");
  EXPECT_EQ(encoder_text(config), "groups: 4");
  EXPECT_EQ(config.origins().by_path().count("model.encoder.batch.x"), 0u);
  EXPECT_EQ(merged_options("groups: 4", "batch { x: 1 }"), "batch { x: 1 }");
  EXPECT_EQ(merged_options("batch { y: 2 }", "batch { x: 1 }"), "batch { x: 1 y: 2 }");
}

TEST_F(Merge, LaterBasesLieOverEarlierOnesAndTheFileOverAll) {
  write("one.pbtxt", "train { epochs: 1 seed: 1 threads: 1 }");
  write("two.pbtxt", "train { epochs: 2 seed: 2 }");
  write("child.pbtxt", "train { epochs: 3 } base: 'one.pbtxt' base: 'two.pbtxt'");
  EXPECT_EQ(flat(load_config("child.pbtxt")), "train { epochs: 3 seed: 2 threads: 1 }");
}

// What a program lays over a config, and the same as a file.
TEST_F(Merge, AMessageIsLaidOverAsAFileIs) {
  write(
      "base.pbtxt",
      "name: 'b' model { encoder { [test/Net] { depth: 50 rate: 0.25 } } task { name: 'a' } task { "
      "name: 'c' } } train { epochs: 3 seed: 4 }");
  Config change;
  change.add_remove("model.task[a]");
  change.mutable_model()->mutable_encoder()->CopyFrom(
      parse_config("model { encoder { [test/Net] { depth: 18 } } }", "text")
          .given()
          .model()
          .encoder());
  change.mutable_model()->add_task()->set_name("d");
  change.mutable_train()->set_epochs(1);
  const auto changed = laid_over(load_config("base.pbtxt"), change);
  EXPECT_EQ(
      flat(changed),
      "name: \"b\" model { encoder { [test/Net] { depth: 18 rate: 0.25 } } task { name: \"c\" } "
      "task { name: \"d\" } } train { epochs: 1 seed: 4 }");
  write("child.pbtxt", "base: \"base.pbtxt\"\n" + write_text(change));
  EXPECT_EQ(changed.given_text(), load_config("child.pbtxt").given_text());
  // Places are those of the base, of what is around a field where the message set it.
  EXPECT_STREQ(changed.error("train.seed", "x").what(),
               load_config("base.pbtxt").error("train.seed", "x").what());
  EXPECT_THAT(changed.error("train.epochs", "x").what(), testing::StartsWith("base.pbtxt:1:"));
}

TEST_F(Merge, AMessageThatFitsNotIsAnErrorOfTheConfig) {
  write("base.pbtxt", "train { epochs: 3 }");
  const auto failure = [](const Config& change) -> std::string {
    try {
      laid_over(load_config("base.pbtxt"), change);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return error.what();
    }
    return "";
  };
  Config wrong;
  wrong.add_remove("model.task[a]");
  EXPECT_THAT(failure(wrong),
              testing::StartsWith("base.pbtxt: remove: model: is not set by any base"));
  Config based;
  based.add_base("other.pbtxt");
  EXPECT_THAT(failure(based), testing::StartsWith("base.pbtxt: base: "));
}

}  // namespace
}  // namespace tasuki::test
