#include "tasuki/data/listed_dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tasuki {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class Splits final : public ListedDataset {
 public:
  void add(const std::string& name, std::vector<std::string> ids) {
    add_split(name, std::move(ids), "of a test");
  }

 protected:
  Sample read(const std::string& /*id*/) const override { return {}; }
};

TEST(ListedDataset, ASecondSplitOfOneNameIsAnError) {
  Splits data;
  data.add("train", {"0"});
  data.add("val", {"1"});
  EXPECT_THAT([&] { data.add("train", {"2"}); },
              ThrowsMessage<Error>(HasSubstr("split \"train\" is there already: of a test")));
  EXPECT_THAT(data.splits(), ElementsAre("train", "val"));
  EXPECT_THAT(data.ids("train"), ElementsAre("0"));
  EXPECT_THAT([&] { data.add("test", {}); }, ThrowsMessage<Error>(HasSubstr("is empty")));
}

}  // namespace
}  // namespace tasuki
