#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "tasuki/error/error.h"

// Fuzz targets: each takes any bytes and gives them to readers of untrusted files. It returns where
// a reader did what it promises, that is, gave a value with the properties that its header states
// or threw an Error that names the file. Anything else leaves the target, as an exception or as a
// crash, and is a finding. libFuzzer calls a target with bytes of its own making (libfuzzer.cpp),
// the test with the files of its corpus (replay_test.cpp).
namespace tasuki::fuzz {

void fuzz_camera(std::string_view bytes);
void fuzz_config(std::string_view bytes);
void fuzz_lists(std::string_view bytes);
void fuzz_npy(std::string_view bytes);
void fuzz_pictures(std::string_view bytes);
void fuzz_predictions(std::string_view bytes);
void fuzz_safetensors(std::string_view bytes);

// An empty folder of the process's own below TMPDIR, gone when it ends.
const std::filesystem::path& folder();

// Writes `bytes` as a file in folder(), in place of an earlier one. Not synced to the disk.
std::filesystem::path write_input(const std::string& name, std::string_view bytes);

// Throws std::logic_error, which is no Error, unless `holds`.
void require(bool holds, const std::string& property);

// std::logic_error unless `error` is of the kind and has `name` in its message.
void require_located(const Error& error, ErrorKind kind, const std::string& name);

// What `read` returns; nothing where it throws an Error that is of `kind` and names the file.
template <class Read>
auto answer_of(ErrorKind kind, const std::string& name, Read read)
    -> std::optional<decltype(read())> {
  try {
    return read();
  } catch (const Error& error) {
    require_located(error, kind, name);
    return std::nullopt;
  }
}

}  // namespace tasuki::fuzz
