#include "tasuki/study/study_base.h"

#include "tasuki/config/base_configs.h"
#include "tasuki/config/config_change.h"
#include "tasuki/config/reflect.h"
#include "tasuki/config/writer.h"
#include "tasuki/io/files.h"

namespace tasuki {
namespace {

using google::protobuf::Any;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const FieldDescriptor* find_option(const Message& options, const std::string& name,
                                   FieldDescriptor::CppType type, bool repeated) {
  const auto* field = options.GetDescriptor()->FindFieldByName(name);
  const bool fits =
      field != nullptr && field->cpp_type() == type && field->is_repeated() == repeated;
  return fits ? field : nullptr;
}

// A list of messages that each have two strings, `from` and `to`.
const FieldDescriptor* find_edges(const Message& options) {
  const auto* edges = find_option(options, "edge", FieldDescriptor::CPPTYPE_MESSAGE, true);
  if (edges == nullptr) return nullptr;
  for (const char* end : {"from", "to"}) {
    const auto* field = edges->message_type()->FindFieldByName(end);
    if (field == nullptr || field->is_repeated() ||
        field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
      return nullptr;
    }
  }
  return edges;
}

const FieldDescriptor* find_file(const Message& options) {
  return find_option(options, "file", FieldDescriptor::CPPTYPE_STRING, false);
}

const FieldDescriptor* find_every(const Message& options) {
  return find_option(options, "every", FieldDescriptor::CPPTYPE_UINT32, false);
}

void set_string(Message& message, const std::string& field, const std::string& value) {
  message.GetReflection()->SetString(&message, message.GetDescriptor()->FindFieldByName(field),
                                     value);
}

// The one policy of a base config whose options `find` finds something in.
template <class Find>
const Any& only_policy(const ResolvedConfig& config, const std::string& wanted, Find find) {
  const Any* found = nullptr;
  for (const auto& policy : config.given().model().self_auxiliary()) {
    if (find(*Registry::instance().unpack(policy)) == nullptr) continue;
    if (found != nullptr) {
      throw config.error("model.self_auxiliary", "two policies take " + wanted + "; leave one");
    }
    found = &policy;
  }
  if (found != nullptr) return *found;
  throw config.error("model.self_auxiliary",
                     "a study needs a policy that takes " + wanted + ", and there is none");
}

const Any& edges_policy(const ResolvedConfig& config) {
  return only_policy(config, "`edge { from: to: }`", find_edges);
}

const Any& file_policy(const ResolvedConfig& config) {
  return only_policy(config, "`file`", find_file);
}

// What is set beside the parts would be ignored.
void check_rest(const ResolvedConfig& config) {
  Config rest = config.given();
  rest.clear_name();
  rest.mutable_model()->clear_self_auxiliary();
  rest.mutable_train()->clear_weighting();
  rest.mutable_train()->clear_hook();
  if (rest.model().ByteSizeLong() == 0) rest.clear_model();
  if (rest.train().ByteSizeLong() == 0) rest.clear_train();
  const std::string text = write_text(rest);
  if (text.empty()) return;
  throw Error(ErrorKind::kUsage, config.file() +
                                     ": a base config of studies sets model.self_auxiliary, "
                                     "train.weighting and train.hook alone, and this one also:\n" +
                                     text);
}

}  // namespace

StudyBase::StudyBase(const std::filesystem::path& file) : config_(load_config(file)) {
  check_rest(config_);
  edges_policy(config_);
  file_policy(config_);
  const auto& train = config_.given().train();
  if (!train.has_weighting()) {
    throw config_.error("train.weighting", "a study needs the weighting of its trials");
  }
  if (train.hook_size() != 1 ||
      find_every(*Registry::instance().unpack(train.hook(0).hook())) == nullptr) {
    throw config_.error("train.hook",
                        "a study needs one hook, which measures affinities and takes `every`");
  }
}

Any StudyBase::transfers(const std::vector<Edge>& edges) const {
  Any policy = edges_policy(config_);
  const auto options = Registry::instance().unpack(policy);
  const auto* field = find_edges(*options);
  for (const auto& edge : edges) {
    auto& added = *options->GetReflection()->AddMessage(options.get(), field);
    set_string(added, "from", edge.from);
    set_string(added, "to", edge.to);
  }
  pack(policy, *options);
  return policy;
}

Any StudyBase::selection(const std::filesystem::path& file) const {
  Any policy = file_policy(config_);
  const auto options = Registry::instance().unpack(policy);
  options->GetReflection()->SetString(options.get(), find_file(*options), file.string());
  pack(policy, *options);
  return policy;
}

HookConfig StudyBase::affinity(uint32_t every) const {
  HookConfig hook = config_.given().train().hook(0);
  const auto options = Registry::instance().unpack(hook.hook());
  options->GetReflection()->SetUInt32(options.get(), find_every(*options), every);
  pack(*hook.mutable_hook(), *options);
  return hook;
}

std::optional<std::filesystem::path> StudyBase::selection_file(const Any& policy) const {
  if (policy.type_url() != selection_name()) return {};
  const auto options = Registry::instance().unpack(policy);
  return options->GetReflection()->GetString(*options, find_file(*options));
}

bool StudyBase::measures_affinity(const HookConfig& hook) const {
  return hook.hook().type_url() == affinity_name();
}

const std::string& StudyBase::selection_name() const {
  return file_policy(config_).type_url();
}

const std::string& StudyBase::affinity_name() const {
  return config_.given().train().hook(0).hook().type_url();
}

std::filesystem::path default_study_base() {
  return base_config_file("study.pbtxt");
}

std::string study_base_change(const std::filesystem::path& folder, const StudyBase& base) {
  const auto file = folder / kStudyBaseFile;
  const auto kept = std::filesystem::exists(file)
                        ? read_file(file)
                        : StudyBase(default_study_base()).config().given_text();
  return config_change(kept, base.config().given_text(), "the base of the study");
}

}  // namespace tasuki
