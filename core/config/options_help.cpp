#include "tasuki/config/options_help.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>

#include <algorithm>
#include <boost/algorithm/string/join.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tasuki/config/field_options.pb.h"
#include "tasuki/config/field_schema.h"

namespace tasuki {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;

class SilentCollector : public DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string&, const std::string&, const google::protobuf::Message*,
                ErrorLocation, const std::string&) override {}
};

// The module's .proto files once more, this time with their comments, which the generated code
// leaves out; files they import come from the program.
class CommentedPool {
 public:
  explicit CommentedPool(const std::string& library)
      : program_(*DescriptorPool::generated_pool()),
        both_(&module_, &program_),
        pool_(&both_, &silent_) {
    if (library.empty()) return;
    std::ifstream in(std::filesystem::path(library).replace_extension(".descriptors.pb"),
                     std::ios::binary);
    google::protobuf::FileDescriptorSet files;
    if (!in || !files.ParseFromIstream(&in)) return;
    for (const auto& file : files.file()) module_.Add(file);
  }

  // The same message with comments, or as it is where the file doesn't describe it.
  const Descriptor& find(const Descriptor& message) const {
    const auto* commented = pool_.FindMessageTypeByName(message.full_name());
    return commented == nullptr ? message : *commented;
  }

 private:
  SilentCollector silent_;
  google::protobuf::SimpleDescriptorDatabase module_;
  google::protobuf::DescriptorPoolDatabase program_;
  google::protobuf::MergedDescriptorDatabase both_;
  DescriptorPool pool_;
};

std::string as_paragraphs(const std::string& comment) {
  std::istringstream lines(comment);
  std::vector<std::string> paragraphs;
  bool goes_on = false;
  for (std::string line; std::getline(lines, line);) {
    boost::algorithm::trim_right(line);
    if (line.starts_with(' ')) line.erase(0, 1);  // between the slashes and the text
    const bool stays = line.starts_with("  ");
    if (goes_on && !stays && !line.empty()) {
      paragraphs.back() += " " + boost::algorithm::trim_left_copy(line);
    } else if (!line.empty()) {
      paragraphs.push_back(line);
    }
    goes_on = !stays && !line.empty();
  }
  return boost::algorithm::join(paragraphs, "\n");
}

template <class Described>
std::string comment_of(const Described& described) {
  google::protobuf::SourceLocation location;
  if (!described.GetSourceLocation(&location)) return "";
  return as_paragraphs(location.leading_comments + location.trailing_comments);
}

// What the comments say of an enum's values, a line each; "" where they say nothing.
std::string values_comment(const FieldDescriptor& field) {
  std::string lines;
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_ENUM) return lines;
  for (int i = 0; i < field.enum_type()->value_count(); ++i) {
    const auto& value = *field.enum_type()->value(i);
    auto comment = comment_of(value);
    std::replace(comment.begin(), comment.end(), '\n', ' ');
    if (!comment.empty()) lines += (lines.empty() ? "" : "\n") + value.name() + ": " + comment;
  }
  return lines;
}

std::string field_comment(const FieldDescriptor& field) {
  const auto own = comment_of(field), values = values_comment(field);
  return own + (own.empty() || values.empty() ? "" : "\n") + values;
}

std::string value_type(const FieldDescriptor& field) {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    const bool plugin = field.message_type()->full_name() == "google.protobuf.Any";
    return plugin ? "plugin" : "message";
  }
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_ENUM) return field.type_name();
  std::vector<std::string> values;
  for (int i = 0; i < field.enum_type()->value_count(); ++i) {
    values.push_back(field.enum_type()->value(i)->name());
  }
  return "enum {" + boost::algorithm::join(values, ", ") + "}";
}

std::string full_type(const FieldDescriptor& field) {
  if (field.is_map()) {
    const auto* entry = field.message_type();
    return "map<" + value_type(*entry->map_key()) + ", " + value_type(*entry->map_value()) + ">";
  }
  return (field.is_repeated() ? "repeated " : "") + value_type(field);
}

// `above`: the messages that this one is inside of.
std::vector<OptionHelp> describe(const Descriptor& message, std::vector<const Descriptor*> above) {
  above.push_back(&message);
  std::vector<OptionHelp> fields;
  for (int i = 0; i < message.field_count(); ++i) {
    const auto& field = *message.field(i);
    fields.push_back({field.name(),
                      full_type(field),
                      default_text(&field),
                      range_text(&field),
                      field.options().GetExtension(schema::unit),
                      plugin_kind(&field),
                      field.options().GetExtension(schema::required),
                      field_comment(field),
                      {}});
    const auto* inner =
        field.is_map() ? field.message_type()->map_value()->message_type() : field.message_type();
    const bool opaque = inner == nullptr || inner->full_name() == "google.protobuf.Any";
    if (opaque || std::count(above.begin(), above.end(), inner) > 0) continue;
    fields.back().nested = describe(*inner, above);
  }
  return fields;
}

}  // namespace

std::vector<OptionHelp> describe_options(const Descriptor& options, const std::string& library) {
  const CommentedPool pool(library);
  return describe(pool.find(options), {});
}

std::string plugin_comment(const Descriptor& options, const std::string& library) {
  const CommentedPool pool(library);
  return comment_of(pool.find(options));
}

}  // namespace tasuki
