#pragma once

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <vector>

namespace tasuki {

bool is_any(const google::protobuf::Descriptor* type);
// `message` as what it is; it must be an Any.
google::protobuf::Any& as_any(google::protobuf::Message& message);
const google::protobuf::Any& as_any(const google::protobuf::Message& message);
bool holds_any(const google::protobuf::FieldDescriptor* field);
bool holds_messages(const google::protobuf::FieldDescriptor* field);

// The field by which elements of a list of this type are told apart: a singular string called
// `name`. nullptr: the type has none.
const google::protobuf::FieldDescriptor* name_field(const google::protobuf::Descriptor* type);
// A repeated message with a `name`: merged and indexed by it.
bool is_named_list(const google::protobuf::FieldDescriptor* field);
std::string name_of(const google::protobuf::Message& element);

// The key that stands in [] for an element: its name, or its position.
std::string element_key(const google::protobuf::Message& message,
                        const google::protobuf::FieldDescriptor* field, int index);
// Position of the element with this key, -1 when there is none.
int find_element(const google::protobuf::Message& message,
                 const google::protobuf::FieldDescriptor* field, const std::string& key);

// Names of a type's fields, in the order of the .proto file.
std::vector<std::string> field_names(const google::protobuf::Descriptor* type);
// "uint32", "message", "plugin", "A, B or C" of an enum; as messages call it.
std::string type_text(const google::protobuf::FieldDescriptor* field);

// Sets one field of `to` to what it is in `from`, of the same type.
void replace_field(google::protobuf::Message& to, const google::protobuf::Message& from,
                   const google::protobuf::FieldDescriptor* field);
// A new message for a message field.
std::unique_ptr<google::protobuf::Message> new_value(
    const google::protobuf::Message& parent, const google::protobuf::FieldDescriptor* field);
// Stores options in an Any, its registered name kept; the same options give the same bytes.
void pack(google::protobuf::Any& any, const google::protobuf::Message& options);

// `path` with positions in named lists replaced by names, as far as it leads somewhere.
std::string canonical_path(const google::protobuf::Message& message, const std::string& path);

}  // namespace tasuki
