#include "tests/plugins/weightings/fixtures.h"

#include <gtest/gtest.h>

#include <set>

#include "tasuki/step/weighting.h"

namespace tasuki {
namespace {

// Which registered method answers for a method of the reference answers; the tests of its module
// hold it to them.
const std::map<std::string, std::string>& methods() {
  static const std::map<std::string, std::string> kMethods = {
      {"AlignedMTL", "AlignedMTL"},
      {"Aligned_MTL", "AlignedMTL"},
      {"CAGrad", "CAGrad"},
      {"COSMOS", "COSMOS"},
      {"CRMOGM", "the option gradients.smoothing of all methods"},
      {"ConFIG", "ConFIG"},
      {"Constant", "ConstantWeights"},
      {"DB_MTL", "DBMTL"},
      {"DWA", "DWA"},
      {"DualProj", "DualProj"},
      {"EW", "EW"},
      {"ExcessMTL", "ExcessMTL"},
      {"FAMO", "FAMO"},
      {"FairGrad", "FairGrad"},
      {"GLS", "GLS"},
      {"GO4Align", "GO4Align"},
      {"GeometricMean", "GLS"},
      {"GradDrop", "GradDrop"},
      {"GradNorm", "GradNorm"},
      {"GradVac", "GradVac"},
      {"IGBv1", "IGBv1"},
      {"IMGrad", "IMGrad"},
      {"IMTL", "IMTL"},
      {"IMTLG", "IMTLG"},
      {"IMTLL", "IMTL_L"},
      {"Krum", "none: a defence against faulty workers, which needs at least four tasks"},
      {"KwPower", "FairGrad"},
      {"LDC-MTL", "LDCMTL"},
      {"MGDA", "MGDA"},
      {"Mean", "EW"},
      {"MoCo", "MoCo"},
      {"MoDo", "MoDo"},
      {"NashMTL", "NashMTL"},
      {"Nash_MTL", "NashMTL"},
      {"PBI", "PBI"},
      {"PCD", "PCD"},
      {"PCGrad", "PCGrad"},
      {"PIVRG", "PIVRG"},
      {"RLW", "RandomWeights"},
      {"Random", "RandomWeights"},
      {"SDMGrad", "SDMGrad"},
      {"STCH", "STCH"},
      {"Sum", "EW"},
      {"TrimmedMean", "TrimmedMean"},
      {"UPGrad", "UPGrad"},
      {"UW", "UW"},
      {"VarGrad", "VarGrad"}};
  return kMethods;
}

TEST(Fixtures, EveryMethodHasItsWeighting) {
  if (!testing::has_fixtures()) GTEST_SKIP() << testing::kNoFixtures;
  std::set<std::string> seen;
  for (const char* file :
       {"torchjd_single.json", "torchjd_random.json", "torchjd_sequences.json",
        "torchjd_scalarizers.json", "exact.json", "libmtl.json", "other_methods.json"}) {
    for (const auto& entry : testing::read_fixture(file)["entries"]) {
      seen.insert(entry.contains("method") ? entry["method"] : entry["problem"]);
    }
  }
  const auto known = Registry::instance().names(Weighting::kKind);
  for (const auto& method : seen) {
    const auto found = methods().find(method);
    ASSERT_NE(found, methods().end()) << method;
    if (found->second.find(' ') != std::string::npos) continue;
    EXPECT_EQ(std::count(known.begin(), known.end(), "tasuki/" + found->second), 1) << method;
  }
}

}  // namespace
}  // namespace tasuki
