# What Tasuki is built on; docs/dependencies.md says what each is for.
include("${CMAKE_CURRENT_LIST_DIR}/Compatibility.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/LibTorch.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/Distributed.cmake")

tasuki_locate_torch()
find_package(OpenCV REQUIRED COMPONENTS core imgproc imgcodecs ximgproc)
find_package(Protobuf 3.21 REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS filesystem)
find_package(nlohmann_json 3 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(Threads REQUIRED)
find_package(JPEG REQUIRED)
# CMake's own FindHDF5 needs a C compiler.
find_path(HDF5_INCLUDE_DIR hdf5.h PATH_SUFFIXES hdf5/serial REQUIRED)
find_library(HDF5_LIBRARY NAMES hdf5_serial hdf5 REQUIRED)
find_path(MATIO_INCLUDE_DIR matio.h REQUIRED)
find_library(MATIO_LIBRARY matio REQUIRED)
find_path(LMDB_INCLUDE_DIR lmdb.h REQUIRED)
find_library(LMDB_LIBRARY lmdb REQUIRED)
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
find_library(XXHASH_LIBRARY xxhash REQUIRED)
tasuki_find_torch()
set(cuda_folder)
if(TASUKI_TORCH_IS_PIP AND TASUKI_TORCH_CUDA)
  tasuki_cuda_of_pip(cuda_folder)
endif()
# By itself CMake leaves folders of the project out, where an environment in build/ lies; the
# system's LibTorch would be loaded instead, if there is one.
if(TASUKI_TORCH_OWN)
  list(APPEND CMAKE_INSTALL_RPATH "${TASUKI_TORCH_LIB}" ${cuda_folder})
endif()
tasuki_find_distributed()
message(STATUS "LibTorch ${TASUKI_TORCH_VERSION} (${TASUKI_TORCH_BUILD}): ${TASUKI_TORCH_LIB}")

# File of an imported shared library, whatever configuration it was exported for.
function(tasuki_library_file variable target)
  get_target_property(file ${target} IMPORTED_LOCATION)
  if(NOT file)
    get_target_property(configurations ${target} IMPORTED_CONFIGURATIONS)
    list(GET configurations 0 configuration)
    get_target_property(file ${target} IMPORTED_LOCATION_${configuration})
  endif()
  set(${variable} "${file}" PARENT_SCOPE)
endfunction()

function(tasuki_check_compatibility)
  tasuki_library_file(protobuf protobuf::libprotobuf)
  tasuki_library_file(opencv_core opencv_core)
  tasuki_library_file(opencv_imgcodecs opencv_imgcodecs)
  tasuki_check_cxx_abi(${TASUKI_CXX11_ABI} LibTorch "${TASUKI_TORCH_LIB}/libc10.so"
                       OpenCV "${opencv_core}" Protobuf "${protobuf}")
  tasuki_check_protobuf("${protobuf}" "${Protobuf_VERSION}"
                        LibTorch "${TASUKI_TORCH_LIB}/libtorch_cpu.so" OpenCV "${opencv_imgcodecs}")
endfunction()

# The libraries stay where they are between configurations: looked at once for each set of them.
set(seen "${TASUKI_TORCH_LIB};${OpenCV_DIR};${Protobuf_VERSION};${TASUKI_TORCH_FLAGS}")
if(NOT TASUKI_COMPATIBLE STREQUAL seen)
  tasuki_check_compatibility()
  set(TASUKI_COMPATIBLE "${seen}" CACHE INTERNAL "libraries that were found to live together")
endif()
