// What the .proto files say of every field of a config and of every plugin's options: a default,
// what its absence means, or that it has to be given.
#include <gmock/gmock.h>

#include <set>

#include "tasuki/config/config.h"
#include "tasuki/config/defaults.h"
#include "tasuki/config/field_options.pb.h"
#include "tasuki/config/field_schema.h"
#include "tasuki/config/options_help.h"
#include "tasuki/config/writer.h"
#include "tests/conformance/registered.h"

namespace tasuki::conformance {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The message and those within it, each once.
void collect_types(const Descriptor* type, std::set<const Descriptor*>& types) {
  if (type == google::protobuf::Any::descriptor() || !types.insert(type).second) return;
  for (int i = 0; i < type->field_count(); ++i) {
    if (type->field(i)->message_type() != nullptr) {
      collect_types(type->field(i)->message_type(), types);
    }
  }
}

void expect_says_one_thing(const FieldDescriptor* field) {
  const auto& options = field->options();
  const int said = int(field->has_default_value()) + int(options.HasExtension(schema::absent)) +
                   int(options.GetExtension(schema::required)) +
                   int(options.GetExtension(schema::present));
  const bool message = field->message_type() != nullptr;
  EXPECT_EQ(said, 1) << field->full_name()
                     << " needs a default, the option absent, present or required, one of them";
  EXPECT_TRUE(message || !options.GetExtension(schema::present)) << field->full_name();
}

void expect_fits_its_type(const FieldDescriptor* field) {
  const auto& options = field->options();
  const bool number = field->cpp_type() != FieldDescriptor::CPPTYPE_STRING &&
                      field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE &&
                      field->cpp_type() != FieldDescriptor::CPPTYPE_ENUM &&
                      field->cpp_type() != FieldDescriptor::CPPTYPE_BOOL;
  const bool bounds = options.HasExtension(schema::min) || options.HasExtension(schema::max) ||
                      options.HasExtension(schema::above) || options.HasExtension(schema::below);
  EXPECT_TRUE(number || !bounds) << field->full_name() << " is no number and has bounds";
  EXPECT_FALSE(options.HasExtension(schema::min) && options.HasExtension(schema::above))
      << field->full_name();
  EXPECT_FALSE(options.HasExtension(schema::max) && options.HasExtension(schema::below))
      << field->full_name();
  EXPECT_TRUE(field->is_repeated() || options.ExtensionSize(schema::list) == 0)
      << field->full_name();
  const bool any = field->message_type() == google::protobuf::Any::descriptor();
  EXPECT_EQ(any, !plugin_kind(field).empty()) << field->full_name() << ": which kind of plugin?";
}

void expect_schema(const Descriptor* root) {
  std::set<const Descriptor*> types;
  collect_types(root, types);
  for (const auto* type : types) {
    for (int i = 0; i < type->field_count(); ++i) {
      const auto* field = type->field(i);
      if (!field->is_repeated()) expect_says_one_thing(field);
      expect_fits_its_type(field);
    }
  }
}

// Whether every field has a value that can have one, in messages within too.
void expect_full(const Message& message) {
  const auto* reflection = message.GetReflection();
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    const auto& options = field->options();
    if (field->is_repeated()) {
      const int least = options.ExtensionSize(schema::list);
      EXPECT_GE(reflection->FieldSize(message, field), least) << field->full_name();
      continue;
    }
    const bool open =
        options.HasExtension(schema::absent) || options.GetExtension(schema::required);
    EXPECT_EQ(reflection->HasField(message, field), !open) << field->full_name();
    if (!open && field->message_type() != nullptr) {
      expect_full(reflection->GetMessage(message, field));
    }
  }
}

class Schema : public ::testing::TestWithParam<std::string> {
 protected:
  const RegistryEntry& entry() const { return Registry::instance().find(GetParam()); }
};

std::vector<std::string> names_with_options() {
  std::vector<std::string> names;
  for (const auto& name : Registry::instance().names("")) {
    if (Registry::instance().find(name).kind != "FieldKind") names.push_back(name);
  }
  return names;
}

TEST_P(Schema, SaysWhatEveryFieldIsWhenItIsNotGiven) {
  expect_schema(entry().options->GetDescriptor());
}

TEST_P(Schema, DefaultsFillAllAndAreWithinTheirRanges) {
  const std::unique_ptr<Message> options(entry().options->New());
  fill_defaults(*options);
  expect_full(*options);
  EXPECT_NO_THROW(check_ranges(*options, ""));
  const auto once = write_text(*options);
  EXPECT_TRUE(fill_defaults(*options).empty()) << "a second time there is nothing to fill";
  EXPECT_EQ(write_text(*options), once);
}

TEST_P(Schema, IsPrintedFromTheModulesOwnDescription) {
  const auto* type = entry().options->GetDescriptor();
  const auto help = describe_options(*type, entry().module);
  ASSERT_EQ(int(help.size()), type->field_count());
  for (int i = 0; i < type->field_count(); ++i) {
    EXPECT_EQ(help[size_t(i)].default_text, default_text(type->field(i))) << help[size_t(i)].name;
    EXPECT_EQ(help[size_t(i)].range, range_text(type->field(i))) << help[size_t(i)].name;
    EXPECT_EQ(help[size_t(i)].kind, plugin_kind(type->field(i))) << help[size_t(i)].name;
    EXPECT_THAT(help[size_t(i)].comment, ::testing::Not(::testing::HasSubstr("Default ")))
        << "the default is said twice";
  }
}

INSTANTIATE_TEST_SUITE_P(Every, Schema, ::testing::ValuesIn(names_with_options()), case_name);

TEST(ConfigSchema, SaysWhatEveryFieldIsWhenItIsNotGiven) {
  expect_schema(Config::descriptor());
}

TEST(ConfigSchema, DefaultsFillAllAndAreWithinTheirRanges) {
  const auto config = parse_config("", "empty.pbtxt");
  expect_full(config.message());
  EXPECT_EQ(parse_config(config.text(), "again.pbtxt").text(), config.text());
  EXPECT_EQ(config.given_text(), "");
}

}  // namespace
}  // namespace tasuki::conformance
