// The data set as a run sees it: made by its name, used through the Dataset interface.
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "tasuki/data/dataset.h"
#include "tasuki/registry/registry.h"

namespace tasuki {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::unique_ptr<Dataset> make_rooms(const std::string& options) {
  auto& registry = Registry::instance();
  std::unique_ptr<google::protobuf::Message> message(
      registry.find("tasuki/Rooms", "Dataset").options->New());
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(options, message.get())) << options;
  google::protobuf::Any any;
  any.set_type_url("tasuki/Rooms");
  any.set_value(message->SerializeAsString());
  return registry.create<Dataset>(any, Dataset::Context{});
}

std::string problem_of(const std::string& options) {
  try {
    make_rooms(options);
  } catch (const OptionError& error) {
    return error.field() + ": " + error.problem();
  }
  return "accepted";
}

template <class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

bool same_bits(const cv::Mat& a, const cv::Mat& b) {
  return a.type() == b.type() && a.size() == b.size() &&
         std::equal(a.datastart, a.dataend, b.datastart);
}

bool same_sample(const Sample& a, const Sample& b) {
  return a.id == b.id && a.camera->fx == b.camera->fx &&
         std::all_of(a.fields.begin(), a.fields.end(), [&](const auto& entry) {
           return same_bits(entry.second.value, b.field(entry.first).value);
         });
}

TEST(Rooms, DefaultsAreDocumentedOnes) {
  const auto rooms = make_rooms("");
  EXPECT_THAT(rooms->splits(), ElementsAre("train", "val", "test"));
  EXPECT_EQ(rooms->size("train"), 400u);
  EXPECT_EQ(rooms->size("val"), 80u);
  EXPECT_EQ(rooms->size("test"), 120u);
  EXPECT_EQ(rooms->load("train", 0).size(), cv::Size(160, 120));
}

TEST(Rooms, SampleHasItsFieldsKindsAndCamera) {
  const auto rooms = make_rooms("height: 30 width: 44 fov_low: 60 fov_high: 60");
  const Sample sample = rooms->load("val", 12);
  EXPECT_EQ(sample.id, "val-00012");
  EXPECT_EQ(sample.fields.size(), 4u);
  const std::map<std::string, std::string> kinds = {{"image", "tasuki/image"},
                                                    {"seg", "tasuki/label_map"},
                                                    {"depth", "tasuki/depth"},
                                                    {"normal", "tasuki/normals"}};
  for (const auto& [field, kind] : kinds) {
    EXPECT_EQ(sample.field(field).kind, &field_kind(kind)) << field;
    EXPECT_EQ(sample.field(field).value.size(), cv::Size(44, 30)) << field;
  }
  EXPECT_EQ(sample.original_size, cv::Size(44, 30));
  ASSERT_TRUE(sample.camera);
  EXPECT_NEAR(2 * std::atan(22 / sample.camera->fx) * 180 / CV_PI, 60, 1e-3);
  EXPECT_EQ(sample.camera->fx, sample.camera->fy);
  EXPECT_EQ(sample.camera->cx, 21.5);
  EXPECT_EQ(sample.camera->cy, 14.5);
}

TEST(Rooms, IdsAreThoseOfTheSamples) {
  const auto rooms = make_rooms("height: 16 width: 16 test_size: 3");
  const auto ids = rooms->ids("test");
  EXPECT_THAT(ids, ElementsAre("test-00000", "test-00001", "test-00002"));
  for (size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(rooms->load("test", i).id, ids[i]);
}

TEST(Rooms, NamesThirteenClasses) {
  const auto rooms = make_rooms("");
  const auto names = rooms->class_names("seg");
  EXPECT_THAT(names, SizeIs(13));
  EXPECT_EQ(names[0], "bed");
  EXPECT_EQ(names[12], "window");
  EXPECT_THAT(rooms->class_names("depth"), SizeIs(0));
}

TEST(Rooms, SameBitsFromManyThreadsAndObjects) {
  const std::string options = "height: 48 width: 64 seed: 7";
  const auto rooms = make_rooms(options), again = make_rooms(options);
  constexpr size_t kSamples = 8;
  std::vector<Sample> parallel(kSamples);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = t; i < kSamples; i += 4) parallel[i] = rooms->load("train", i);
    });
  }
  for (auto& thread : threads) thread.join();
  for (size_t i = kSamples; i-- > 0;) {
    EXPECT_TRUE(same_sample(parallel[i], again->load("train", i))) << i;
  }
}

TEST(Rooms, SplitsSeedsAndIndicesAreDifferentRooms) {
  const auto rooms = make_rooms("height: 24 width: 32");
  const auto others = make_rooms("height: 24 width: 32 seed: 1");
  std::set<std::vector<float>> seen;
  size_t count = 0;
  for (const Dataset* data : {rooms.get(), others.get()}) {
    for (const std::string& split : data->splits()) {
      for (size_t i = 0; i < 10; ++i, ++count) {
        const cv::Mat depth = data->load(split, i).field("depth").value;
        seen.insert(std::vector<float>(depth.begin<float>(), depth.end<float>()));
      }
    }
  }
  EXPECT_EQ(seen.size(), count);
}

TEST(Rooms, WrongSplitsAndIndicesAreErrors) {
  const auto rooms = make_rooms("val_size: 5");
  EXPECT_THAT(message_of([&] { rooms->load("val", 5); }), HasSubstr("it has samples 0 to 4"));
  const std::string unknown = message_of([&] { rooms->size("tran"); });
  EXPECT_THAT(unknown, HasSubstr("did you mean \"train\"?"));
  EXPECT_THAT(unknown, HasSubstr("it has: train, val, test"));
}

TEST(Rooms, OptionsOutOfRangeAreErrorsOfTheirField) {
  EXPECT_EQ(problem_of("height: 15"), "height: must be 16 to 2048 (pixels), not 15");
  EXPECT_EQ(problem_of("width: 2049"), "width: must be 16 to 2048 (pixels), not 2049");
  EXPECT_EQ(problem_of("train_size: 0"), "train_size: must be 1 to 10000000 (samples), not 0");
  EXPECT_EQ(problem_of("fov_low: 10"), "fov_low: must be 20 to 120 (degrees), not 10");
  EXPECT_EQ(problem_of("fov_high: 50"), "fov_high: must be at least fov_low");
  EXPECT_EQ(problem_of("clutter: 3.5"), "clutter: must be 0 to 3, not 3.5");
  EXPECT_THAT(problem_of("noise: nan"), HasSubstr("noise: "));
}

}  // namespace
}  // namespace tasuki
