#include "tests/core/registry/modules/constant_kind.h"

namespace tasuki::test {
TASUKI_REGISTER(FieldKind, ConstantKind<1>, google::protobuf::Empty, "test/first");
TASUKI_REGISTER(FieldKind, ConstantKind<2>, google::protobuf::Empty, "test/second");
}  // namespace tasuki::test
