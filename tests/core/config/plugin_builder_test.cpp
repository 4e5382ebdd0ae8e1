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
}

}  // namespace
}  // namespace tasuki::test
