#pragma once

#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include "tasuki/config/parse.h"

namespace tasuki {

// Origin of a place of a text, counted from 0.
Origin origin_at(const TextSource& source, int line, int column);

// Goes over a message as it was parsed, into its plugins' options too: collects where each field
// was set, throws for what text format allows and a config doesn't (see parse_text), and packs
// every plugin's options anew, so that the same options always are the same bytes.
Origins survey(const TextSource& source, google::protobuf::Message& message,
               const google::protobuf::TextFormat::ParseInfoTree& tree);

}  // namespace tasuki
