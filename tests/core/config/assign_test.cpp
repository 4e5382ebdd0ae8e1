#include "tasuki/config/assign.h"

#include "tests/core/config/config_files.h"

namespace tasuki::test {
namespace {

using ::testing::HasSubstr;

class Assign : public ConfigFiles {
 protected:
  const std::string text_ = R"(model {
  encoder { [test/Net] { depth: 50 width: [1, 2, 3] stage { name: "a" channels: 4 } } }
  task { name: "seg" loss_scale: 1 kind { [test/Loss] { x: 1 } } }
}
data { train_pipeline { [test/Flip] { probability: 1 } } train_pipeline { [test/Shift] {} } }
)";
  ResolvedConfig set(const std::string& assignment) const {
    return parse_config(text_, "text", {assignment});
  }
  std::string options(const std::string& assignment) const {
    const auto config = parse_config("model { encoder { [test/Net] {} } }", "text", {assignment});
    return encoder_text(config);
  }
  // Without the "--set ...: " in front.
  std::string failure(const std::string& assignment) const {
    const std::string start = "--set " + assignment + ": ";
    const auto message = parse_error(text_, {assignment});
    EXPECT_EQ(message.substr(0, start.size()), start);
    return message.size() < start.size() ? message : message.substr(start.size());
  }
};

TEST_F(Assign, SetsScalarsOfEveryType) {
  const std::string encoder = "model.encoder.";
  EXPECT_EQ(options(encoder + "depth=18"), "depth: 18");
  EXPECT_EQ(options(encoder + "pretrained=false"), "pretrained: false");
  EXPECT_EQ(options(encoder + "rate=1e-3"), "rate: 0.001");
  EXPECT_EQ(options(encoder + "offset=-7"), "offset: -7");
  EXPECT_EQ(options(encoder + "size=LARGE"), "size: LARGE");
  EXPECT_EQ(options(encoder + "seal=\"\\001\\377\""), "seal: \"\\001\\377\"");
}

TEST_F(Assign, StringsNeedNoQuotes) {
  EXPECT_EQ(set("name=a \"b\" {c} # d").given().name(), "a \"b\" {c} # d");
  EXPECT_EQ(set("name=\"quoted\\n\"").given().name(), "quoted\n");
  EXPECT_EQ(set("name='quoted'").given().name(), "quoted");
  EXPECT_EQ(set("name=back\\slash").given().name(), "back\\slash");
  EXPECT_EQ(set("name=").given().name(), "");
  EXPECT_EQ(set("name=a=b").given().name(), "a=b");
}

TEST_F(Assign, GoesThroughOptionsAndListsByNameAndPosition) {
  const auto stage = encoder_text(set("model.encoder.stage[a].channels=64"));
  EXPECT_THAT(stage, HasSubstr("stage { name: \"a\" channels: 64 }"));
  EXPECT_EQ(set("model.task[seg].loss_scale=2").given().model().task(0).loss_scale(), 2);
  EXPECT_THAT(flat(set("data.train_pipeline[1].probability=0.5")),
              HasSubstr("[test/Shift] { probability: 0.5 }"));
  EXPECT_THAT(flat(set("model.task[seg].kind.y=3")), HasSubstr("[test/Loss] { x: 1 y: 3 }"));
}

TEST_F(Assign, MakesTheMessagesOnItsWay) {
  EXPECT_EQ(set("data.loader.workers=0").given().data().loader().workers(), 0u);
  EXPECT_EQ(options("model.encoder.nested.nested.stem.channels=3"),
            "nested { nested { stem { channels: 3 } } }");
}

TEST_F(Assign, MakesNewElementsOfNamedLists) {
  const auto config = parse_config(text_, "text",
                                   {"model.task[new].kind=[test/Loss]{}",
                                    "model.task[new].loss_scale=3", "model.task[new].name=new"});
  ASSERT_EQ(config.given().model().task_size(), 2);
  EXPECT_EQ(config.given().model().task(1).name(), "new");
  EXPECT_EQ(config.given().model().task(1).loss_scale(), 3);
  EXPECT_EQ(config.error("model.task[new].decoder", "is missing").what(),
            std::string("--set model.task[new].kind=[test/Loss]{}: model.task[new].decoder: is "
                        "missing"));
}

TEST_F(Assign, NewElementsHaveNamesThatATextMayGive) {
  EXPECT_EQ(failure("model.task[a[b].loss_scale=1"),
            "model.task[a[b]: its name has a bracket or a control character");
  EXPECT_THAT(failure("model.task[a\tb].loss_scale=1"), HasSubstr("a control character"));
  EXPECT_THAT(failure("model.task[a\xFF]={}"), HasSubstr("its name is not UTF-8 text"));
}

TEST_F(Assign, ReplacesPluginsAndMessagesAsAWhole) {
  EXPECT_EQ(encoder_text(set("model.encoder=[test/Net]{depth:18}")), "depth: 18");
  EXPECT_EQ(encoder_text(set("model.encoder={ [test/OtherNet] { rate: 1 } }")), "rate: 1");
  EXPECT_EQ(encoder_text(set("model.encoder=[test/Net]: {} ")), "");
  EXPECT_EQ(flat(parse_config("data { loader { workers: 1 prefetch: 2 } }", "text",
                              {"data.loader={prefetch: 4}"})),
            "data { loader { prefetch: 4 } }");
  EXPECT_THAT(flat(set("data.train_pipeline[0]=[test/Shift]{probability: 7}")),
              HasSubstr("train_pipeline { [test/Shift] { probability: 7 } }"));
  EXPECT_THAT(flat(set("model.task[seg]={loss_scale: 5}")),
              HasSubstr("task { name: \"seg\" loss_scale: 5 }"));
}

TEST_F(Assign, ReplacesWholeLists) {
  EXPECT_EQ(options("model.encoder.width=[1, 2.5]"), "width: 1 width: 2.5");
  EXPECT_EQ(options("model.encoder.sizes=[LARGE,SMALL]"), "sizes: LARGE sizes: SMALL");
  EXPECT_EQ(options("model.encoder.tag=[a, b c]"), "tag: \"a\" tag: \"b c\"");
  EXPECT_EQ(options("model.encoder.tag=[\"a\", 'b']"), "tag: \"a\" tag: \"b\"");
  EXPECT_EQ(options("model.encoder.tag=one"), "tag: \"one\"");
  EXPECT_EQ(encoder_text(set("model.encoder.width=[]")),
            "depth: 50 stage { name: \"a\" channels: 4 }");
  EXPECT_EQ(set("data.train_pipeline=[{[test/Shift]{}}]").given().data().train_pipeline_size(), 1);
  EXPECT_EQ(options("model.encoder.label_map=[{key: 1 value: 2}]"),
            "label_map { key: 1 value: 2 }");
}

TEST_F(Assign, ReplacesOneElementOfAScalarList) {
  const auto config = set("model.encoder.width[1]=9");
  EXPECT_THAT(encoder_text(config), HasSubstr("width: 1 width: 9 width: 3"));
  EXPECT_EQ(config.origins().nearest("model.encoder.width[1]")->line, 0);
  EXPECT_EQ(config.origins().nearest("model.encoder.width[0]")->line, 2);
}

TEST_F(Assign, LaterOnesWin) {
  EXPECT_EQ(parse_config("", "text", {"train.epochs=1", "train.epochs=2"}).given().train().epochs(),
            2u);
}

TEST_F(Assign, UnsetsTheOtherFieldOfAOneof) {
  const auto config = parse_config("model { encoder { [test/Net] { batch { x: 1 } } } }", "text",
                                   {"model.encoder.groups=4"});
  EXPECT_EQ(encoder_text(config), "groups: 4");
  EXPECT_EQ(config.origins().by_path().count("model.encoder.batch.x"), 0u);
}

TEST_F(Assign, RefusesPathsThatLeadNowhere) {
  EXPECT_EQ(failure("model.encoder.dpth=18"),
            "model.encoder.dpth: unknown field (did you mean \"depth\"?)");
  EXPECT_THAT(failure("modl.encoder=1"),
              HasSubstr("modl: unknown field (did you mean \"model\"?)"));
  EXPECT_EQ(failure("data.train_pipeline[2].probability=1"),
            "data.train_pipeline[2]: there is no such element; the list has 2, counted from 0");
  EXPECT_EQ(failure("model.encoder.width[3]=1"),
            "model.encoder.width[3]: there is no such element; the list has 3, counted from 0");
  EXPECT_EQ(failure("model.task[0].loss_scale=1"),
            "model.task[0]: there is no element of this name; known: seg");
  EXPECT_THAT(failure("model.task.loss_scale=1"), HasSubstr("is a list; say which element"));
  EXPECT_THAT(failure("model.architecture.stages=1"), HasSubstr("no plugin is chosen yet"));
  EXPECT_THAT(failure("train[0].epochs=1"), HasSubstr("train: is not a list"));
  EXPECT_THAT(failure("model.encoder"), HasSubstr("is not path=value"));
  EXPECT_THAT(failure("=1"), HasSubstr("a field's name is empty"));
  EXPECT_THAT(failure("base=x.pbtxt"), HasSubstr("can only stand in a file"));
}

TEST_F(Assign, RefusesValuesOfAnotherType) {
  EXPECT_THAT(failure("train.epochs=many"), HasSubstr("train.epochs: Expected integer"));
  EXPECT_THAT(failure("train.epochs=-1"), HasSubstr("takes a uint32"));
  EXPECT_THAT(failure("train.epochs=4294967296"), HasSubstr("train.epochs: Integer out of range"));
  EXPECT_EQ(failure("train.precision=FP3"),
            "train.precision: there is no value \"FP3\" (did you mean \"FP32\"?)");
  EXPECT_EQ(failure("train.epochs="), "train.epochs: has no value after \"=\"");
  EXPECT_THAT(failure("data.loader=4"), HasSubstr("is not a message, {...}"));
  EXPECT_THAT(failure("model.encoder=18"), HasSubstr("is not a plugin, [name]{...}"));
  EXPECT_THAT(failure("model.encoder=[test/Nt]{}"), HasSubstr("(did you mean \"test/Net\"?)"));
  EXPECT_THAT(failure("model.encoder=[test/Flip]{}"), HasSubstr("is of kind Transform"));
  EXPECT_EQ(failure("model.encoder=[test/Net]{dpth:18}"),
            "model.encoder.dpth: unknown field (did you mean \"depth\"?)");
  EXPECT_THAT(failure("model.task[seg].name=other"), HasSubstr("can't be changed"));
  EXPECT_THAT(failure("model.task[seg]={name: 'other'}"), HasSubstr("can't be changed"));
  EXPECT_THAT(failure("model.encoder.width[0]=[1,2]"), HasSubstr("is one element, not a list"));
}

TEST_F(Assign, AValueCantSetMoreThanItsField) {
  EXPECT_THAT(failure("train.epochs=1 seed: 2"), HasSubstr("is not one value"));
  EXPECT_THAT(failure("model.encoder.width=[1] depth: 3"), HasSubstr("is not one value"));
  EXPECT_THAT(failure("data.loader={} } train { epochs: 1 }"), HasSubstr("is not a message"));
  EXPECT_THAT(failure("model.encoder=[test/Net]{} [test/Net]{}"), HasSubstr("is not a plugin"));
}

TEST_F(Assign, EndlessPathsAreRefused) {
  std::string path = "model.encoder";
  for (int i = 0; i < 100000; ++i) path += ".nested";
  EXPECT_THAT(failure(path + ".depth=1"), HasSubstr("too many steps"));
}

// The path's messages and those of the value count together, as in a text.
TEST_F(Assign, NestsAsDeepAsATextMay) {
  const auto nested = [](int path, int value) {
    std::string text = "model.encoder";
    for (int i = 0; i < path; ++i) text += ".nested";
    text += "={";
    for (int i = 0; i < value; ++i) text += "nested {";
    return text + std::string(value, '}') + "}";
  };
  // Three levels are the braces of model, of encoder and of [test/Net].
  for (const int path : {1, 20, 40, 61}) {
    const auto config = set(nested(path, 61 - path));
    EXPECT_EQ(parse_config(config.given_text(), "text").given_text(), config.given_text()) << path;
    EXPECT_THAT(failure(nested(path, 62 - path)), HasSubstr("is too deep: at most 64")) << path;
  }
  EXPECT_THAT(failure(nested(62, 0)), HasSubstr("is too deep"));
}

TEST_F(Assign, BytesThatAreNoTextAreRefused) {
  EXPECT_THAT(failure("name=\xFF"), HasSubstr("not UTF-8"));
  EXPECT_THAT(failure("name=\"\\377\""), HasSubstr("not UTF-8"));
}

}  // namespace
}  // namespace tasuki::test
