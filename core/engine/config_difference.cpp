#include "core/engine/config_difference.h"

#include <google/protobuf/message.h>

#include <optional>

#include "core/config/config_change.h"
#include "core/config/config_query.h"
#include "core/config/writer.h"
#include "core/engine/trainer.h"

namespace tasuki {
namespace {

using google::protobuf::Message;

// Gives these fields of `to` the values that `from` has, or none.
void take(Message& to, const Message& from, const std::vector<std::string>& names) {
  const std::unique_ptr<Message> copy(from.New());
  copy->CopyFrom(from);
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  for (const auto& name : names) fields.push_back(to.GetDescriptor()->FindFieldByName(name));
  to.GetReflection()->SwapFields(&to, copy.get(), fields);
}

// The hooks that are more than observers, each as its bytes; nothing where they can't be made.
std::optional<std::vector<std::string>> acting_hooks(const ResolvedConfig& config) {
  std::vector<std::string> acting;
  try {
    for (const auto& hook : build_hooks(config)) {
      if (hook.hook->only_observes()) continue;
      for (const auto& described : config.message().train().hook()) {
        if (described.name() == hook.name) acting.push_back(described.SerializeAsString());
      }
    }
  } catch (const Error&) {
    return std::nullopt;
  }
  return acting;
}

void take_what_changes_no_result(Config& to, const ResolvedConfig& before,
                                 const ResolvedConfig& now) {
  const auto& from = now.message();
  take(to, from, {"name"});
  take(*to.mutable_data(), from.data(), {"test_split", "pack"});
  take(*to.mutable_data()->mutable_loader(), from.data().loader(),
       {"eval_batch_size", "workers", "prefetch", "cache_mib"});
  if (!from.data().has_loader() && to.data().loader().ByteSizeLong() == 0) {
    to.mutable_data()->clear_loader();
  }
  const auto hooks = acting_hooks(before);
  if (hooks && hooks == acting_hooks(now)) take(*to.mutable_train(), from.train(), {"hook"});
}

}  // namespace

ConfigDifference config_difference(const ResolvedConfig& before, const ResolvedConfig& now) {
  ConfigDifference difference;
  const auto& old = before.message().train();
  const auto& train = now.message().train();
  const auto note = [&](const std::string& field, const std::string& was, const std::string& is) {
    if (was != is) difference.machine.push_back({field, was, is});
  };
  note("train.threads", std::to_string(old.threads()), std::to_string(train.threads()));
  note("train.device", Device_Name(old.device()), Device_Name(train.device()));
  note("train.precision", Precision_Name(old.precision()), Precision_Name(train.precision()));
  difference.epochs_before = epochs_of(before.message());
  difference.epochs_now = epochs_of(now.message());
  Config alike = before.message();
  take_what_changes_no_result(alike, before, now);
  take(*alike.mutable_train(), train, {"threads", "device", "precision", "epochs"});
  difference.results = config_change(write_text(alike), now.text());
  return difference;
}

}  // namespace tasuki
