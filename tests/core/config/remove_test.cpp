#include "tasuki/config/remove.h"

#include "tasuki/registry/registry.h"
#include "tests/core/config/config_files.h"

namespace tasuki::test {
namespace {

class Remove : public ConfigFiles {
 protected:
  Remove() {
    write("base.pbtxt", R"(
train { epochs: 3 hook { name: "log" priority: 1 } hook { name: "save" } }
data { train_pipeline { [test/Flip] { probability: 1 } }
       train_pipeline { [test/Shift] { probability: 2 } }
       train_pipeline { [test/Flip] { probability: 3 } } }
model { encoder { [test/Net] { depth: 50 rate: 0.5 stage { name: "a" channels: 1 } stage { name: "b" } } } }
)");
  }

  ResolvedConfig without(const std::string& path, const std::string& own = "") const {
    write("a.pbtxt", "base: 'base.pbtxt' remove: '" + path + "' " + own);
    return load_config("a.pbtxt");
  }
  std::string failure(const std::string& path) const {
    write("a.pbtxt", "base: 'base.pbtxt'\n  remove: '" + path + "'");
    return load_error("a.pbtxt");
  }
};

TEST_F(Remove, TakesOutFieldsAndWholeLists) {
  EXPECT_FALSE(without("train.epochs").given().train().has_epochs());
  EXPECT_FALSE(without("train").given().has_train());
  EXPECT_EQ(without("data.train_pipeline").given().data().train_pipeline_size(), 0);
}

TEST_F(Remove, TakesOutElementsByName) {
  const auto config = without("train.hook[log]");
  ASSERT_EQ(config.given().train().hook_size(), 1);
  EXPECT_EQ(config.given().train().hook(0).name(), "save");
}

TEST_F(Remove, TakesOutElementsByPositionAndMovesTheRestUp) {
  const auto config = without("data.train_pipeline[0]");
  ASSERT_EQ(config.given().data().train_pipeline_size(), 2);
  EXPECT_EQ(config.given().data().train_pipeline(0).type_url(), "test/Shift");
  EXPECT_EQ(config.origins().nearest("data.train_pipeline[0].probability")->line, 4);
  EXPECT_EQ(config.origins().nearest("data.train_pipeline[1].probability")->line, 5);
  EXPECT_EQ(config.origins().by_path().count("data.train_pipeline[2]"), 0u);
}

TEST_F(Remove, GoesIntoOptions) {
  EXPECT_EQ(encoder_text(without("model.encoder.stage[a]")),
            "depth: 50 rate: 0.5 stage { name: \"b\" }");
  EXPECT_EQ(encoder_text(without("model.encoder.stage[a].channels")),
            "depth: 50 rate: 0.5 stage { name: \"a\" } stage { name: \"b\" }");
}

TEST_F(Remove, ComesBeforeTheFilesOwnFields) {
  const auto config = without("model.encoder", "model { encoder { [test/Net] { rate: 1 } } }");
  EXPECT_EQ(encoder_text(config), "rate: 1");
  EXPECT_EQ(config.origins().nearest("model.encoder.depth")->file, "a.pbtxt");
}

TEST_F(Remove, OfOneFileDoesntReachWhatLaterFilesSet) {
  without("train.epochs");
  write("b.pbtxt", "base: 'a.pbtxt' train { epochs: 9 }");
  EXPECT_EQ(load_config("b.pbtxt").given().train().epochs(), 9u);
}

TEST_F(Remove, APathThatLeadsNowhereIsAnError) {
  const std::string at = "a.pbtxt:2:3: remove[0]: ";
  EXPECT_EQ(failure("train.epoch"), at + "train.epoch: unknown field (did you mean \"epochs\"?)");
  EXPECT_EQ(failure("train.seed"),
            at + "train.seed: is not set by any base, so it can't be removed");
  EXPECT_EQ(failure("train.hook[lgo]"),
            at + "train.hook[lgo]: there is no element of this name (did you mean \"log\"?)");
  EXPECT_EQ(
      failure("data.train_pipeline[3]"),
      at + "data.train_pipeline[3]: there is no such element; the list has 3, counted from 0");
  EXPECT_EQ(failure("model.encoder.stage[a].chanels"),
            at + "model.encoder.stage[a].chanels: unknown field (did you mean \"channels\"?)");
  EXPECT_EQ(failure("train.hook.name"),
            at + "train.hook: is a list; say which element: train.hook[name]");
  EXPECT_EQ(failure("train.epochs.x"), at + "train.epochs: is a uint32, it has no fields");
  EXPECT_EQ(failure("train["), at + "train[: is not a path: a \"[\" is not closed");
}

TEST_F(Remove, WithoutBasesThereIsNothingToRemove) {
  EXPECT_THAT(parse_error("train { epochs: 1 } remove: 'train.epochs'"),
              testing::HasSubstr("is not set by any base"));
}

}  // namespace
}  // namespace tasuki::test
