#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <google/protobuf/empty.pb.h>

#include "tasuki/data/data_print.h"
#include "tasuki/data/dataset.h"
#include "tests/pipelines/plugin.h"
#include "tests/pipelines/samples.h"

// Data sets made of numbers, which the test program itself registers.
namespace tasuki::combined {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Ids = std::vector<std::string>;

// Splits "train" of `train` samples and, if it has any, "val" of `val`: sample i is i + 1
// everywhere.
template <int train, int val, bool has_depth>
class Numbers : public Dataset {
 public:
  explicit Numbers(const google::protobuf::Empty&) {}

  std::vector<std::string> splits() const override {
    return val > 0 ? Ids{"train", "val"} : Ids{"train"};
  }
  size_t size(const std::string& split) const override {
    if (!has_split(*this, split)) throw unknown_split(split, splits());
    return split == "train" ? train : val;
  }
  IdList ids(const std::string& split) const override {
    Ids ids;
    for (size_t i = 0; i < size(split); ++i) ids.push_back(split + std::to_string(i));
    return ids;
  }
  Ids class_names(const std::string& field) const override {
    return field == "seg" ? Ids{"a", has_depth ? "b" : "c"} : Ids();
  }
  Sample load(const std::string& split, size_t index) const override {
    Sample sample;
    sample.id = ids(split)[index];
    sample.original_size = {6, 4};
    sample.fields["image"] = {&field_kind("tasuki/image"),
                              cv::Mat(4, 6, CV_8UC3, cv::Scalar::all(double(index + 1))), ""};
    if (has_depth) {
      sample.fields["depth"] = {&field_kind("tasuki/depth"),
                                cv::Mat(4, 6, CV_32FC1, cv::Scalar::all(double(index + 1))), ""};
    }
    return sample;
  }
};

using Five = Numbers<5, 2, true>;
using Three = Numbers<3, 0, true>;
using WithoutDepth = Numbers<2, 0, false>;

TASUKI_REGISTER(Dataset, Five, google::protobuf::Empty, "test/Five");
TASUKI_REGISTER(Dataset, Three, google::protobuf::Empty, "test/Three");
TASUKI_REGISTER(Dataset, WithoutDepth, google::protobuf::Empty, "test/WithoutDepth");

std::unique_ptr<Dataset> make_dataset(const std::string& name, const std::string& options) {
  return testing::make<Dataset>("tasuki/" + name, options);
}

// Field and problem of the OptionError.
std::string dataset_refusal(const std::string& name, const std::string& options) {
  try {
    make_dataset(name, options);
  } catch (const OptionError& error) {
    return error.what();
  }
  return "nothing refused";
}

int number_of(const Sample& sample) {
  return sample.field("image").value.at<cv::Vec3b>(0, 0)[0];
}

constexpr const char* kBoth =
    "part { name: \"five\" dataset { [test/Five] {} } }"
    "part { name: \"three\" dataset { [test/Three] {} } }";

TEST(Concat, HasTheSamplesOfItsPartsOneAfterTheOther) {
  const auto both = make_dataset("Concat", kBoth);
  EXPECT_THAT(both->splits(), ElementsAre("train", "val"));
  EXPECT_THAT(both->ids("train"),
              ElementsAre("five/train0", "five/train1", "five/train2", "five/train3", "five/train4",
                          "three/train0", "three/train1", "three/train2"));
  ASSERT_EQ(both->size("train"), 8u);
  for (size_t i = 0; i < 8; ++i) {
    const auto sample = both->load("train", i);
    EXPECT_EQ(sample.id, both->ids("train")[i]);
    EXPECT_EQ(number_of(sample), int(i < 5 ? i + 1 : i - 4));
  }
  EXPECT_EQ(both->size("val"), 2u);
  EXPECT_EQ(both->load("val", 1).id, "five/val1");
  EXPECT_THROW(both->load("train", 8), Error);
  EXPECT_THROW(both->size("test"), Error);
}

TEST(Concat, NamesItsParts) {
  const auto parts = make_dataset("Concat", kBoth)->parts("train");
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].name, "five");
  EXPECT_EQ(parts[0].size, 5u);
  EXPECT_EQ(parts[1].name, "three");
  EXPECT_EQ(parts[1].size, 3u);
  const auto nested = make_dataset(
      "Concat", "part { name: \"in\" dataset { [tasuki/Concat] { " + std::string(kBoth) + " } } }");
  ASSERT_EQ(nested->parts("train").size(), 2u);
  EXPECT_EQ(nested->parts("train")[1].name, "in/three");
  EXPECT_EQ(nested->ids("train")[5], "in/three/train0");
}

TEST(Concat, TakesTheSplitsThatAreAskedFor) {
  const auto both = make_dataset("Concat",
                                 "part { name: \"a\" dataset { [test/Three] {} } }"
                                 "part { name: \"b\" dataset { [test/Five] {} } split: \"val\" }");
  EXPECT_EQ(both->size("train"), 3u);
  EXPECT_EQ(both->size("val"), 2u);
  EXPECT_THAT(dataset_refusal("Concat", "part { dataset { [test/Three] {} } split: \"test\" }"),
              HasSubstr("part[0].split[0]: "));
}

// A run that goes on sees when one of the parts has changed.
TEST(Concat, IsAnotherSplitWhenAPartIs) {
  const auto before = print_of("train", *make_dataset("Concat", kBoth));
  const auto after = print_of(
      "train",
      *make_dataset("Concat",
                    kBoth + std::string("part { name: \"more\" dataset { [test/Three] {} } }")));
  EXPECT_EQ(before, print_of("train", *make_dataset("Concat", kBoth)));
  EXPECT_FALSE(before == after);
}

TEST(Concat, RefusesSamplesOfOneIdAndPartsOfOneName) {
  const std::string five = "dataset { [test/Five] {} }", three = "dataset { [test/Three] {} }";
  const auto refusal = dataset_refusal("Concat", "part { " + five + " } part { " + three + " }");
  EXPECT_THAT(refusal, HasSubstr("split train has the sample train0 in part[0] and in part[1]"));
  EXPECT_THAT(refusal, HasSubstr("give the parts a name"));
  EXPECT_THAT(dataset_refusal(
                  "Concat", "part { name: \"a\" " + five + " } part { name: \"a\" " + three + " }"),
              HasSubstr("part[1].name: another part is called \"a\""));
  EXPECT_THAT(dataset_refusal("Concat", ""), HasSubstr("part: at least one"));
  EXPECT_THAT(dataset_refusal("Concat", "part {}"), HasSubstr("part[0].dataset: no Dataset"));
}

TEST(Concat, RefusesPartsOfOtherFields) {
  const auto other = make_dataset("Concat",
                                  "part { name: \"five\" dataset { [test/Five] {} } }"
                                  "part { dataset { [test/WithoutDepth] {} } }");
  for (int times = 0; times < 2; ++times) {
    try {
      other->load("train", 0);
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kData);
      EXPECT_THAT(error.what(),
                  HasSubstr("part[0] \"five\" and part[1] of split train have other fields: only "
                            "part[0] \"five\" has \"depth\""));
    }
  }
  EXPECT_EQ(number_of(other->load("val", 0)), 1);  // of one part alone
  EXPECT_THROW(other->class_names("seg"), Error);
  EXPECT_THAT(make_dataset("Concat", kBoth)->class_names("seg"), ElementsAre("a", "b"));
}

TEST(Concat, LocatesMistakesInsideOfItsParts) {
  EXPECT_THAT(dataset_refusal("Concat", "part { dataset { [tasuki/Rooms] { height: 1 } } }"),
              HasSubstr("part[0].dataset.height: "));
  EXPECT_THAT(dataset_refusal("Concat", "part { dataset { [tasuki/Shard] {} } }"),
              HasSubstr("part[0].dataset.dataset: no Dataset"));
}

TEST(Repeat, HasItsSamplesSeveralTimesWithIdsOfTheirOwn) {
  const auto twice = make_dataset("Repeat", "dataset { [test/Three] {} }");
  EXPECT_THAT(twice->ids("train"),
              ElementsAre("train0", "train1", "train2", "train0#2", "train1#2", "train2#2"));
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(twice->load("train", i).id, twice->ids("train")[i]);
    EXPECT_EQ(number_of(twice->load("train", i)), int(i % 3 + 1));
  }
  EXPECT_EQ(twice->parts("train").size(), 1u);
  EXPECT_THROW(twice->load("train", 6), Error);
  const auto one = make_dataset("Repeat", "dataset { [test/Five] {} } times: 3 split: \"train\"");
  EXPECT_EQ(one->size("train"), 15u);
  EXPECT_EQ(one->size("val"), 2u);
  EXPECT_THAT(dataset_refusal("Repeat", "dataset { [test/Five] {} } times: 0"),
              HasSubstr("times: "));
}

TEST(Repeat, RepeatsThePartsOfAConcat) {
  const auto parts =
      make_dataset("Repeat", "dataset { [tasuki/Concat] { " + std::string(kBoth) + " } }")
          ->parts("train");
  ASSERT_EQ(parts.size(), 4u);
  EXPECT_EQ(parts[2].name, "five");
  EXPECT_EQ(parts[3].size, 3u);
}

// Whatever the count is, every sample is in one shard, in the order of the whole.
TEST(Shard, EverySampleIsInOneOfThem) {
  const auto whole = make_dataset("Concat", kBoth);
  for (size_t count = 1; count <= 8; ++count) {
    Ids all(8);
    size_t first_part = 0;
    for (size_t index = 0; index < count; ++index) {
      const auto shard = make_dataset(
          "Shard", "dataset { [tasuki/Concat] { " + std::string(kBoth) + " } } split: \"train\"" +
                       " index: " + std::to_string(index) + " count: " + std::to_string(count));
      const auto ids = shard->ids("train");
      ASSERT_EQ(ids.size(), shard->size("train"));
      for (size_t i = 0; i < ids.size(); ++i) {
        EXPECT_EQ(shard->load("train", i).id, ids[i]);
        all[index + i * count] = ids[i];
      }
      const auto parts = shard->parts("train");
      EXPECT_EQ(parts.at(0).size + parts.at(1).size, ids.size());
      first_part += parts[0].size;
      EXPECT_EQ(shard->size("val"), 2u);
    }
    EXPECT_EQ(all, whole->ids("train")) << count;
    EXPECT_EQ(first_part, 5u) << count;
  }
}

TEST(Shard, RefusesPartsThatCannotBe) {
  const std::string three = "dataset { [test/Three] {} } ";
  EXPECT_THAT(dataset_refusal("Shard", three + "index: 2 count: 2"), HasSubstr("index: "));
  EXPECT_THAT(dataset_refusal("Shard", three + "count: 0"), HasSubstr("count: "));
  EXPECT_THAT(dataset_refusal("Shard", three + "index: 3 count: 4"), HasSubstr("would be empty"));
}

}  // namespace
}  // namespace tasuki::combined
