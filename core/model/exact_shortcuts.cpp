#include "tasuki/model/exact_shortcuts.h"

#include <google/protobuf/any.pb.h>

namespace tasuki {
namespace {

using google::protobuf::Any;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The options that have the switch, wherever they are within a message.
class Finder {
 public:
  void look(const Message& message, const std::string& path) {
    if (message.GetDescriptor() == Any::descriptor()) {
      const auto& any = static_cast<const Any&>(message);
      if (!any.type_url().empty()) look(*Registry::instance().unpack(any), path);
      return;
    }
    if (message.GetDescriptor()->FindFieldByName("exact_shortcuts") != nullptr) {
      assignments.push_back(path + ".exact_shortcuts=false");
    }
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const auto* field : fields) {
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
      look_at_field(message, field, path + "." + field->name());
    }
  }

  std::vector<std::string> assignments;

 private:
  void look_at_field(const Message& message, const FieldDescriptor* field,
                     const std::string& path) {
    const auto* reflection = message.GetReflection();
    if (!field->is_repeated()) return look(reflection->GetMessage(message, field), path);
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      look(reflection->GetRepeatedMessage(message, field, i), path + "[" + std::to_string(i) + "]");
    }
  }
};

}  // namespace

std::vector<std::string> without_shortcuts(const ResolvedConfig& config) {
  Finder finder;
  const auto& model = config.message().model();
  for (const auto& task : model.task()) {
    finder.look(task.decoder(), "model.task[" + task.name() + "].decoder");
  }
  for (const auto& decoder : model.decoder()) {
    finder.look(decoder.kind(), "model.decoder[" + decoder.name() + "].kind");
  }
  for (int i = 0; i < model.self_auxiliary_size(); ++i) {
    finder.look(model.self_auxiliary(i), "model.self_auxiliary[" + std::to_string(i) + "]");
  }
  return finder.assignments;
}

}  // namespace tasuki
