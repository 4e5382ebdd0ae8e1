#include "tasuki/engine/config_difference.h"

#include <google/protobuf/message.h>

#include <optional>

#include "tasuki/config/config_change.h"
#include "tasuki/config/config_query.h"
#include "tasuki/config/field_options.pb.h"
#include "tasuki/config/reflect.h"
#include "tasuki/config/writer.h"
#include "tasuki/engine/trainer.h"

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

// Gives every field of `to` that changes no result by its .proto file the value that `from` has.
void take_what_changes_no_result(Message& to, const Message& from) {
  const auto* type = to.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    if (field->options().GetExtension(schema::changes_no_results)) {
      replace_field(to, from, field);
    } else if (!field->is_repeated() && holds_messages(field) && !holds_any(field) &&
               (to.GetReflection()->HasField(to, field) ||
                from.GetReflection()->HasField(from, field))) {
      take_what_changes_no_result(*to.GetReflection()->MutableMessage(&to, field),
                                  from.GetReflection()->GetMessage(from, field));
    }
  }
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
  take_what_changes_no_result(alike, now.message());
  const auto hooks = acting_hooks(before);
  if (hooks && hooks == acting_hooks(now)) take(*alike.mutable_train(), train, {"hook"});
  take(*alike.mutable_train(), train, {"threads", "device", "precision", "epochs"});
  difference.results = config_change(write_text(alike), now.text());
  return difference;
}

}  // namespace tasuki
