#include "tests/core/study/study_folder.h"

#include "tasuki/io/files.h"

namespace tasuki::testing {

StudyFolder::StudyFolder() {
  write("tiny.pbtxt", R"(name: "tiny"
data {
  dataset { [tasuki/Rooms] { height: 32 width: 40 train_size: 6 val_size: 3 test_size: 3 } }
  train_pipeline { [tasuki/Normalize] {} }
  eval_pipeline { [tasuki/Normalize] {} }
  loader { batch_size: 2 eval_batch_size: 1 workers: 1 }
}
model {
  encoder { [tasuki/ResNet] { depth: 18 layers: 2 } }
  architecture { [tasuki/Branched] { shared_stages: 2 } }
  task { name: "seg" kind { [tasuki/Segmentation] { classes: 13 } } decoder { [tasuki/FCNHead] { channels: 8 } } }
  task { name: "depth" kind { [tasuki/Depth] {} } decoder { [tasuki/FCNHead] { channels: 8 } } }
  task { name: "normal" kind { [tasuki/Normals] {} } decoder { [tasuki/FCNHead] { channels: 8 } } }
}
train {
  epochs: 2
  precision: FP32
  optimizer { [tasuki/SGD] { lr: 0.01 momentum: 0 } }
  schedule { [tasuki/Cosine] {} }
  weighting { [tasuki/DWA] {} }
}
)");
  write("two.pbtxt", "base: \"tiny.pbtxt\"\nremove: \"model.task[normal]\"\nname: \"two\"\n");
}

void StudyFolder::write(const std::string& name, const std::string& text) const {
  write_file_atomically(path(name), text);
}

std::string StudyFolder::read(const std::string& name) const {
  return read_file(path(name));
}

Decision StudyFolder::search_in(const std::string& folder, SearchOptions options,
                                const std::vector<std::string>& assignments,
                                const std::string& config) {
  options.work_dir = path(folder);
  std::ostringstream out;
  try {
    auto decision = search(load_config(path(config), assignments), options, runner_, out);
    said_ = out.str();
    return decision;
  } catch (...) {
    said_ = out.str();
    throw;
  }
}

Comparison StudyFolder::compare_in(const std::string& folder,
                                   const std::vector<std::string>& configs, CompareOptions options,
                                   const std::vector<std::string>& assignments) {
  options.work_dir = path(folder);
  std::vector<ResolvedConfig> loaded;
  for (const auto& config : configs) loaded.push_back(load_config(path(config), assignments));
  std::ostringstream out;
  auto comparison = compare(loaded, options, runner_, out);
  said_ = out.str();
  return comparison;
}

std::string StudyFolder::refusal(ErrorKind kind, const std::function<void()>& call) const {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(int(error.kind()), int(kind)) << error.what();
    return error.what();
  }
  return "not refused";
}

std::vector<std::string> StudyFolder::take_trained() {
  return std::exchange(runner_.trained, {});
}

SearchOptions everything() {
  SearchOptions options;
  options.margin = -1000;
  options.verdict_seeds = 0;
  return options;
}

}  // namespace tasuki::testing
