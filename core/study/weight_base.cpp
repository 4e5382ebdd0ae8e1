#include "tasuki/study/weight_base.h"

#include "tasuki/config/base_configs.h"
#include "tasuki/config/reflect.h"
#include "tasuki/config/writer.h"

namespace tasuki {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const FieldDescriptor* single_field(const FieldDescriptor& list, const char* name,
                                    FieldDescriptor::CppType type) {
  const auto* field = list.message_type()->FindFieldByName(name);
  const bool fits = field != nullptr && !field->is_repeated() && field->cpp_type() == type;
  return fits ? field : nullptr;
}

// A list of messages that each have a string `objective` and a double `value`.
const FieldDescriptor* find_weights(const Message& options) {
  const auto* list = options.GetDescriptor()->FindFieldByName("weight");
  if (list == nullptr || !list->is_repeated() ||
      list->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    return nullptr;
  }
  const bool fits = single_field(*list, "objective", FieldDescriptor::CPPTYPE_STRING) != nullptr &&
                    single_field(*list, "value", FieldDescriptor::CPPTYPE_DOUBLE) != nullptr;
  return fits ? list : nullptr;
}

// What is set beside the weighting would be ignored.
void check_nothing_else(const ResolvedConfig& config) {
  Config rest = config.given();
  rest.clear_name();
  rest.mutable_train()->clear_weighting();
  if (rest.train().ByteSizeLong() == 0) rest.clear_train();
  const std::string text = write_text(rest);
  if (text.empty()) return;
  throw Error(ErrorKind::kUsage, config.file() +
                                     ": a base config of tunings sets train.weighting alone, and "
                                     "this one also:\n" +
                                     text);
}

}  // namespace

WeightBase::WeightBase(const std::filesystem::path& file) : config_(load_config(file)) {
  check_nothing_else(config_);
  const auto& train = config_.given().train();
  if (train.has_weighting() &&
      find_weights(*Registry::instance().unpack(train.weighting())) != nullptr) {
    return;
  }
  throw config_.error("train.weighting",
                      "a tuning needs a weighting that takes `weight { objective: value: }`");
}

google::protobuf::Any WeightBase::weighting(const std::map<std::string, double>& weights) const {
  auto weighting = config_.given().train().weighting();
  const auto options = Registry::instance().unpack(weighting);
  const auto* list = find_weights(*options);
  for (const auto& [objective, weight] : weights) {
    auto& added = *options->GetReflection()->AddMessage(options.get(), list);
    const auto* reflection = added.GetReflection();
    reflection->SetString(&added, single_field(*list, "objective", FieldDescriptor::CPPTYPE_STRING),
                          objective);
    reflection->SetDouble(&added, single_field(*list, "value", FieldDescriptor::CPPTYPE_DOUBLE),
                          weight);
  }
  pack(weighting, *options);
  return weighting;
}

std::filesystem::path default_weight_base() {
  return base_config_file("tune.pbtxt");
}

}  // namespace tasuki
