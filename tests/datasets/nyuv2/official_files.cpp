#include "tests/datasets/nyuv2/official_files.h"

#include <hdf5.h>
#include <matio.h>

#include <fstream>
#include <map>
#include <stdexcept>

namespace tasuki::testing {
namespace {

// MATLAB's header in front of the HDF5 file.
constexpr size_t kUserBlock = 512;

hid_t checked(hid_t id, const char* what) {
  if (id < 0) throw std::runtime_error(std::string("HDF5: ") + what);
  return id;
}

hid_t create(hid_t file, const std::string& name, hid_t type, const std::vector<hsize_t>& sizes) {
  auto chunk = sizes;
  chunk[0] = 1;
  const hid_t space = H5Screate_simple(int(sizes.size()), sizes.data(), nullptr);
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(properties, int(chunk.size()), chunk.data());
  H5Pset_deflate(properties, 1);
  const hid_t dataset = checked(
      H5Dcreate2(file, name.c_str(), type, space, H5P_DEFAULT, properties, H5P_DEFAULT), "create");
  H5Pclose(properties);
  H5Sclose(space);
  return dataset;
}

// Columns one after another, as MATLAB keeps a matrix.
cv::Mat columns_of(const cv::Mat& plane) {
  cv::Mat columns;
  cv::transpose(plane, columns);
  return columns;
}

void write_part(hid_t dataset, hid_t type, const std::vector<hsize_t>& from,
                const std::vector<hsize_t>& extent, const cv::Mat& values) {
  const hsize_t count = values.total();
  const hid_t file_space = H5Dget_space(dataset);
  const hid_t memory_space = H5Screate_simple(1, &count, nullptr);
  H5Sselect_hyperslab(file_space, H5S_SELECT_SET, from.data(), nullptr, extent.data(), nullptr);
  checked(H5Dwrite(dataset, type, memory_space, file_space, H5P_DEFAULT, values.data), "write");
  H5Sclose(memory_space);
  H5Sclose(file_space);
}

}  // namespace

struct LabeledMatWriter::Files {
  std::filesystem::path path;
  hid_t file = H5I_INVALID_HID;
  std::map<std::string, hid_t> datasets;
  hsize_t width = 0, height = 0;

  void plane(const std::string& variable, hid_t type, hsize_t index, const cv::Mat& value) {
    write_part(datasets.at(variable), type, {index, 0, 0}, {1, width, height}, columns_of(value));
  }
};

LabeledMatWriter::LabeledMatWriter(const std::filesystem::path& file, size_t frames, cv::Size size)
    : files_(std::make_unique<Files>()) {
  auto& all = *files_;
  all.path = file;
  all.width = hsize_t(size.width);
  all.height = hsize_t(size.height);
  const hid_t properties = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_userblock(properties, kUserBlock);
  all.file = checked(H5Fcreate(file.c_str(), H5F_ACC_TRUNC, properties, H5P_DEFAULT), "file");
  H5Pclose(properties);
  const hsize_t n = frames;
  all.datasets["images"] = create(all.file, "images", H5T_STD_U8LE, {n, 3, all.width, all.height});
  for (const char* name : {"depths", "rawDepths"}) {
    all.datasets[name] = create(all.file, name, H5T_IEEE_F32LE, {n, all.width, all.height});
  }
  all.datasets["labels"] = create(all.file, "labels", H5T_STD_U16LE, {n, all.width, all.height});
}

LabeledMatWriter::~LabeledMatWriter() {
  for (const auto& [name, dataset] : files_->datasets) H5Dclose(dataset);
  H5Fclose(files_->file);
  std::fstream header(files_->path, std::ios::in | std::ios::out | std::ios::binary);
  // 124 bytes of text, the version, and the byte order.
  std::string text = "MATLAB 7.3 MAT-file, Platform: GLNXA64, written by a test";
  text.resize(124, ' ');
  header << text << '\0' << '\2' << "IM";
}

void LabeledMatWriter::write(size_t number, const OfficialFrame& frame) {
  auto& all = *files_;
  const hsize_t index = number - 1;
  for (int channel = 0; channel < 3; ++channel) {
    cv::Mat plane;
    cv::extractChannel(frame.image, plane, 2 - channel);
    write_part(all.datasets.at("images"), H5T_NATIVE_UINT8, {index, hsize_t(channel), 0, 0},
               {1, 1, all.width, all.height}, columns_of(plane));
  }
  all.plane("depths", H5T_NATIVE_FLOAT, index, frame.depth);
  all.plane("rawDepths", H5T_NATIVE_FLOAT, index, frame.raw.empty() ? frame.depth : frame.raw);
  all.plane("labels", H5T_NATIVE_UINT16, index, frame.labels);
}

// A cell array: references to texts in a group of their own.
void LabeledMatWriter::write_scenes(const std::vector<std::string>& scenes) {
  auto& all = *files_;
  const hid_t group = H5Gcreate2(all.file, "#refs#", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  std::vector<hobj_ref_t> references(scenes.size());
  for (size_t i = 0; i < scenes.size(); ++i) {
    const std::vector<uint16_t> letters(scenes[i].begin(), scenes[i].end());
    const auto name = "s" + std::to_string(i);
    const hid_t text = create(group, name, H5T_STD_U16LE, {letters.size(), 1});
    H5Dwrite(text, H5T_NATIVE_UINT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, letters.data());
    H5Dclose(text);
    H5Rcreate(&references[i], group, name.c_str(), H5R_OBJECT, -1);
  }
  const hsize_t sizes[] = {1, scenes.size()};
  const hid_t space = H5Screate_simple(2, sizes, nullptr);
  const hid_t dataset =
      H5Dcreate2(all.file, "scenes", H5T_STD_REF_OBJ, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dwrite(dataset, H5T_STD_REF_OBJ, H5S_ALL, H5S_ALL, H5P_DEFAULT, references.data());
  H5Dclose(dataset);
  H5Sclose(space);
  H5Gclose(group);
}

void add_doubles(const std::filesystem::path& file, const std::string& variable,
                 const std::vector<size_t>& sizes) {
  const hid_t id = checked(H5Fopen(file.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), "open");
  H5Dclose(create(id, variable, H5T_IEEE_F64LE, {sizes.begin(), sizes.end()}));
  H5Fclose(id);
}

void remove_variable(const std::filesystem::path& file, const std::string& variable) {
  const hid_t id = checked(H5Fopen(file.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), "open");
  H5Ldelete(id, variable.c_str(), H5P_DEFAULT);
  H5Fclose(id);
}

void write_splits(const std::filesystem::path& file, const std::vector<double>& train,
                  const std::vector<double>& test) {
  mat_t* mat = Mat_CreateVer(file.c_str(), nullptr, MAT_FT_MAT5);
  const auto write = [&](const char* name, std::vector<double> numbers) {
    size_t sizes[] = {numbers.size(), 1};
    matvar_t* variable =
        Mat_VarCreate(name, MAT_C_DOUBLE, MAT_T_DOUBLE, 2, sizes, numbers.data(), 0);
    Mat_VarWrite(mat, variable, MAT_COMPRESSION_ZLIB);
    Mat_VarFree(variable);
  };
  write("trainNdxs", train);
  write("testNdxs", test);
  Mat_Close(mat);
}

void write_drawn_frames(const std::filesystem::path& root, cv::Size size) {
  const auto folder = root / "nyuv2";
  std::filesystem::create_directories(folder);
  constexpr int kTrain = 10, kAll = 12;
  std::vector<double> train, test;
  LabeledMatWriter frames(folder / "nyu_depth_v2_labeled.mat", kAll, size);
  for (int i = 1; i <= kAll; ++i) {
    (i <= kTrain ? train : test).push_back(i);
    OfficialFrame frame;
    frame.image = cv::Mat(size, CV_8UC3, cv::Scalar::all(10 * i));
    frame.image.rowRange(0, size.height / 3).setTo(cv::Scalar(0, 0, 200));
    frame.depth = cv::Mat(size, CV_32FC1, cv::Scalar(2));
    frame.depth.colRange(0, size.width / 4).setTo(3);
    frame.labels = cv::Mat(size, CV_16UC1, cv::Scalar(i));
    frame.labels.rowRange(0, size.height / 2).colRange(0, size.width / 4).setTo(21);
    frames.write(size_t(i), frame);
  }
  write_splits(folder / "splits.mat", train, test);
}

std::vector<int> read_numbers(const std::filesystem::path& file, const std::string& variable,
                              const std::string& field) {
  mat_t* mat = Mat_Open(file.c_str(), MAT_ACC_RDONLY);
  if (mat == nullptr) throw std::runtime_error("matio: " + file.string());
  matvar_t* found = Mat_VarRead(mat, variable.c_str());
  const matvar_t* values =
      field.empty() ? found : Mat_VarGetStructFieldByName(found, field.c_str(), 0);
  const auto* numbers = static_cast<const double*>(values->data);
  std::vector<int> result(numbers, numbers + values->dims[0] * values->dims[1]);
  Mat_VarFree(found);
  Mat_Close(mat);
  return result;
}

}  // namespace tasuki::testing
