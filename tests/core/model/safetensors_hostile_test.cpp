#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <random>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tasuki/model/safetensors.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;

std::string length_bytes(uint64_t length) {
  std::string bytes;
  for (int i = 0; i < 8; ++i, length >>= 8) bytes.push_back(static_cast<char>(length & 0xff));
  return bytes;
}

// A file of this header, and `data` bytes behind it.
std::string file_of(const std::string& header, size_t data) {
  return length_bytes(header.size()) + header + std::string(data, '\1');
}

std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape,
                   const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":" + offsets + "}";
}

class HostileSafetensors : public ::testing::Test {
 protected:
  // The message of the Error, which has to name the file.
  std::string refusal(const std::string& bytes) const {
    write_file_atomically(file_, bytes);
    try {
      read_safetensors(file_);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kData);
      EXPECT_THAT(error.what(), HasSubstr(file_.string()));
      return error.what();
    }
    return "nothing refused";
  }
  std::string refusal_of(const std::string& entries, size_t data) const {
    return refusal(file_of("{" + entries + "}", data));
  }

  testing::TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "hostile.safetensors";
};

TEST_F(HostileSafetensors, TheSoundFileOfTheseHelpersIsRead) {
  write_file_atomically(file_, file_of("{" + tensor("a", "I16", "[1,2]", "[0,4]") + "," +
                                           tensor("b", "U8", "[]", "[4,5]") + "}",
                                       5));
  const auto read = read_safetensors(file_).tensors;
  ASSERT_EQ(read.size(), 2u);
  EXPECT_TRUE(read[0].second.equal(torch::full({1, 2}, 257, torch::kInt16)));
  EXPECT_TRUE(read[1].second.equal(torch::tensor(1, torch::kUInt8)));
}

TEST_F(HostileSafetensors, HeaderLength) {
  EXPECT_THAT(refusal(""), HasSubstr("shorter than its 8-byte header length"));
  EXPECT_THAT(refusal("1234567"), HasSubstr("shorter than its 8-byte header length"));
  for (const uint64_t length :
       {uint64_t{9}, uint64_t{1} << 30, uint64_t{1} << 40, ~uint64_t{0}, ~uint64_t{0} - 7}) {
    EXPECT_THAT(refusal(length_bytes(length) + "{}      "),
                HasSubstr("header length " + std::to_string(length) + " of a file of 16 bytes"));
  }
}

TEST_F(HostileSafetensors, HeaderThatIsNoObject) {
  for (const std::string header : {"", "[]", "null", "{", "{\"a\"}", "\xff\xfe{}", "{}x"}) {
    EXPECT_THAT(refusal(file_of(header, 0)), HasSubstr("its header is not a JSON object"))
        << header;
  }
  EXPECT_THAT(refusal_of("\"__metadata__\":[]", 0), HasSubstr("__metadata__ is not an object"));
  EXPECT_THAT(refusal_of("\"__metadata__\":{\"k\":1}", 0),
              HasSubstr("__metadata__.k is not a string"));
}

TEST_F(HostileSafetensors, DeepNesting) {
  constexpr size_t kDepth = 500'000;
  const std::string deep = std::string(kDepth, '[') + std::string(kDepth, ']');
  const std::string shape =
      "\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,0],\"shape\":" + deep + "}";
  EXPECT_THAT(refusal(file_of(std::string(kDepth, '['), 0)), HasSubstr("nested too deep"));
  EXPECT_THAT(refusal_of("\"a\":" + deep, 0), HasSubstr("nested too deep"));
  EXPECT_THAT(refusal_of(shape, 0), HasSubstr("nested too deep"));
  EXPECT_THAT(refusal_of("\"__metadata__\":{\"k\":" + deep + "}", 0), HasSubstr("nested too deep"));
}

// Each would take a hundred times its bytes in memory.
TEST_F(HostileSafetensors, MoreValuesThanAnyNetworkHas) {
  std::string zeros = "0";
  for (size_t i = 0; i < (size_t{1} << 22); ++i) zeros += ",0";
  EXPECT_THAT(refusal_of("\"a\":[" + zeros + "]", 0), HasSubstr("too many values"));
}

TEST_F(HostileSafetensors, APyTorchFileIsNamedAndItsWayToSafetensorsShown) {
  const std::vector<std::string> files = {
      std::string("PK\x03\x04\x00\x00\x08\x08", 8) + std::string(100, 'x'), "\x80\x02}q.",
      "\x80\x04\x95" + std::string(100, 'x')};
  for (const auto& bytes : files) {
    EXPECT_THAT(refusal(bytes), HasSubstr("it is a PyTorch file (.pth or .pt, a "));
    EXPECT_THAT(refusal(bytes), HasSubstr("safetensors.torch.save_file(torch.load("));
  }
  EXPECT_THAT(refusal("\x89HDF\r\n\x1a\n" + std::string(100, 'x')), HasSubstr("HDF5 file"));
}

// A sound file may begin with the bytes of a pickle: its header is 640 bytes long then.
TEST_F(HostileSafetensors, AHeaderLengthThatLooksLikeAPickleIsRead) {
  auto header = "{" + tensor("a", "U8", "[1]", "[0,1]") + "}";
  header.resize(640, ' ');
  write_file_atomically(file_, file_of(header, 1));
  EXPECT_EQ(read_safetensors(file_).tensors.size(), 1u);
}

TEST_F(HostileSafetensors, EntriesOfAnotherForm) {
  const std::vector<std::string> wrong = {"\"a\":1",
                                          "\"a\":{}",
                                          "\"a\":{\"dtype\":4,\"shape\":[],\"data_offsets\":[0,4]}",
                                          "\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}",
                                          tensor("a", "F32", "3", "[0,4]"),
                                          tensor("a", "F32", "[-1]", "[0,4]"),
                                          tensor("a", "F32", "[1.5]", "[0,4]"),
                                          tensor("a", "F32", "[\"1\"]", "[0,4]"),
                                          tensor("a", "F32", "[1]", "[0]"),
                                          tensor("a", "F32", "[1]", "[0,4,8]"),
                                          tensor("a", "F32", "[1]", "[0,-4]"),
                                          tensor("a", "F32", "[1]", "[0,99999999999999999999999]")};
  for (const auto& entry : wrong) {
    EXPECT_THAT(refusal_of(entry, 4), HasSubstr("needs dtype, shape and two data_offsets"))
        << entry;
  }
  EXPECT_THAT(refusal_of(tensor("weight", "F4", "[1]", "[0,4]"), 4),
              HasSubstr("tensor \"weight\": unknown dtype \"F4\""));
}

TEST_F(HostileSafetensors, ShapesThatOverflow) {
  for (const std::string shape :
       {"[18446744073709551615]", "[4294967296,4294967296,4294967296]", "[562949953421313]",
        "[140737488355328,140737488355328]", "[4611686018427387904]"}) {
    EXPECT_THAT(refusal_of(tensor("a", "F32", shape, "[0,4]"), 4),
                HasSubstr("shape is absurdly large"))
        << shape;
  }
  // No bytes at all, but steps from one element to the next that no number holds.
  for (const std::string shape :
       {"[0,281474976710656,281474976710656]", "[281474976710656,281474976710656,0]",
        "[0,281474976710656,32768]"}) {
    EXPECT_THAT(refusal_of(tensor("a", "U8", shape, "[0,0]"), 0),
                HasSubstr("shape is absurdly large"))
        << shape;
  }
  EXPECT_THAT(refusal_of(tensor("a", "F32", "[1099511627776]", "[0,4398046511104]"), 4),
              HasSubstr("truncated"));
}

TEST_F(HostileSafetensors, OffsetsThatDoNotFitTheShape) {
  EXPECT_THAT(refusal_of(tensor("a", "F32", "[2]", "[0,4]"), 4),
              HasSubstr("tensor \"a\": data_offsets span 4 bytes, dtype and shape need 8"));
  EXPECT_THAT(refusal_of(tensor("a", "F32", "[1]", "[4,0]"), 4), HasSubstr("data_offsets span"));
}

TEST_F(HostileSafetensors, GapsOverlapsAndTruncation) {
  const std::string first = tensor("a", "F32", "[1]", "[0,4]") + ",";
  EXPECT_THAT(refusal_of(first + tensor("b", "F32", "[1]", "[8,12]"), 12),
              HasSubstr("tensor \"b\": gap or overlap before"));
  EXPECT_THAT(refusal_of(first + tensor("b", "F32", "[1]", "[2,6]"), 6),
              HasSubstr("tensor \"b\": gap or overlap before"));
  EXPECT_THAT(refusal_of(first + tensor("b", "F32", "[1]", "[0,4]"), 4),
              HasSubstr("gap or overlap before"));
  const auto whole = file_of("{" + first + tensor("b", "F32", "[3]", "[4,16]") + "}", 16);
  for (size_t lost = 1; lost <= 16; ++lost) {
    EXPECT_THAT(refusal(whole.substr(0, whole.size() - lost)),
                HasSubstr("its tensors span 16 bytes, the file has " + std::to_string(16 - lost)));
  }
  EXPECT_THAT(refusal(whole + "more"), HasSubstr("truncated or damaged"));
}

// Whatever bytes are changed, the file is read or refused with an Error.
TEST_F(HostileSafetensors, RandomDamageIsFoundOrHarmless) {
  const auto whole = file_of(
      "{" + tensor("a", "F32", "[1]", "[0,4]") + "," + tensor("b", "BOOL", "[2,2]", "[4,8]") + "}",
      8);
  std::mt19937 random(3);
  for (int round = 0; round < 600; ++round) {
    std::string bytes = whole;
    for (int changes = 0; changes < 1 + round % 4; ++changes) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    write_file_atomically(file_, bytes);
    try {
      for (const auto& item : read_safetensors(file_).tensors) {
        EXPECT_LE(item.second.nbytes(), bytes.size());
      }
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kData);
    }
  }
}

}  // namespace
}  // namespace tasuki
