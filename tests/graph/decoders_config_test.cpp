// What a config may say of decoders of several tasks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tests/graph/small_models.h"

namespace tasuki {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string decoder_text(const std::string& name, const std::string& serves) {
  return "decoder { name: \"" + name + "\" serves: [" + serves + "] kind { [test/Distill] {} } }";
}

std::string refused(const std::string& rest, const std::string& own = "") {
  auto small = distilling_model();
  small.decoder = own;
  small.rest = rest;
  return small.refusal();
}

TEST(DecodersOfSeveralTasks, ServeEachTaskOnce) {
  const std::string both = R"("seg", "depth")";
  EXPECT_THAT(refused(decoder_text("one", both) + decoder_text("two", R"("depth")")),
              AllOf(HasSubstr("model.decoder[two].serves[0]: task \"depth\" is served by decoder "
                              "\"one\" already"),
                    HasSubstr("small.pbtxt:7:")));
  EXPECT_THAT(refused(decoder_text("one", R"("seg", "seg", "depth")")),
              HasSubstr("model.decoder[one].serves[1]: task \"seg\" is served by"));
  EXPECT_THAT(refused(decoder_text("one", both), "decoder { [tasuki/FCNHead] {} }"),
              HasSubstr("model.task[seg].decoder: decoder \"one\" serves task \"seg\", which has "
                        "a decoder of its own; leave one of them out"));
}

TEST(DecodersOfSeveralTasks, NameTasksThatAreThere) {
  EXPECT_THAT(refused(decoder_text("one", R"("seg", "dept")")),
              HasSubstr("model.decoder[one].serves[1]: there is no task \"dept\" (did you mean "
                        "\"depth\"?); the model has: seg, depth, normal"));
  EXPECT_THAT(refused("decoder { name: \"one\" kind { [test/Distill] {} } }"),
              HasSubstr("model.decoder[one].serves: it serves no task"));
}

TEST(DecodersOfSeveralTasks, LeaveNoTaskWithout) {
  EXPECT_THAT(refused(decoder_text("one", R"("seg")")),
              HasSubstr("model.task[depth].decoder: no Decoder is named here"));
  EXPECT_THAT(refused("decoder { name: \"one\" serves: [\"seg\", \"depth\"] }"),
              HasSubstr("model.decoder[one].kind: no CrossTaskDecoder is named here"));
  EXPECT_THAT(refused("decoder { name: \"one\" serves: \"seg\" kind { [tasuki/FCNHead] {} } }"),
              HasSubstr("tasuki/FCNHead"));
}

TEST(DecodersOfSeveralTasks, HaveNamesThatTensorsCanHave) {
  const std::string both = R"("seg", "depth")";
  EXPECT_THAT(refused("decoder { serves: \"seg\" kind { [test/Distill] {} } }"),
              HasSubstr("has no name"));
  EXPECT_THAT(refused(decoder_text("seg", both)),
              HasSubstr("model.decoder[seg].name: \"seg\" is the name of a task"));
  for (const std::string name : {"a.b", "a/b", "a->b"}) {
    EXPECT_THAT(refused(decoder_text(name, both)), HasSubstr("no dot, no slash and no \"->\""));
  }
}

TEST(DecodersOfSeveralTasks, MistakesInTheirOptionsAreLocated) {
  auto small = distilling_model();
  small.encoder = "[test/Patches] {}";
  try {
    MultiTaskModel(parse_config(small.text(), "small.pbtxt", {"model.task[normal].joint=false"}),
                   no_names);
    FAIL() << "nothing refused";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("model.decoder[distill].kind: needs one grid"));
  }
}

// A task with joint: false is a source at most; the others go on without it.
TEST(DecodersOfSeveralTasks, GoOnWithTheTasksThatAreLeft) {
  auto small = distilling_model();
  const auto without = [&](const std::vector<std::string>& tasks) {
    std::vector<std::string> assignments;
    for (const auto& task : tasks) assignments.push_back("model.task[" + task + "].joint=false");
    torch::manual_seed(3);
    return MultiTaskModel(parse_config(small.text(), "small.pbtxt", assignments), no_names);
  };
  const auto one = without({"depth"});
  ASSERT_EQ(one.decoders().size(), 2u);
  EXPECT_EQ(one.decoders()[1].name(), "distill");
  EXPECT_FALSE(one.decoders()[1].mixes());
  EXPECT_EQ(one.mixed_with("seg"), std::set<std::string>{"seg"});
  EXPECT_EQ(without({"seg", "depth"}).decoders().size(), 1u);
}

std::string transfer(const std::string& from, const std::string& to, const std::string& more = "") {
  return "self_auxiliary { [tasuki/Transfers] { edge { from: \"" + from + "\" to: \"" + to + "\" " +
         more + " } } }";
}

// Whether a transfer is one way is a property of its route.
TEST(TransfersBesideADecoderOfSeveralTasks, AreRefusedWhereItMixesTheirRoute) {
  EXPECT_THAT(distilling_model("", transfer("normal", "seg")).refusal(),
              HasSubstr("model.self_auxiliary[0].edge[0]: decoder \"distill\" mixes features of "
                        "route \"seg\" with those of others, so that normal->seg would not be one "
                        "way"));
  auto gated = SmallModel();
  gated.architecture = "[test/Gated] {}";
  gated.rest = transfer("normal", "seg");
  EXPECT_THAT(gated.refusal(), HasSubstr("the architecture mixes features of route \"seg\""));
}

TEST(TransfersBesideADecoderOfSeveralTasks, NeedADecoderOfTheirOwn) {
  EXPECT_THAT(distilling_model("", transfer("seg", "normal")).refusal(),
              HasSubstr("seg->normal needs a decoder of its own: that of task \"seg\", "
                        "\"distill\", is made for the features of several routes"));
  const auto model =
      distilling_model("", transfer("seg", "normal", "decoder { [tasuki/FCNHead] {} }")).make();
  const auto reached = reached_by(*model, loss_of(*model, "seg->normal", small_batch()));
  for (const auto& item : model->named_parameters()) {
    const auto& name = item.key();
    const bool expected =
        name.find(".shared.") != std::string::npos || name.starts_with("encoder.fuse.normal.") ||
        name.starts_with("encoder.merge.normal.") || name.starts_with("decoder.seg->normal.");
    EXPECT_EQ(reached.count(name) > 0, expected) << name;
  }
}

}  // namespace
}  // namespace tasuki
