#pragma once

#include "tasuki/solvers/matrix.h"

namespace tasuki::weightings {

// The weights of IMTL-G: they sum to 1, or are all 0 where the formula has no answer (imtlg.proto).
solvers::Values impartial_weights(const solvers::Matrix& k);

}  // namespace tasuki::weightings
