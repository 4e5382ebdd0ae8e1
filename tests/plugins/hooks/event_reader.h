#pragma once

#include <google/protobuf/empty.pb.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "plugins/hooks/record_file.h"
#include "tasuki/io/files.h"

// A reader of event files by the numbers of fields alone, those of TensorFlow's event.proto and
// summary.proto, so that it shares no message with the writer.
namespace tasuki::testing {

using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

struct EventValue {
  int64_t step = 0;
  std::string tag;
  int kind = 0;       // the field's number: 2 scalar, 4 image, 8 tensor
  double number = 0;  // of a scalar
  std::string bytes;  // PNG, or text
  bool operator==(const EventValue&) const = default;
};

// A message that knows no field of its own.
inline google::protobuf::Empty message_of(std::string_view bytes) {
  google::protobuf::Empty message;
  if (!message.ParseFromArray(bytes.data(), int(bytes.size()))) {
    throw std::runtime_error("no message of Protobuf");
  }
  return message;
}

inline const UnknownFieldSet& fields_of(const google::protobuf::Empty& message) {
  return message.GetReflection()->GetUnknownFields(message);
}

// The bytes of its fields of one number.
inline std::vector<std::string> parts_of(const google::protobuf::Empty& message, int number) {
  const auto& fields = fields_of(message);
  std::vector<std::string> found;
  for (int i = 0; i < fields.field_count(); ++i) {
    const auto& field = fields.field(i);
    if (field.number() == number && field.type() == UnknownField::TYPE_LENGTH_DELIMITED) {
      found.push_back(field.length_delimited());
    }
  }
  return found;
}

inline EventValue event_value(int64_t step, const std::string& bytes) {
  EventValue value;
  value.step = step;
  const auto message = message_of(bytes);
  const auto& fields = fields_of(message);
  for (int i = 0; i < fields.field_count(); ++i) {
    const auto& field = fields.field(i);
    const int number = field.number();
    if (number == 1) value.tag = field.length_delimited();
    if (number == 2) value.number = std::bit_cast<float>(field.fixed32());
    if (number == 4) value.bytes = parts_of(message_of(field.length_delimited()), 4).at(0);
    if (number == 8) value.bytes = parts_of(message_of(field.length_delimited()), 8).at(0);
    if (number == 2 || number == 4 || number == 8) value.kind = number;
  }
  return value;
}

inline std::vector<std::filesystem::path> event_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& item : std::filesystem::directory_iterator(folder)) files.push_back(item.path());
  std::sort(files.begin(), files.end());
  return files;
}

// All values of a folder's files in their order, each file read to its end.
inline std::vector<EventValue> read_events(const std::filesystem::path& folder) {
  std::vector<EventValue> values;
  for (const auto& file : event_files(folder)) {
    const auto bytes = read_file(file);
    const auto records = hooks::read_records(bytes);
    if (records.empty() || records.back().end != bytes.size()) {
      throw std::runtime_error(file.string() + " has damaged records");
    }
    for (const auto& record : records) {
      const auto event = message_of(record.data);
      const auto& fields = fields_of(event);
      int64_t step = 0;
      for (int i = 0; i < fields.field_count(); ++i) {
        if (fields.field(i).number() == 2) step = int64_t(fields.field(i).varint());
      }
      for (const auto& summary : parts_of(event, 5)) {
        for (const auto& value : parts_of(message_of(summary), 1)) {
          values.push_back(event_value(step, value));
        }
      }
    }
  }
  return values;
}

}  // namespace tasuki::testing
