#include "tests/datasets/pascal_context/pascal_tree.h"

#include <matio.h>

#include <opencv2/imgproc.hpp>
#include <stdexcept>

#include "tasuki/io/files.h"
#include "tasuki/io/image_io.h"

namespace tasuki::testing {
namespace {

constexpr int kTrain = 10, kAll = 12;

// Columns one after another, as MATLAB keeps a matrix.
matvar_t* matrix(const char* name, matio_classes type, matio_types stored, const cv::Mat& values) {
  const cv::Mat columns = values.t();
  size_t sizes[] = {size_t(values.rows), size_t(values.cols)};
  return Mat_VarCreate(name, type, stored, 2, sizes, columns.data, 0);
}

// Letters of 16 bits, as MATLAB writes them.
matvar_t* text(const std::string& value) {
  std::vector<uint16_t> letters(value.begin(), value.end());
  size_t sizes[] = {1, letters.size()};
  return Mat_VarCreate("text", MAT_C_CHAR, MAT_T_UINT16, 2, sizes, letters.data(), 0);
}

matvar_t* number(double value) {
  size_t sizes[] = {1, 1};
  return Mat_VarCreate("number", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, sizes, &value, 0);
}

matvar_t* structures(const char* name, size_t count, std::vector<const char*> fields) {
  size_t sizes[] = {1, count};
  return Mat_VarCreateStruct(name, 2, sizes, fields.data(), unsigned(fields.size()));
}

matvar_t* mask(cv::Size size, const cv::Rect& where) {
  cv::Mat pixels(size, CV_8UC1, cv::Scalar(0));
  pixels(where).setTo(1);
  return matrix("mask", MAT_C_UINT8, MAT_T_UINT8, pixels);
}

// [] where there are none, as in the official files.
matvar_t* parts_of(const DrawnObject& object, cv::Size size) {
  if (object.parts.empty()) {
    size_t sizes[] = {0, 0};
    return Mat_VarCreate("parts", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, sizes, nullptr, 0);
  }
  matvar_t* parts = structures("parts", object.parts.size(), {"part_name", "mask"});
  for (size_t i = 0; i < object.parts.size(); ++i) {
    Mat_VarSetStructFieldByName(parts, "part_name", i, text(object.parts[i].name));
    Mat_VarSetStructFieldByName(parts, "mask", i, mask(size, object.parts[i].where));
  }
  return parts;
}

// Takes the variable.
void write(const std::filesystem::path& file, matvar_t* variable) {
  std::filesystem::create_directories(file.parent_path());
  mat_t* mat = Mat_CreateVer(file.c_str(), nullptr, MAT_FT_MAT5);
  if (mat == nullptr) throw std::runtime_error("matio: " + file.string());
  Mat_VarWrite(mat, variable, MAT_COMPRESSION_ZLIB);
  Mat_VarFree(variable);
  Mat_Close(mat);
}

}  // namespace

PascalTree::PascalTree(const std::filesystem::path& root, cv::Size size)
    : folder_(root / "PASCAL_MT"), size_(size) {
  std::string train, val;
  for (int i = 1; i <= kAll; ++i) {
    write_frame(i);
    (i <= kTrain ? train : val) += id_of(i) + "\n";
  }
  write_file_atomically(folder_ / "ImageSets/Context/train.txt", train);
  write_file_atomically(folder_ / "ImageSets/Context/val.txt", val);
}

std::string PascalTree::id_of(int number) {
  const auto digits = std::to_string(number);
  return "2008_" + std::string(6 - digits.size(), '0') + digits;
}

std::filesystem::path PascalTree::file(const std::string& folder, const std::string& id,
                                       const std::string& ending) const {
  return folder_ / folder / (id + ending);
}

void PascalTree::write_labels(const std::string& id, const cv::Mat& labels) const {
  write(file("pascal-context/trainval", id, ".mat"),
        matrix("LabelMap", MAT_C_UINT16, MAT_T_UINT16, labels));
}

void PascalTree::write_objects(const std::string& id,
                               const std::vector<DrawnObject>& objects) const {
  matvar_t* list = structures("objects", objects.size(), {"class", "class_ind", "mask", "parts"});
  for (size_t i = 0; i < objects.size(); ++i) {
    Mat_VarSetStructFieldByName(list, "class", i, text("an object"));
    Mat_VarSetStructFieldByName(list, "class_ind", i, number(objects[i].class_index));
    Mat_VarSetStructFieldByName(list, "mask", i, mask(size_, {0, 0, 4, 4}));
    Mat_VarSetStructFieldByName(list, "parts", i, parts_of(objects[i], size_));
  }
  matvar_t* anno = structures("anno", 1, {"imname", "objects"});
  Mat_VarSetStructFieldByName(anno, "imname", 0, text(id));
  Mat_VarSetStructFieldByName(anno, "objects", 0, list);
  write(file("human_parts", id, ".mat"), anno);
}

void PascalTree::write_frame(int number) const {
  const auto id = id_of(number);
  write_image(file("JPEGImages", id, ".jpg"), cv::Mat(size_, CV_8UC3, cv::Scalar::all(9 * number)));
  cv::Mat labels(size_, CV_16UC1, cv::Scalar(440));
  labels.colRange(size_.width / 2, size_.width).setTo(360);
  write_labels(id, labels);
  cv::Mat classes(size_, CV_8UC1, cv::Scalar(0));
  cv::rectangle(classes, {2, 2, 10, 12}, 15, cv::FILLED);
  cv::rectangle(classes, {2, 2, 10, 12}, 255);
  write_image(file("semseg/VOC12", id, ".png"), classes);
  write_objects(
      id, {{1, {{"body", {0, 0, 9, 9}}}}, {15, {{"head", {4, 3, 4, 3}}, {"torso", {3, 6, 6, 6}}}}});
  write_image(file("normals_distill", id, ".png"),
              cv::Mat(size_, CV_8UC3, cv::Scalar(255, 128, 128)));
  cv::Mat salient(size_, CV_8UC1, cv::Scalar(127));
  salient.rowRange(0, size_.height / 2).setTo(128);
  write_image(file("sal_distill", id, ".png"), salient);
}

}  // namespace tasuki::testing
