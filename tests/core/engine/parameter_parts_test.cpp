#include "tasuki/engine/parameter_parts.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <set>

#include "tests/core/engine/tiny_run.h"

namespace tasuki {
namespace {

std::set<std::string> names_of(const std::vector<ParameterSpace::Segment>& segments) {
  std::set<std::string> names;
  for (const auto& segment : segments) names.insert(segment.name);
  return names;
}

class ParameterPartsTest : public ::testing::Test {
 protected:
  MultiTaskModel& model() { return *experiment_.model; }
  Architecture::NamedParameters own(const std::string& route) {
    return model().architecture().own_parameters(route);
  }

  Experiment experiment_ = build_experiment(testing::tiny_config(), "");
};

TEST_F(ParameterPartsTest, AreTheArchitecturesWithoutDecoders) {
  const ParameterSpace flat(model(), true);
  const auto parts = parameter_parts(model(), flat);
  std::set<std::string> expected;
  for (const auto& item : model().architecture().named_parameters()) {
    expected.insert("encoder." + item.key());
  }
  ASSERT_EQ(parts.own.size(), 3u);
  for (const auto& [route, spans] : parts.own) {
    std::set<std::string> named;
    for (const auto& item : own(route)) named.insert("encoder." + item.first);
    EXPECT_FALSE(named.empty());
    EXPECT_EQ(names_of(spans), named);
    for (const auto& name : named) expected.erase(name);
  }
  EXPECT_EQ(names_of(parts.shared), expected);
}

// What two routes have in common under two names trains from objectives on both.
TEST_F(ParameterPartsTest, AParameterOfTwoRoutesIsShared) {
  const auto [name, tensor] = own("seg").front();
  model().architecture().register_parameter("tied", tensor);
  const ParameterSpace flat(model(), true);
  const auto parts = parameter_parts(model(), flat);
  size_t found = 0;
  for (const auto& span : parts.shared) {
    std::set<std::string> names(span.other_names.begin(), span.other_names.end());
    names.insert(span.name);
    if (names == std::set<std::string>{"encoder." + name, "encoder.tied"}) ++found;
  }
  EXPECT_EQ(found, 1u);
  EXPECT_EQ(parts.own.at("seg").size(), own("seg").size() - 1);
  EXPECT_EQ(parts.own.at("depth").size(), own("depth").size());
}

}  // namespace
}  // namespace tasuki
