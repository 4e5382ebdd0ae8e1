#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <torch/torch.h>

#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <set>

#include "tests/core/engine/killed_run.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/plugins/hooks/event_reader.h"

namespace tasuki {
namespace {

using ::testing::ElementsAre;
using testing::EventValue;
using testing::FakeHook;
using ::testing::HasSubstr;
using testing::kill_at;
using testing::Killed;
using testing::read_events;
using testing::TinyRun;

// RFC 3720, appendix B.4, and the check value of the catalogue of CRCs.
TEST(RecordFile, ChecksumsAreThoseThatArePublished) {
  std::string rising, falling;
  for (int i = 0; i < 32; ++i) {
    rising.push_back(char(i));
    falling.push_back(char(31 - i));
  }
  EXPECT_EQ(hooks::crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(hooks::crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(hooks::crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(hooks::crc32c(rising), 0x46dd794eu);
  EXPECT_EQ(hooks::crc32c(falling), 0x113fdb5cu);
  // Unmasked as TensorFlow does it.
  const uint32_t rotated = hooks::masked_crc32c("123456789") - 0xa282ead8u;
  EXPECT_EQ((rotated >> 17) | (rotated << 15), 0xe3069283u);
}

TEST(RecordFile, RecordsAreReadUpToDamage) {
  const std::string first = "first", second(300, 'x');
  const auto bytes = hooks::framed(first) + hooks::framed(second) + hooks::framed("");
  const auto whole = hooks::read_records(bytes);
  ASSERT_EQ(whole.size(), 3u);
  EXPECT_EQ(whole[0].data, first);
  EXPECT_EQ(whole[1].data, second);
  EXPECT_EQ(whole[2].data, "");
  EXPECT_EQ(whole[2].end, bytes.size());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto cut = std::string_view(bytes).substr(0, size);
    const size_t expected = (size >= whole[0].end ? 1u : 0u) + (size >= whole[1].end ? 1u : 0u);
    EXPECT_EQ(hooks::read_records(cut).size(), expected) << size;
    auto flipped = bytes;
    flipped[size] ^= 0x10;
    EXPECT_EQ(hooks::read_records(flipped).size(), size < whole[1].end ? expected : 2u) << size;
  }
}

class TensorBoardTest : public ::testing::Test {
 protected:
  static std::vector<std::string> settings(const std::string& options,
                                           const std::vector<std::string>& more = {}) {
    std::vector<std::string> all = {"train.hook[board].hook=[tasuki/TensorBoard]{" + options + "}"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::filesystem::path events_of(const std::string& dir) { return folder_ / dir / "tensorboard"; }
  // Killed, and resumed from the last checkpoint.
  void kill_and_resume(const std::string& dir, const std::vector<std::string>& with,
                       FakeHook::Function FakeHook::*point, int priority,
                       const std::function<bool(const tasuki::Run&)>& when) {
    TinyRun stopped(folder_ / dir, with);
    kill_at(stopped, point, priority, when);
    EXPECT_THROW(stopped.train(), Killed);
    resume(dir, with);
  }
  void resume(const std::string& dir, const std::vector<std::string>& with) {
    TinyRun resumed(folder_ / dir, with);
    load_training_state(resumed.run, resumed.hooks, folder_ / dir / kLastFile);
    resumed.train();
  }

  testing::TemporaryFolder folder_;
};

// What the read events say of one tag, by step.
std::vector<std::pair<int64_t, double>> curve(const std::vector<EventValue>& events,
                                              const std::string& tag) {
  std::vector<std::pair<int64_t, double>> points;
  for (const auto& event : events) {
    if (event.tag == tag) points.emplace_back(event.step, event.number);
  }
  return points;
}

// As read_events.py prints them; null where there is no package tensorboard.
nlohmann::json read_by_tensorboard(const std::filesystem::path& folder) {
  const char* given = std::getenv("TASUKI_PYTHON");
  const std::string command = std::string("\"") + (given ? given : TASUKI_PYTHON) + "\" \"" +
                              TASUKI_EVENT_READER + "\" \"" + folder.string() + "\"";
  std::FILE* pipe = popen(command.c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::string text;
  char buffer[4096];
  while (const size_t count = std::fread(buffer, 1, sizeof(buffer), pipe)) {
    text.append(buffer, count);
  }
  const int status = pclose(pipe);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) return nullptr;
  EXPECT_EQ(status, 0);
  return nlohmann::json::parse(text);
}

TEST_F(TensorBoardTest, HasTheCurvesOfTheHistory) {
  TinyRun(folder_ / "run", settings("every_steps: 2 images: 0",
                                    {testing::kNormalToDepth, "train.clip_norm=1",
                                     "train.momentum_schedule=[tasuki/OneCycleMomentum]{}"}))
      .train();
  const auto events = read_events(events_of("run"));
  const auto lines = testing::history_of(folder_ / "run");
  const auto expect_epochs = [&](const std::string& tag, const char* part,
                                 const std::string& name) {
    const auto points = curve(events, tag);
    ASSERT_EQ(points.size(), 2u) << tag;
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(points[i].first, int64_t(3 * (i + 1)));
      const auto& value = lines[i][part][name];
      ASSERT_EQ(value.is_number(), !std::isnan(points[i].second)) << tag;
      if (!value.is_number()) continue;
      EXPECT_EQ(float(points[i].second), value.get<float>()) << tag;
    }
  };
  for (const auto& task : {"seg", "depth", "normal"}) {
    expect_epochs(std::string("epoch_loss/") + task, "loss", task);
    EXPECT_EQ(curve(events, std::string("loss/") + task).size(), 3u);
    EXPECT_EQ(curve(events, std::string("coefficient/") + task),
              (std::vector<std::pair<int64_t, double>>{{2, lines[0]["coefficient"][task]},
                                                       {4, lines[1]["coefficient"][task]},
                                                       {6, lines[1]["coefficient"][task]}}));
  }
  expect_epochs("epoch_auxiliary_loss/normal->depth", "auxiliary_loss", "normal->depth");
  EXPECT_EQ(curve(events, "auxiliary_loss/normal->depth").size(), 3u);
  EXPECT_TRUE(curve(events, "loss/normal->depth").empty());
  for (const auto& item : lines[0]["val"].items()) {
    expect_epochs("val/" + item.key(), "val", item.key());
  }
  for (const auto& tag : {"learning_rate", "momentum", "gradient_norm"}) {
    EXPECT_EQ(curve(events, tag).size(), 3u) << tag;
  }
  EXPECT_EQ(curve(events, "epoch"), (std::vector<std::pair<int64_t, double>>{{3, 1}, {6, 2}}));
}

TEST_F(TensorBoardTest, TensorBoardReadsIt) {
  const auto with = settings("every_steps: 1 images: 2");
  TinyRun(folder_ / "whole", with).train();
  kill_and_resume("killed", with, &FakeHook::at_after_step, 85,
                  [](const tasuki::Run& run) { return run.step == 5; });
  for (const std::string dir : {"whole", "killed"}) {
    const auto seen = read_by_tensorboard(events_of(dir));
    if (seen.is_null()) GTEST_SKIP() << "Python's package tensorboard is not installed";
    const auto events = read_events(events_of(dir));
    EXPECT_EQ(seen["records"].size(), events.size());
    EXPECT_EQ(seen["scalars"]["loss/seg"].size(), 6u);
    for (const auto& [tag, points] : seen["scalars"].items()) {
      const auto own = curve(events, tag);
      ASSERT_EQ(points.size(), own.size()) << tag;
      for (size_t i = 0; i < own.size(); ++i) {
        EXPECT_EQ(points[i][0], own[i].first) << tag;
        const bool number = !std::isnan(own[i].second);
        ASSERT_EQ(points[i][1].is_number(), number) << tag;
        if (!number) continue;
        EXPECT_EQ(points[i][1].get<float>(), float(own[i].second)) << tag;
      }
    }
    EXPECT_EQ(seen["images"].size(), 2u * 7u);
    EXPECT_EQ(seen["images"]["val-00000/image"].dump(), R"([[3,40,32,"RGB"]])");
    EXPECT_EQ(seen["images"]["val-00000/seg prediction"].dump(),
              R"([[3,40,32,"RGB"],[6,40,32,"RGB"]])");
    const auto& texts = seen["texts"]["config"];
    ASSERT_EQ(texts.size(), 1u);
    EXPECT_EQ(texts[0][0], 0);
    EXPECT_THAT(texts[0][1].get<std::string>(), HasSubstr("    name: \"tiny\"\n"));
  }
}

// At any point of the loop, before and behind the checkpoint: not a value more or less.
TEST_F(TensorBoardTest, ARunThatGoesOnWritesWhatOneThatWasNotKilledDoes) {
  const auto with = settings(
      "every_steps: 1 images: 1",
      {"train.hook[checkpoint].hook.every_steps=2", "train.hook[ema].hook=[tasuki/EMA]{}"});
  TinyRun(folder_ / "whole", with).train();
  const auto expected = read_events(events_of("whole"));
  EXPECT_EQ(curve(expected, "loss/seg").size(), 6u);
  const auto at_step = [](int64_t step) {
    return [step](const tasuki::Run& run) { return run.step == step; };
  };
  kill_and_resume("step", with, &FakeHook::at_after_step, 85, at_step(5));
  kill_and_resume("checkpoint", with, &FakeHook::at_after_step, 85, at_step(4));
  kill_and_resume("evaluation", with, &FakeHook::at_after_evaluation, 10, at_step(3));
  kill_and_resume("epoch", with, &FakeHook::at_after_epoch, 75, at_step(6));
  for (const std::string dir : {"step", "checkpoint", "evaluation", "epoch"}) {
    const auto events = read_events(events_of(dir));
    EXPECT_EQ(testing::event_files(events_of(dir)).size(), 2u);
    ASSERT_EQ(events.size(), expected.size()) << dir;
    for (size_t i = 0; i < events.size(); ++i) {
      // The config is in the text, and this run's is the same.
      EXPECT_TRUE(events[i] == expected[i])
          << dir << ": " << events[i].tag << " of step " << events[i].step;
    }
  }
  // What there is nothing left to do of adds nothing.
  resume("step", with);
  EXPECT_EQ(read_events(events_of("step")).size(), expected.size());
}

TEST_F(TensorBoardTest, ARecordThatAKillHasCutOffIsTakenAway) {
  const auto with = settings("every_steps: 1 images: 0");
  TinyRun(folder_ / "run", settings("every_steps: 1 images: 0", {"train.epochs=1"})).train();
  const auto file = testing::event_files(events_of("run")).at(0);
  const auto bytes = read_file(file);
  write_file_atomically(file, bytes + hooks::framed("more").substr(0, 17));
  resume("run", with);
  EXPECT_EQ(read_file(file), bytes);
  EXPECT_EQ(curve(read_events(events_of("run")), "loss/seg").size(), 6u);
}

// One that was killed before its first checkpoint leaves points that are not this run's.
TEST_F(TensorBoardTest, ARunThatBeginsAnewBeginsAnEmptyFolder) {
  const auto with = settings("every_steps: 1 images: 0");
  TinyRun stopped(folder_ / "run", with);
  kill_at(stopped, &FakeHook::at_after_step, 85,
          [](const tasuki::Run& run) { return run.step == 2; });
  EXPECT_THROW(stopped.train(), Killed);
  EXPECT_EQ(curve(read_events(events_of("run")), "loss/seg").size(), 2u);
  TinyRun(folder_ / "run", with).train();
  EXPECT_EQ(testing::event_files(events_of("run")).size(), 1u);
  EXPECT_EQ(curve(read_events(events_of("run")), "loss/seg").size(), 6u);
}

// Files are read in the order of their names, whatever the clock says.
TEST_F(TensorBoardTest, ALaterFileHasALaterName) {
  const auto with = settings("every_steps: 1 images: 0");
  TinyRun(folder_ / "run", settings("every_steps: 1 images: 0", {"train.epochs=1"})).train();
  const auto file = testing::event_files(events_of("run")).at(0);
  const auto future = events_of("run") / "events.out.tfevents.9000000000.host.1.0";
  std::filesystem::rename(file, future);
  resume("run", with);
  EXPECT_THAT(testing::event_files(events_of("run")), ElementsAre(future, ::testing::_));
}

// Of the average, which is what was evaluated.
TEST_F(TensorBoardTest, PicturesAreOfTheWeightsThatAreEvaluated) {
  TinyRun tiny(folder_ / "run",
               settings("images: 1", {"train.epochs=1", "train.optimizer.lr=0.05",
                                      "data.loader.eval_batch_size=1",
                                      "train.hook[ema].hook=[tasuki/EMA]{decay: 0.99}"}));
  std::map<int, cv::Mat> drawn;
  const auto draw_at = [&](int priority) {
    auto hook = std::make_unique<FakeHook>();
    hook->at_after_evaluation = [&drawn, priority](tasuki::Run& run) {
      const auto& source = *run.validation_source;
      const auto draw = [&](const PredictedSample& sample) {
        const auto& task = *run.experiment.tasks().at(2)->task;
        const auto range = task.value_range(sample.labels.at("normal"));
        drawn[priority] = task.draw(sample.predictions.at("normal"), range);
      };
      evaluate(run.experiment, source, draw, spread_indices(source.size(), 1));
    };
    const auto after = std::find_if(tiny.hooks.begin(), tiny.hooks.end(),
                                    [&](const NamedHook& h) { return h.priority > priority; });
    tiny.hooks.insert(after, {"draws" + std::to_string(priority), priority, std::move(hook)});
  };
  draw_at(60);  // called before the average is taken out again
  draw_at(10);  // and after
  tiny.train();
  cv::Mat written;
  for (const auto& event : read_events(events_of("run"))) {
    if (!event.tag.ends_with("/normal prediction")) continue;
    const std::vector<unsigned char> png(event.bytes.begin(), event.bytes.end());
    written = cv::imdecode(png, cv::IMREAD_COLOR);
  }
  ASSERT_FALSE(written.empty());
  EXPECT_EQ(cv::norm(written, drawn.at(60), cv::NORM_INF), 0);
  EXPECT_GT(cv::norm(written, drawn.at(10), cv::NORM_INF), 0);
}

TEST_F(TensorBoardTest, TheRunStaysTheSame) {
  TinyRun with(folder_ / "with", settings("every_steps: 1 images: 2")),
      without(folder_ / "without");
  with.train();
  without.train();
  EXPECT_EQ(testing::history_of(folder_ / "with"), testing::history_of(folder_ / "without"));
  EXPECT_EQ(
      testing::first_difference(testing::weights_of(with.run), testing::weights_of(without.run)),
      "");
}

TEST_F(TensorBoardTest, AFolderThatCanNotBeWrittenIsAnErrorWithItsReason) {
  write_file_atomically(folder_ / "run" / "tensorboard", "a file");
  TinyRun tiny(folder_ / "run", settings(""));
  try {
    tiny.train();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr((folder_ / "run" / "tensorboard").string()));
    EXPECT_THAT(error.what(), HasSubstr("can't be written"));
  }
}

}  // namespace
}  // namespace tasuki
