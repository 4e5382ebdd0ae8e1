#include "tasuki/study/study_base.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tasuki/config/writer.h"
#include "tasuki/io/files.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;

constexpr const char* kWhole = R"(
  model { self_auxiliary { [tasuki/Transfers] {} } self_auxiliary { [tasuki/FromSearch] {} } }
  train { weighting { [tasuki/EW] {} } hook { name: "affinity" hook { [tasuki/Affinity] {} } } })";

class StudyBaseTest : public ::testing::Test {
 protected:
  StudyBase base(const std::string& text) const {
    write_file_atomically(folder_ / "base.pbtxt", text);
    return StudyBase(folder_ / "base.pbtxt");
  }
  std::string refusal(const std::string& text) const {
    try {
      base(text);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return error.what();
    }
    return "not refused";
  }

  testing::TemporaryFolder folder_;
};

TEST_F(StudyBaseTest, TheDefaultOneIsWhole) {
  const StudyBase base(default_study_base());
  EXPECT_EQ(base.weighting().type_url(), "tasuki/EW");
  EXPECT_EQ(base.selection_name(), "tasuki/FromSearch");
  EXPECT_EQ(base.affinity_name(), "tasuki/Affinity");
  EXPECT_EQ(read_file(default_study_base()),
            read_file(TASUKI_SOURCE_DIR "/configs/_base_/study.pbtxt"));
}

// What it makes is what a config says in text.
TEST_F(StudyBaseTest, ItsPluginsHaveWhatIsSet) {
  const auto study = base(kWhole);
  Config made;
  *made.mutable_model()->add_self_auxiliary() = study.transfers({{"a", "b"}, {"b\"", "c"}});
  *made.mutable_model()->add_self_auxiliary() = study.selection("/x/y.pbtxt");
  *made.mutable_train()->add_hook() = study.affinity(7);
  const auto written = parse_config(R"(
    model {
      self_auxiliary { [tasuki/Transfers] { edge { from: "a" to: "b" } edge { from: "b\"" to: "c" } } }
      self_auxiliary { [tasuki/FromSearch] { file: "/x/y.pbtxt" } }
    }
    train { hook { name: "affinity" hook { [tasuki/Affinity] { every: 7 } } } })",
                                    "text");
  EXPECT_EQ(write_text(made), written.given_text());
  EXPECT_EQ(made.SerializeAsString(), written.given().SerializeAsString());
  EXPECT_EQ(study.selection_file(made.model().self_auxiliary(1)), "/x/y.pbtxt");
  EXPECT_FALSE(study.selection_file(made.model().self_auxiliary(0)));
  EXPECT_TRUE(study.measures_affinity(made.train().hook(0)));
}

TEST_F(StudyBaseTest, OptionsOfTheBaseStay) {
  auto text = std::string(kWhole);
  text.replace(text.find("[tasuki/Transfers] {}"), 21,
               "[tasuki/Transfers] { coefficient { value: 0.5 } }");
  Config made;
  *made.mutable_model()->add_self_auxiliary() = base(text).transfers({{"a", "b"}});
  EXPECT_THAT(write_text(made), HasSubstr("value: 0.5"));
}

TEST_F(StudyBaseTest, AMissingOrSecondPartIsSaid) {
  EXPECT_THAT(
      refusal("train { weighting { [tasuki/EW] {} } }"),
      HasSubstr("base.pbtxt: model.self_auxiliary: a study needs a policy that takes `edge"));
  EXPECT_THAT(refusal("model { self_auxiliary { [tasuki/Transfers] {} } }"),
              HasSubstr("a study needs a policy that takes `file`"));
  EXPECT_THAT(refusal("model { self_auxiliary { [tasuki/Transfers] {} } self_auxiliary { "
                      "[tasuki/Transfers] {} } }"),
              HasSubstr("two policies take `edge"));
  const std::string model =
      "model { self_auxiliary { [tasuki/Transfers] {} } self_auxiliary { [tasuki/FromSearch] {} } "
      "}";
  EXPECT_THAT(refusal(model), HasSubstr("train.weighting: a study needs the weighting"));
  EXPECT_THAT(refusal(model + " train { weighting { [tasuki/EW] {} } }"),
              HasSubstr("train.hook: a study needs one hook"));
  EXPECT_THAT(refusal(model + " train { weighting { [tasuki/EW] {} } hook { name: \"h\" hook { "
                              "[tasuki/History] {} } } }"),
              HasSubstr("train.hook: a study needs one hook, which measures affinities and takes "
                        "`every`"));
  auto more = std::string(kWhole);
  more.insert(more.find("weighting"), "epochs: 3 ");
  EXPECT_THAT(refusal(more), HasSubstr("and this one also:\ntrain {\n  epochs: 3\n}\n"));
}

}  // namespace
}  // namespace tasuki
