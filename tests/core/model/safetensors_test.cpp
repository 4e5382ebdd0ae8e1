#include "tasuki/model/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;

// Values of every type that the format and LibTorch share, with their limits.
NamedTensors every_type() {
  const auto floats = torch::tensor({0.0, -1.5, 3.25, 65504.0, 1e-3, -0.0}, torch::kFloat64);
  const auto inf = torch::tensor({INFINITY, -INFINITY, 1.0f / 3});
  NamedTensors all;
  for (const auto type : {torch::kFloat64, torch::kFloat32, torch::kFloat16, torch::kBFloat16}) {
    all.emplace_back(std::string("float.") + toString(type), floats.view({2, 3}).to(type));
  }
  all.emplace_back("infinite", inf);
  all.emplace_back("i64", torch::tensor({INT64_MIN, int64_t{-1}, INT64_MAX}, torch::kInt64));
  all.emplace_back("i32", torch::tensor({INT32_MIN, 0, INT32_MAX}, torch::kInt32));
  all.emplace_back("i16", torch::tensor({-32768, 7, 32767}, torch::kInt16));
  all.emplace_back("i8", torch::tensor({-128, 0, 127}, torch::kInt8).view({3, 1}));
  all.emplace_back("u8", torch::tensor({0, 128, 255}, torch::kUInt8));
  all.emplace_back("bool", torch::tensor({true, false, true}));
  all.emplace_back("scalar", torch::tensor(2.5f));
  all.emplace_back("empty", torch::empty({0, 4}));
  return all;
}

const char* dtype_of(const torch::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case torch::kFloat64:
      return "F64";
    case torch::kFloat32:
      return "F32";
    case torch::kFloat16:
      return "F16";
    case torch::kBFloat16:
      return "BF16";
    case torch::kInt64:
      return "I64";
    case torch::kInt32:
      return "I32";
    case torch::kInt16:
      return "I16";
    case torch::kInt8:
      return "I8";
    case torch::kUInt8:
      return "U8";
    default:
      return "BOOL";
  }
}

// What read_safetensors.py says is in the file.
nlohmann::json read_by_python(const std::filesystem::path& file) {
  const std::string command = std::string("\"") + TASUKI_PYTHON + "\" \"" +
                              TASUKI_SAFETENSORS_READER + "\" \"" + file.string() + "\"";
  std::FILE* pipe = popen(command.c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::string text;
  char buffer[4096];
  while (const size_t count = std::fread(buffer, 1, sizeof(buffer), pipe)) {
    text.append(buffer, count);
  }
  EXPECT_EQ(pclose(pipe), 0);
  return nlohmann::json::parse(text);
}

void expect_equal(const nlohmann::json& values, const torch::Tensor& tensor) {
  const auto flat = tensor.contiguous().view(-1);
  ASSERT_EQ(int64_t(values.size()), flat.numel());
  for (int64_t i = 0; i < flat.numel(); ++i) {
    const auto& value = values[size_t(i)];
    if (flat.is_floating_point()) {
      EXPECT_EQ(std::strtod(value.get<std::string>().c_str(), nullptr), flat[i].item<double>());
    } else {
      EXPECT_EQ(value.get<int64_t>(), flat[i].to(torch::kInt64).item<int64_t>());
    }
  }
}

class SafetensorsFile : public ::testing::Test {
 protected:
  testing::TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "a.safetensors";
};

TEST_F(SafetensorsFile, RoundTripsEveryType) {
  const Safetensors written{every_type(), {{"format", "x"}, {"text", "\"\n\xc3\xa4"}}};
  write_safetensors(file_, written);
  const auto read = read_safetensors(file_);
  EXPECT_EQ(read.metadata, written.metadata);
  EXPECT_EQ(read_safetensors_metadata(file_), written.metadata);
  ASSERT_EQ(read.tensors.size(), written.tensors.size());
  const std::map<std::string, torch::Tensor> by_name(read.tensors.begin(), read.tensors.end());
  for (const auto& [name, tensor] : written.tensors) {
    ASSERT_EQ(by_name.count(name), 1u) << name;
    EXPECT_EQ(by_name.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(by_name.at(name).equal(tensor)) << name;
  }
}

TEST_F(SafetensorsFile, AnotherReaderSeesTheSame) {
  const Safetensors written{every_type(), {{"epoch", "3"}, {"config", "name: \"\xc3\xa4\"\n"}}};
  write_safetensors(file_, written);
  const auto read = read_by_python(file_);
  EXPECT_EQ(read.at("metadata"), nlohmann::json(written.metadata));
  ASSERT_EQ(read.at("tensors").size(), written.tensors.size());
  for (const auto& [name, tensor] : written.tensors) {
    const auto& entry = read.at("tensors").at(name);
    EXPECT_EQ(entry.at("dtype"), dtype_of(tensor)) << name;
    EXPECT_EQ(entry.at("shape").get<std::vector<int64_t>>(), tensor.sizes().vec()) << name;
    expect_equal(entry.at("values"), tensor);
  }
}

TEST_F(SafetensorsFile, AnyMemoryFormatIsWrittenRowMajor) {
  const auto plain = torch::arange(2 * 3 * 4 * 5).to(torch::kFloat).view({2, 3, 4, 5});
  write_safetensors(file_, {{{"last", plain.contiguous(torch::MemoryFormat::ChannelsLast)},
                             {"part", plain.narrow(3, 1, 2)},
                             {"trained", plain.clone().requires_grad_()}},
                            {}});
  const auto read = read_by_python(file_).at("tensors");
  expect_equal(read.at("last").at("values"), plain);
  expect_equal(read.at("part").at("values"), plain.narrow(3, 1, 2));
  expect_equal(read.at("trained").at("values"), plain);
}

TEST_F(SafetensorsFile, TensorsBeginAligned) {
  write_safetensors(file_, {{{"a", torch::ones({3})}}, {{"k", "v"}}});
  const auto bytes = read_file(file_);
  EXPECT_EQ(bytes[7], 0);
  EXPECT_EQ((8 + static_cast<unsigned char>(bytes[0]) + 256 * bytes[1]) % 8, 0);
}

// As large as nothing but a file with holes is; its tensors would not fit into memory.
TEST_F(SafetensorsFile, MetadataAreReadWithoutTheTensors) {
  constexpr size_t kBytes = size_t{15} << 30;
  const auto size = std::to_string(kBytes);
  const std::string header = "{\"__metadata__\":{\"k\":\"v\"},\"a\":{\"dtype\":\"U8\",\"shape\":[" +
                             size + "],\"data_offsets\":[0," + size + "]}}";
  write_file_atomically(file_, std::string(1, char(header.size())) + std::string(7, '\0') + header);
  std::filesystem::resize_file(file_, 8 + header.size() + kBytes);
  EXPECT_EQ(read_safetensors_metadata(file_).at("k"), "v");
}

TEST_F(SafetensorsFile, RefusesATypeThatTheFormatLacks) {
  EXPECT_THROW(write_safetensors(file_, {{{"a", torch::ones({2}, torch::kComplexFloat)}}, {}}),
               Error);
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST(CopyTensors, CopiesByNameIntoAnyLayout) {
  const auto source = torch::randn({2, 3, 4, 5});
  auto target = torch::zeros({2, 3, 4, 5}).contiguous(torch::MemoryFormat::ChannelsLast);
  auto scalar = torch::zeros({}, torch::kInt64);
  copy_tensors({{"n", torch::tensor(int64_t{4})}, {"w", source}}, {{"w", target}, {"n", scalar}},
               "file");
  EXPECT_TRUE(target.equal(source));
  EXPECT_TRUE(target.is_contiguous(torch::MemoryFormat::ChannelsLast));
  EXPECT_EQ(scalar.item<int64_t>(), 4);
}

TEST(CopyTensors, ListsAllThatDoesNotFitAndChangesNothing) {
  auto good = torch::zeros({2}), shape = torch::zeros({3}), type = torch::zeros({2});
  try {
    copy_tensors(
        {{"good", torch::ones({2})},
         {"shape", torch::ones({2, 1})},
         {"type", torch::ones({2}, torch::kInt64)},
         {"extra1", torch::ones({1})},
         {"extra2", torch::ones({1})}},
        {{"good", good}, {"shape", shape}, {"type", type}, {"gone1", good}, {"gone2", good}},
        "best.safetensors");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_THAT(error.what(), HasSubstr("best.safetensors"));
    EXPECT_THAT(error.what(), HasSubstr("missing: gone1, gone2"));
    EXPECT_THAT(error.what(), HasSubstr("unexpected: extra1, extra2"));
    EXPECT_THAT(error.what(), HasSubstr("shape: file Float [2, 1], model Float [3]"));
    EXPECT_THAT(error.what(), HasSubstr("type: file Long [2], model Float [2]"));
  }
  EXPECT_EQ(good.count_nonzero().item<int64_t>(), 0);
}

}  // namespace
}  // namespace tasuki
