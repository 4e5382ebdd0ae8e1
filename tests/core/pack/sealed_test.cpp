#include "tasuki/pack/sealed.h"

#include <gtest/gtest.h>

namespace tasuki {
namespace {

TEST(Sealed, GivesItsBytesBack) {
  for (const std::string& bytes : {std::string(), std::string("x"), std::string(1000, '\0')}) {
    const auto sealed = seal("key", bytes);
    ASSERT_TRUE(unseal("key", sealed));
    EXPECT_EQ(*unseal("key", sealed), bytes);
  }
}

TEST(Sealed, EveryChangeOfABitShows) {
  const auto sealed = seal("key", "some bytes that are long enough for more than one word");
  for (size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
    auto damaged = sealed;
    damaged[bit / 8] = char(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(unseal("key", damaged)) << bit;
  }
  for (size_t length = 0; length < sealed.size(); ++length) {
    EXPECT_FALSE(unseal("key", sealed.substr(0, length))) << length;
  }
}

TEST(Sealed, AValueUnderAnotherKeyShows) {
  EXPECT_FALSE(unseal(pack_key({0, 2}), seal(pack_key({0, 1}), "pixels")));
}

TEST(PackKey, HasThePlaceInTheOrderOfPlaces) {
  std::string before;
  for (const PackPlace place :
       {PackPlace{0, 0}, {0, 1}, {0, 255}, {0, 256}, {0, 1ull << 40}, {1, 0}, {255, 9}, {256, 0}}) {
    const auto key = pack_key(place);
    EXPECT_LT(before, key);
    EXPECT_EQ(pack_place(key), place);
    before = key;
  }
}

TEST(PackKey, OtherKeysHaveNoPlace) {
  for (const char* key : {kPackVersionKey, kPackHeaderKey, kPackKindsKey, kPackCompleteKey, ""}) {
    EXPECT_FALSE(pack_place(key)) << key;
  }
  EXPECT_FALSE(pack_place(pack_key({1, 2}) + "x"));
}

}  // namespace
}  // namespace tasuki
