#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tasuki/config/config.h"
#include "tasuki/study/selection.h"

namespace tasuki {

// The plugins that a study puts into configs and finds again in them, by name and options out of a
// base config: model.self_auxiliary has a policy that takes `edge { from: to: }` and one that takes
// `file`, a selection; train.weighting is that of trials; train.hook has one hook that takes
// `every` and writes affinity.jsonl.
class StudyBase {
 public:
  // Error (kUsage), located in the file: where a part is missing, is there twice or has no such
  // option, and where the file sets anything else.
  explicit StudyBase(const std::filesystem::path& file);

  // The base config as it was resolved.
  const ResolvedConfig& config() const { return config_; }

  // A policy of these transfers, and one that reads them from a file.
  google::protobuf::Any transfers(const std::vector<Edge>& edges) const;
  google::protobuf::Any selection(const std::filesystem::path& file) const;
  const google::protobuf::Any& weighting() const { return config_.message().train().weighting(); }
  // The hook, which measures every so many steps.
  HookConfig affinity(uint32_t every) const;

  // The file that a config's policy reads; nothing where it is no such policy.
  std::optional<std::filesystem::path> selection_file(const google::protobuf::Any& policy) const;
  // Whether a config's hook is one that measures affinities.
  bool measures_affinity(const HookConfig& hook) const;
  // "tasuki/FromSearch" and "tasuki/Affinity", for messages.
  const std::string& selection_name() const;
  const std::string& affinity_name() const;

 private:
  ResolvedConfig config_;
};

// The base config that Tasuki comes with: configs/_base_/study.pbtxt.
std::filesystem::path default_study_base();

// The base's text in the folder of a search or a comparison.
inline constexpr const char* kStudyBaseFile = "study.pbtxt";
// In what the base is another than the one that such a folder was begun with, "" where it is the
// same. Folders of versions that kept none were begun with the default one.
std::string study_base_change(const std::filesystem::path& folder, const StudyBase& base);

}  // namespace tasuki
