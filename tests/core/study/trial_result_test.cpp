#include "tasuki/study/trial_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tasuki/io/files.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;

constexpr const char* kMetricsText = R"({"epochs_done": 2, "finished": true, "split": "val",
  "protocol": {"name": "P", "metrics": ["seg.miou"]},
  "tasks": {"seg": {"metrics": {"miou": 0.5}}}})";

// The work dir of a finished training.
class TrialResultTest : public ::testing::Test {
 protected:
  TrialResultTest() {
    write("metrics.json", kMetricsText);
    write("history.jsonl", "{\"seconds\": 1.5}\n{\"seconds\": 2}\n");
    write("affinity.jsonl", "{\"epoch\": 1, \"cosine\": {\"a\": {\"b\": 0.5}}}\n");
  }

  void write(const std::string& name, const std::string& text) {
    write_file_atomically(work_dir_ / name, text);
  }

  template <class Read>
  std::string refusal(Read read) {
    try {
      read();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kData);
      return error.what();
    }
    return "not refused";
  }

  std::string advice() const {
    return "; remove " + work_dir_.string() + ", and the same command makes it anew";
  }

  const testing::TemporaryFolder folder_;
  const std::filesystem::path work_dir_ = folder_ / "seg" / "seed_0";
  const MetricInfos infos_ = {{"seg.miou", {"miou", "", true, true}}};
};

TEST_F(TrialResultTest, IsReadFromItsFiles) {
  const auto result = read_trial_result(work_dir_, infos_);
  EXPECT_EQ(result.epochs, 2);
  EXPECT_EQ(result.seconds, 3.5);
  EXPECT_EQ(values_of(result.tasks, "seg").values.at(0).value, 0.5);
  EXPECT_EQ(result.affinity.epochs.size(), 1u);
  EXPECT_TRUE(progress_of(work_dir_).finished);
}

// Whichever of a training's files is damaged, the error names it and says what to remove.
TEST_F(TrialResultTest, ADamagedFileIsNamedWithAdvice) {
  for (const auto* name : {"metrics.json", "history.jsonl", "affinity.jsonl"}) {
    const auto file = work_dir_ / name;
    const auto whole = read_file(file);
    write(name, whole.substr(0, whole.size() - 4));
    const auto text = refusal([&] { read_trial_result(work_dir_, infos_); });
    EXPECT_THAT(text, HasSubstr(file.string()));
    EXPECT_THAT(text, ::testing::EndsWith(advice()));
    write(name, whole);
  }
  std::filesystem::remove(work_dir_ / "history.jsonl");
  EXPECT_THAT(refusal([&] { read_trial_result(work_dir_, infos_); }),
              ::testing::EndsWith(advice()));
}

// Whose they are, and so what to do about them, is the caller's to know.
TEST_F(TrialResultTest, ADamagedResultFileIsNamed) {
  for (const auto* name : {"metrics.json", "eval_test.json"}) {
    write(name, "{\"epochs_done\": 2, \"fini");
    const auto file = work_dir_ / name;
    const auto read = [&] { return read_figures(file, infos_); };
    EXPECT_THAT(refusal(read), ::testing::StartsWith(file.string() + ": not a result file"));
    EXPECT_THAT(
        refusal([&] { with_advice(file, read); }),
        ::testing::EndsWith("; remove " + file.string() + ", and the same command makes it anew"));
  }
  EXPECT_THAT(refusal([&] { progress_of(work_dir_); }), HasSubstr("not a result file"));
}

}  // namespace
}  // namespace tasuki
