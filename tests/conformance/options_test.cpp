#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>

#include <cmath>
#include <limits>
#include <map>

#include "tasuki/config/config.h"
#include "tasuki/config/defaults.h"
#include "tasuki/config/field_options.pb.h"
#include "tasuki/config/field_schema.h"
#include "tasuki/config/writer.h"
#include "tests/conformance/registered.h"

namespace tasuki::conformance {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using ::testing::HasSubstr;

// Where a config holds a plugin of each kind; @ stands for it. Field kinds take no options and are
// named by data sets, so no config holds one.
const std::map<std::string, std::string>& places() {
  static const std::map<std::string, std::string> kPlaces = {
      {"Architecture", "model { architecture { @ } }"},
      {"BatchTransform", "data { batch_transform { @ } }"},
      {"Collate", "data { collate { @ } }"},
      {"CrossTaskDecoder", "model { decoder { name: \"a\" kind { @ } } }"},
      {"Dataset", "data { dataset { @ } }"},
      {"Decoder", "model { task { name: \"a\" decoder { @ } } }"},
      {"Encoder", "model { encoder { @ } }"},
      {"FieldKind", ""},
      {"Hook", "train { hook { name: \"a\" hook { @ } } }"},
      {"Loss", "model { task { name: \"a\" loss { kind { @ } } } }"},
      {"Metric", "model { task { name: \"a\" metric { @ } } }"},
      {"Norm", "model { norm { @ } }"},
      {"Optimizer", "train { optimizer { @ } }"},
      {"Sampler", "data { sampler { @ } }"},
      {"Schedule", "train { schedule { @ } }"},
      {"SelfAuxiliary", "model { self_auxiliary { @ } }"},
      {"Task", "model { task { name: \"a\" kind { @ } } }"},
      {"Transform", "data { train_pipeline { @ } }"},
      {"Weighting", "train { weighting { @ } }"}};
  return kPlaces;
}

std::vector<std::string> every_name() {
  std::vector<std::string> names;
  for (const auto& kind : Registry::instance().kinds()) {
    if (kind == "FieldKind") continue;
    for (const auto& name : Registry::instance().names(kind)) names.push_back(name);
  }
  return names;
}

std::string config_text(const std::string& name, const std::string& options) {
  const auto& kind = Registry::instance().find(name).kind;
  std::string text = places().at(kind);
  return text.replace(text.find('@'), 1, "[" + name + "] { " + options + " }");
}

// The plugin that a config of config_text holds, wherever in the message it is.
const google::protobuf::Any* find_any(const Message& message) {
  if (message.GetDescriptor() == google::protobuf::Any::descriptor()) {
    return static_cast<const google::protobuf::Any*>(&message);
  }
  std::vector<const FieldDescriptor*> fields;
  const auto* reflection = message.GetReflection();
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->type() != FieldDescriptor::TYPE_MESSAGE) continue;
    const auto& inner = field->is_repeated() ? reflection->GetRepeatedMessage(message, field, 0)
                                             : reflection->GetMessage(message, field);
    if (const auto* found = find_any(inner)) return found;
  }
  return nullptr;
}

// A number near `wanted` that the field may have.
double within_range(const FieldDescriptor* field, double wanted) {
  const auto& options = field->options();
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) return wanted;
  if (options.ExtensionSize(schema::allowed) > 0) {
    return std::stod(options.GetExtension(schema::allowed, 0));
  }
  const double infinite = std::numeric_limits<double>::infinity();
  const double low = options.HasExtension(schema::min)     ? options.GetExtension(schema::min)
                     : options.HasExtension(schema::above) ? options.GetExtension(schema::above)
                                                           : -infinite;
  const double high = options.HasExtension(schema::max)     ? options.GetExtension(schema::max)
                      : options.HasExtension(schema::below) ? options.GetExtension(schema::below)
                                                            : infinite;
  if (low < wanted && wanted < high) return wanted;
  if (high == infinite) return low + 1 / 7.0;
  return low == -infinite ? high - 1 : low + (high - low) * 5 / 7;
}

// Sets every field, two elements each where repeated, to values that are no defaults and that text
// has to quote or to write with all their digits.
class Filler {
 public:
  void fill(Message& message, const FieldDescriptor* holder = nullptr) {
    const auto* type = message.GetDescriptor();
    // Options that hold a plugin of their own: text format knows it by its name alone.
    if (type == google::protobuf::Any::descriptor()) {
      static_cast<google::protobuf::Any&>(message).set_type_url(
          Registry::instance().names(plugin_kind(holder)).front());
      return;
    }
    for (int i = 0; i < type->field_count(); ++i) {
      const auto* field = type->field(i);
      for (int times = field->is_repeated() ? 2 : 1; times > 0; --times) set(message, field);
    }
  }

 private:
  void set(Message& message, const FieldDescriptor* field) {
    const auto* r = message.GetReflection();
    const bool list = field->is_repeated();
    const double number = within_range(field, ++count_);
    switch (field->cpp_type()) {
#define TASUKI_SET(TYPE, Type, value)                                                   \
  case FieldDescriptor::CPPTYPE_##TYPE:                                                 \
    list ? r->Add##Type(&message, field, value) : r->Set##Type(&message, field, value); \
    break
      TASUKI_SET(INT32, Int32, int32_t(within_range(field, -count_)));
      TASUKI_SET(INT64, Int64, -count_ * (int64_t{1} << 40));
      TASUKI_SET(UINT32, UInt32, uint32_t(std::ceil(number)));
      TASUKI_SET(UINT64, UInt64, uint64_t(count_) << 40);
      TASUKI_SET(DOUBLE, Double, within_range(field, count_ / 7.0));
      TASUKI_SET(FLOAT, Float, float(within_range(field, count_ / 7.0)));
      TASUKI_SET(BOOL, Bool, true);
      TASUKI_SET(STRING, String, text(field));
#undef TASUKI_SET
      case FieldDescriptor::CPPTYPE_ENUM: {
        const auto* last = field->enum_type()->value(field->enum_type()->value_count() - 1);
        list ? r->AddEnum(&message, field, last) : r->SetEnum(&message, field, last);
        break;
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        fill(list ? *r->AddMessage(&message, field) : *r->MutableMessage(&message, field), field);
        break;
    }
    rename(message, field);
  }

  std::string text(const FieldDescriptor* field) const {
    const auto& options = field->options();
    if (options.ExtensionSize(schema::allowed) > 0) {
      return options.GetExtension(schema::allowed, 0);
    }
    return "text \"" + std::to_string(count_) + "\"\n\\ \xc3\xa4";
  }

  // Names of elements are indices of paths: no brackets, quotes or control characters.
  void rename(Message& message, const FieldDescriptor* field) const {
    if (field->name() != "name" || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return;
    if (field->is_repeated()) return;
    message.GetReflection()->SetString(&message, field, "element" + std::to_string(count_));
  }

  int count_ = 0;
};

class Options : public ::testing::TestWithParam<std::string> {};

TEST_P(Options, AllFieldsSurviveAConfig) {
  auto& registry = Registry::instance();
  const std::unique_ptr<Message> options(registry.find(GetParam()).options->New());
  Filler().fill(*options);
  const auto once = parse_config(config_text(GetParam(), write_text(*options)), "once.pbtxt");
  const auto twice = parse_config(once.text(), "twice.pbtxt");
  const auto* any = find_any(twice.message());
  ASSERT_NE(any, nullptr);
  EXPECT_EQ(any->type_url(), GetParam());
  fill_defaults(*options);  // of plugins inside
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*options, *registry.unpack(*any)))
      << once.text();
  EXPECT_EQ(once.text(), twice.text());
}

TEST_P(Options, AnUnknownOptionIsAnErrorThatSaysWhere) {
  try {
    parse_config(config_text(GetParam(), "no_such_option: 1"), "wrong.pbtxt");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("wrong.pbtxt:1:"));
    EXPECT_THAT(error.what(), HasSubstr("no_such_option"));
  }
}

TEST_P(Options, AreNotTakenInAnotherKindsPlace) {
  const auto& kind = Registry::instance().find(GetParam()).kind;
  std::string text = places().at(kind == "Encoder" ? "Optimizer" : "Encoder");
  text.replace(text.find('@'), 1, "[" + GetParam() + "] {}");
  EXPECT_THROW(parse_config(text, "wrong.pbtxt"), Error);
}

TEST_P(Options, CanTellAZeroFromAnAbsentField) {
  const auto& entry = Registry::instance().find(GetParam());
  for (int i = 0; i < entry.options->GetDescriptor()->field_count(); ++i) {
    const auto* field = entry.options->GetDescriptor()->field(i);
    EXPECT_TRUE(field->is_repeated() || field->has_presence()) << field->full_name();
  }
}

INSTANTIATE_TEST_SUITE_P(Every, Options, ::testing::ValuesIn(every_name()), case_name);

TEST(Kinds, AreAllTested) {
  for (const auto& kind : Registry::instance().kinds()) {
    EXPECT_EQ(places().count(kind), 1u) << kind << " has no tests here";
    for (const auto& name : Registry::instance().names(kind)) {
      EXPECT_NE(Registry::instance().find(name, kind).options, nullptr) << name;
    }
  }
}

}  // namespace
}  // namespace tasuki::conformance
