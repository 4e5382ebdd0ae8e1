#include <gtest/gtest.h>

#include "tasuki/engine/packed_data.h"
#include "tests/conformance/registered.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/core/pack/samples.h"

namespace tasuki::conformance {
namespace {

using testing::difference;

class PackedFieldKind : public ::testing::TestWithParam<std::string> {};

TEST_P(PackedFieldKind, ComesBackBitForBit) {
  const FieldKindNames kinds(Registry::instance().names(FieldKind::kKind));
  for (const int classes : {2, 100, 200, 40000}) {
    Sample sample = sample_of_every_kind({23, 17}, 3);
    const auto& kind = field_kind(GetParam());
    sample.fields = {
        {"image", sample.field("image")},
        {"label", {&kind, random_with_holes(kind, {23, 17}, uint64_t(classes), classes), "a.png"}}};
    const auto bytes = encode_sample(sample, kinds);
    EXPECT_EQ(difference(decode_sample(bytes, kinds), sample), "") << classes;
    if (kind.mat_type() == CV_8UC1) break;  // it has no such classes
  }
}

TASUKI_CONFORMANCE(PackedFieldKind, FieldKind::kKind);

class PackedDataSets : public ::testing::TestWithParam<std::string> {
 protected:
  // Uses two of the data set's splits, or one of them twice.
  ResolvedConfig config(const std::string& pack = "") const {
    const auto splits = make_minimal<Dataset>(GetParam(), {folder_root()})->splits();
    return parse_config("data { dataset { [" + GetParam() + "] {" + required_options(GetParam()) +
                            "} } train_split: \"" + splits.front() + "\" validation_split: \"" +
                            splits.back() + "\" test_split: \"" + splits.back() +
                            "\" train_pipeline { [tasuki/Resize] { height: 24 width: 30 } }"
                            " train_pipeline { [tasuki/RandomFlip] {} }"
                            " eval_pipeline { [tasuki/Pad] {} }"
                            " eval_pipeline { [tasuki/Normalize] {} } }",
                        "conformance.pbtxt", {"data.pack=\"" + pack + "\""});
  }
  static SampleSource source(const ResolvedConfig& config,
                             const std::shared_ptr<const Dataset>& dataset, const SplitUse& use) {
    SampleSource::Options options;
    options.all_fields = true;
    auto input = pipeline_input(config, dataset, use.pipeline);
    return SampleSource(input.dataset, use.split, std::move(input.transforms), options);
  }
};

// The first samples of every use: rendered data sets have thousands.
class FirstSamples final : public Dataset {
 public:
  explicit FirstSamples(std::shared_ptr<const Dataset> all) : all_(std::move(all)) {}
  std::vector<std::string> splits() const override { return all_->splits(); }
  size_t size(const std::string& split) const override {
    return std::min<size_t>(all_->size(split), 5);
  }
  IdList ids(const std::string& split) const override {
    return all_->ids(split).slice(0, size(split));
  }
  std::vector<std::string> class_names(const std::string& field) const override {
    return all_->class_names(field);
  }
  Sample load(const std::string& split, size_t index) const override {
    return all_->load(split, index);
  }

 private:
  const std::shared_ptr<const Dataset> all_;
};

TEST_P(PackedDataSets, GiveTheSameSamplesFromAPack) {
  const testing::TemporaryFolder folder;
  const auto file = folder / "samples.pack";
  const auto raw_config = config();
  const std::shared_ptr<const Dataset> raw =
      std::make_shared<FirstSamples>(build_raw_dataset(raw_config, folder_root()));
  const PackJob job{raw_config, raw, split_uses(raw_config, *raw)};
  const auto contents = pack_contents(job);
  {
    PackWriter writer(file, contents);
    write_pack(job, contents, writer, 2);
  }
  const auto packed_config = config(file.string());
  const auto packed = build_dataset(packed_config, "no such folder");
  for (const auto& use : job.uses) {
    const auto a = source(raw_config, raw, use), b = source(packed_config, packed, use);
    ASSERT_EQ(a.size(), b.size());
    EXPECT_EQ(raw->ids(use.split), packed->ids(use.split));
    for (size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(difference(a.prepared(i), b.prepared(i)), "") << use.split << i;
      EXPECT_EQ(difference(a.get(2, i), b.get(2, i)), "") << use.split << i;
      for (const auto& item : a.prepared(i).fields) {
        EXPECT_EQ(packed->class_names(item.first), raw->class_names(item.first)) << item.first;
      }
    }
  }
}

TASUKI_CONFORMANCE(PackedDataSets, Dataset::kKind);

}  // namespace
}  // namespace tasuki::conformance
