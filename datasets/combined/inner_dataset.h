#pragma once

#include <google/protobuf/any.pb.h>
#include <google/protobuf/repeated_field.h>

#include <memory>
#include <string>
#include <vector>

#include "tasuki/data/dataset.h"
#include "tasuki/registry/registry.h"

namespace tasuki::combined {

// The data set that an option `field` describes. OptionError located inside of it.
std::unique_ptr<Dataset> make_inner(const google::protobuf::Any& options, const std::string& field,
                                    const Dataset::Context& context);

// The splits that a list names, all of the data set's where it is empty. OptionError (`field`) for
// one that the data set does not have.
std::vector<std::string> chosen_splits(
    const Dataset& dataset, const google::protobuf::RepeatedPtrField<std::string>& listed,
    const std::string& field);

// The Error (kData) for an index beyond a split.
Error no_such_sample(const std::string& split, size_t index, size_t size);

}  // namespace tasuki::combined
