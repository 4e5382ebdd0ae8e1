#include "acme/min_norm.h"

namespace acme {

TASUKI_REGISTER(tasuki::Weighting, MinNorm, options::MinNorm, "acme/MinNorm");

}  // namespace acme
