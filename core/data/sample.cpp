#include "tasuki/data/sample.h"

#include "tasuki/error/error.h"

namespace tasuki {
namespace {

std::string describe(const cv::Size& size) {
  return std::to_string(size.height) + "x" + std::to_string(size.width);
}

std::string place(const Sample& sample, const std::string& name, const Field& field) {
  return "sample " + sample.id + ", field " + name +
         (field.file.empty() ? "" : " (" + field.file + ")");
}

}  // namespace

const Field& Sample::field(const std::string& name) const {
  const auto found = fields.find(name);
  if (found != fields.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& entry : fields) known.push_back(entry.first);
  throw Error(ErrorKind::kData, "sample " + id + " has no field \"" + name + "\"" +
                                    did_you_mean(name, known) + "; it has: " + join(known));
}

Field& Sample::field(const std::string& name) {
  return const_cast<Field&>(static_cast<const Sample*>(this)->field(name));
}

cv::Size Sample::size() const {
  return field("image").value.size();
}

cv::Rect Sample::content() const {
  const cv::Size whole = size();
  return {padding.left, padding.top, whole.width - padding.left - padding.right,
          whole.height - padding.top - padding.bottom};
}

void check_sample(const Sample& sample) {
  const cv::Size size = sample.size();
  for (const auto& [name, field] : sample.fields) {
    if (field.value.type() != field.kind->mat_type()) {
      throw Error(ErrorKind::kData, place(sample, name, field) + ": pixel type " +
                                        cv::typeToString(field.value.type()) + " where " +
                                        cv::typeToString(field.kind->mat_type()) + " is expected");
    }
    if (field.value.size() != size) {
      throw Error(ErrorKind::kData, place(sample, name, field) + ": size " +
                                        describe(field.value.size()) + ", but the image is " +
                                        describe(size) + " (height x width)");
    }
    const std::string wrong = field.kind->range_error(field.value);
    if (!wrong.empty()) throw Error(ErrorKind::kData, place(sample, name, field) + ": " + wrong);
  }
}

}  // namespace tasuki
