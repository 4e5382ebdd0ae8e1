#include "tasuki/config/plugin_builder.h"

#include "tests/core/config/config_files.h"

namespace tasuki::test {
namespace {

class Builder : public ConfigFiles {
 protected:
  // What an Any is as a text.
  static std::string text_of(const google::protobuf::Any& encoder) {
    Config change;
    *change.mutable_model()->mutable_encoder() = encoder;
    return flat(laid_over(parse_config("", "text"), change));
  }
};

TEST_F(Builder, MakesWhatATextSays) {
  const auto made = PluginBuilder("test/Net")
                        .set("depth", uint32_t{18})
                        .set("rate", 0.25)
                        .set("weights", std::string("a \"b\"\n"))
                        .any();
  EXPECT_EQ(text_of(made),
            R"(model { encoder { [test/Net] { depth: 18 rate: 0.25 weights: "a \"b\"\n" } } })");
  const auto written = parse_config(
      "model { encoder { [test/Net] { weights: 'a \"b\"\\n' rate: 0.25 depth: 18 } } }", "text");
  EXPECT_EQ(made.SerializeAsString(), written.given().model().encoder().SerializeAsString());
  EXPECT_EQ(text_of(PluginBuilder("test/Net").any()), "model { encoder { [test/Net] { } } }");
}

TEST_F(Builder, TakesEveryTypeOfValueAndLists) {
  const auto made = PluginBuilder("test/Net")
                        .set("pretrained", true)
                        .set("size", "LARGE")
                        .set("inner", PluginBuilder("test/Flip").set("probability", 0.25).any())
                        .add("width", 1.0)
                        .add("width", 0.5)
                        .add("tag", "a")
                        .add("sizes", "SMALL")
                        .add("part", PluginBuilder("test/Shift").any())
                        .any();
  const auto written = parse_config(
      "model { encoder { [test/Net] { pretrained: true size: LARGE width: [1, 0.5] tag: 'a' "
      "sizes: SMALL inner { [test/Flip] { probability: 0.25 } } part { [test/Shift] {} } } } }",
      "text");
  EXPECT_EQ(text_of(made), flat(written));
}

TEST_F(Builder, RefusesWhatAPluginDoesNotTake) {
  const auto failure = [](const auto& make) -> std::string {
    try {
      make();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(failure([] { PluginBuilder("test/Nett"); }), testing::HasSubstr("test/Net"));
  EXPECT_EQ(failure([] { PluginBuilder("test/Net").set("dept", uint32_t{1}); }),
            "dept: is no option of test/Net (did you mean \"depth\"?)");
  EXPECT_EQ(failure([] { PluginBuilder("test/Net").set("depth", 1.0); }),
            "depth: is a uint32, not a floating-point number");
  EXPECT_EQ(failure([] { PluginBuilder("test/Net").set("rate", uint32_t{1}); }),
            "rate: is a double, not a uint32");
  EXPECT_EQ(failure([] { PluginBuilder("test/Net").set("depth", std::string("1")); }),
            "depth: is a uint32, not a string");
  EXPECT_EQ(failure([] { PluginBuilder("test/Net").set("tag", std::string("a")); }),
            "tag: is a list");
  EXPECT_EQ(failure([] { PluginBuilder("test/Net").add("depth", uint32_t{1}); }),
            "depth: is no list");
  EXPECT_EQ(failure([] { PluginBuilder("test/Net").set("depth", true); }),
            "depth: is a uint32, not true or false");
  EXPECT_EQ(failure([] { PluginBuilder("test/Net").set("size", "HUGE"); }),
            "size: is a SMALL, MEDIUM or LARGE, not HUGE");
  EXPECT_EQ(failure([] { PluginBuilder("test/Net").set("stem", PluginBuilder("test/Net").any()); }),
            "stem: is a message, not a plugin");
}

}  // namespace
}  // namespace tasuki::test
