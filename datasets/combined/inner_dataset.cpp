#include "datasets/combined/inner_dataset.h"

namespace tasuki::combined {

std::unique_ptr<Dataset> make_inner(const google::protobuf::Any& options, const std::string& field,
                                    const Dataset::Context& context) {
  require_option(!options.type_url().empty(), field,
                 "no Dataset is named here; write dataset { [tasuki/Folder] {...} }");
  try {
    return Registry::instance().create<Dataset>(options, context);
  } catch (const OptionError& wrong) {
    throw OptionError(wrong.field().empty() ? field : field + "." + wrong.field(), wrong.problem());
  }
}

std::vector<std::string> chosen_splits(
    const Dataset& dataset, const google::protobuf::RepeatedPtrField<std::string>& listed,
    const std::string& field) {
  if (listed.empty()) return dataset.splits();
  for (int i = 0; i < listed.size(); ++i) {
    require_option(has_split(dataset, listed[i]), field + "[" + std::to_string(i) + "]",
                   unknown_split(listed[i], dataset.splits()).what());
  }
  return {listed.begin(), listed.end()};
}

Error no_such_sample(const std::string& split, size_t index, size_t size) {
  return Error(ErrorKind::kData, "sample " + std::to_string(index) + " of split \"" + split +
                                     "\": it has " + std::to_string(size) + " samples");
}

}  // namespace tasuki::combined
