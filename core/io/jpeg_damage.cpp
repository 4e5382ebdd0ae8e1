#include "tasuki/io/jpeg_damage.h"

// jpeglib.h needs it, and does not include it.
#include <cstdio>

#include <jpeglib.h>

#include <csetjmp>
#include <fstream>
#include <vector>

#include "tasuki/io/files.h"
#include "tasuki/io/picture_format.h"

namespace tasuki {
namespace {

constexpr size_t kLargestJpeg = size_t{1} << 30;

// libjpeg's error manager, which is told by the address of its first member.
struct Complaints {
  jpeg_error_mgr manager;
  jmp_buf end;
  char first[JMSG_LENGTH_MAX];

  static Complaints& of(j_common_ptr info) { return *reinterpret_cast<Complaints*>(info->err); }
};

void keep_first(j_common_ptr info, int level) {
  auto& complaints = Complaints::of(info);
  if (level < 0 && complaints.first[0] == 0) info->err->format_message(info, complaints.first);
}

[[noreturn]] void stop(j_common_ptr info) {
  keep_first(info, -1);
  longjmp(Complaints::of(info).end, 1);
}

// Nothing here has a destructor: libjpeg leaves it by longjmp.
void decode(const std::string& bytes, std::vector<unsigned char>& row, Complaints& complaints) {
  jpeg_decompress_struct info;
  info.err = jpeg_std_error(&complaints.manager);
  complaints.manager.emit_message = keep_first;
  complaints.manager.error_exit = stop;
  complaints.first[0] = 0;
  jpeg_create_decompress(&info);
  if (setjmp(complaints.end) == 0) {
    jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    jpeg_read_header(&info, TRUE);
    jpeg_start_decompress(&info);
    row.resize(size_t{info.output_width} * size_t(info.output_components));
    unsigned char* rows[] = {row.data()};
    while (info.output_scanline < info.output_height) jpeg_read_scanlines(&info, rows, 1);
    jpeg_finish_decompress(&info);
  }
  jpeg_destroy_decompress(&info);
}

}  // namespace

std::string jpeg_damage(const std::filesystem::path& file) {
  char begin[kLongestMagic] = {};
  std::ifstream(file, std::ios::binary).read(begin, sizeof(begin));
  if (!is_jpeg({begin, sizeof(begin)})) return "";
  const auto bytes = read_file(file, kLargestJpeg);
  std::vector<unsigned char> row;
  Complaints complaints;
  decode(bytes, row, complaints);
  return complaints.first;
}

}  // namespace tasuki
