#include "tasuki/io/image_io.h"
#include "tests/fuzz/target.h"

namespace tasuki::fuzz {

// One picture, read as colours and as numbers.
void fuzz_pictures(std::string_view bytes) {
  const auto file = write_input("input.png", bytes);
  const auto picture = answer_of(ErrorKind::kData, file, [&] { return read_image(file); });
  const auto stored = answer_of(ErrorKind::kData, file,
                                [&] { return read_stored_values(file, {}, Lossy::kTaken); });
  answer_of(ErrorKind::kData, file, [&] { return read_label_colours(file); });
  if (picture) require(picture->type() == CV_8UC3 && !picture->empty(), "a picture is 8 bit BGR");
  if (stored) require(!stored->empty(), "stored values are some");
  if (picture && stored) require(picture->size() == stored->size(), "both are of one size");
}

}  // namespace tasuki::fuzz
