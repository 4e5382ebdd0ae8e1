#include "tests/core/registry/modules/constant_kind.h"

namespace tasuki::test {
TASUKI_REGISTER(FieldKind, ConstantKind<3>, google::protobuf::Empty, "test/first");
}  // namespace tasuki::test
