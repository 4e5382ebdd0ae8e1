# The LibTorch that everything here is built on, as one target wherever it comes from: a package of the
# distribution, an official archive, or Python's torch package. The questions that depend on that are
# asked here and nowhere else.
#
#   tasuki_locate_torch()  which one: Torch_DIR. What is found after it is not LibTorch's own copy
#   tasuki_find_torch()    after find_package(Protobuf), whose place LibTorch's files would take
#
# The second defines Tasuki::torch (headers, libraries, flags of its C++ ABI) and Tasuki::torch_cuda
# (besides, CUDA's runtime and the folders of its headers, for files that include them; empty without
# CUDA), and sets
#   TASUKI_TORCH_VERSION  "2.13.0"
#   TASUKI_TORCH_CUDA     release of CUDA that it was built with, "13.0", or "" for none
#   TASUKI_TORCH_BUILD    "CPU" or "CUDA 13.0"
#   TASUKI_TORCH_LIB      folder of libtorch_cpu.so and libc10.so
#   TASUKI_TORCH_FLAGS    flags that whoever passes it a std::string is compiled with
#   TASUKI_CXX11_ABI      1 or 0, what those flags ask for
#   TASUKI_TORCH_OWN      its prefix where that is no system folder, otherwise ""
include_guard(GLOBAL)

# Sets Torch_DIR, which find_package(Torch) would find, without running what lies there.
macro(tasuki_locate_torch)
  if(NOT Torch_DIR)
    set(torch_roots ${Torch_ROOT} ${CMAKE_PREFIX_PATH})
    foreach(torch_root IN ITEMS "$ENV{Torch_ROOT}" "$ENV{CMAKE_PREFIX_PATH}")
      string(REPLACE ":" ";" torch_root "${torch_root}")
      list(APPEND torch_roots ${torch_root})
    endforeach()
    find_path(Torch_DIR TorchConfig.cmake
              HINTS $ENV{Torch_DIR} ${torch_roots} PATHS /usr/local /usr
              PATH_SUFFIXES share/cmake/Torch Torch cmake/Torch lib/cmake/Torch
                            "lib/${CMAKE_LIBRARY_ARCHITECTURE}/cmake/Torch")
    mark_as_advanced(Torch_DIR)
  endif()
  if(NOT Torch_DIR OR NOT EXISTS "${Torch_DIR}/TorchConfig.cmake")
    message(FATAL_ERROR
      "No LibTorch: there is no TorchConfig.cmake on CMAKE_PREFIX_PATH (${torch_roots}), in Torch_DIR "
      "(${Torch_DIR}) or in the system's folders. Install libtorch-dev, or say where one is; "
      "docs/install.md has every way.")
  endif()
  # <prefix>/share/cmake/Torch
  get_filename_component(TASUKI_TORCH_OWN "${Torch_DIR}/../../.." ABSOLUTE)
  set(TASUKI_TORCH_IS_PIP OFF)
  if(EXISTS "${TASUKI_TORCH_OWN}/version.py")
    set(TASUKI_TORCH_IS_PIP ON)
  endif()
  if(NOT EXISTS "${TASUKI_TORCH_OWN}/lib/libtorch_cpu.so"
     OR TASUKI_TORCH_OWN IN_LIST CMAKE_SYSTEM_PREFIX_PATH)
    set(TASUKI_TORCH_OWN "")
  endif()
  set(torch_ignored)
  if(TASUKI_TORCH_OWN)
    # What LibTorch brings of other projects is not what others look for.
    foreach(torch_folder IN ITEMS include lib bin)
      list(APPEND torch_ignored "${TASUKI_TORCH_OWN}/${torch_folder}")
    endforeach()
    list(APPEND CMAKE_IGNORE_PATH ${torch_ignored})
  endif()
endmacro()

# tasuki_torch_version(variable folder...): the version that the headers in one of the folders say.
function(tasuki_torch_version variable)
  set(numbers)
  foreach(folder IN LISTS ARGN)
    foreach(header IN ITEMS torch/headeronly/version.h torch/version.h)
      if(NOT numbers AND EXISTS "${folder}/${header}")
        file(STRINGS "${folder}/${header}" lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) +[0-9]")
        string(REGEX REPLACE "[^0-9;]" "" numbers "${lines}")
      endif()
    endforeach()
  endforeach()
  string(REPLACE ";" "." version "${numbers}")
  if(NOT version MATCHES "^[0-9]+\\.[0-9]+\\.[0-9]+$")
    message(FATAL_ERROR "The version of LibTorch is not known: no torch/headeronly/version.h and no "
                        "torch/version.h with TORCH_VERSION_MAJOR, _MINOR and _PATCH in ${ARGN}")
  endif()
  set(${variable} "${version}" PARENT_SCOPE)
endfunction()

# The first group of `pattern` in a file, "" where it has none.
function(tasuki_first_match variable file pattern)
  set(found "")
  if(EXISTS "${file}")
    file(STRINGS "${file}" lines REGEX "${pattern}")
    if(lines MATCHES "${pattern}")
      set(found "${CMAKE_MATCH_1}")
    endif()
  endif()
  set(${variable} "${found}" PARENT_SCOPE)
endfunction()

# Official archives and Python's package carry headers of a Protobuf and an fmt of their own, which are
# no part of their interface and would be found before the system's. A folder of links goes in front.
function(tasuki_front_headers variable torch_include)
  set(front "${PROJECT_BINARY_DIR}/front_of_torch")
  file(REMOVE_RECURSE "${front}")
  if(EXISTS "${torch_include}/google")
    file(MAKE_DIRECTORY "${front}")
    list(GET Protobuf_INCLUDE_DIRS 0 protobuf)
    file(CREATE_LINK "${protobuf}/google" "${front}/google" SYMBOLIC)
  endif()
  if(EXISTS "${torch_include}/fmt")
    find_package(fmt QUIET)
    if(TARGET fmt::fmt)
      file(MAKE_DIRECTORY "${front}")
      get_target_property(fmt fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
      file(CREATE_LINK "${fmt}/fmt" "${front}/fmt" SYMBOLIC)
    endif()
  endif()
  if(NOT EXISTS "${front}")
    set(front "")
  endif()
  set(${variable} "${front}" PARENT_SCOPE)
endfunction()

# Python's package, CPU or CUDA. Its own CMake files want a CUDA toolkit, which whoever has a driver and
# wheels has not, and put a stand-in in the place of Protobuf; so they are not run.
macro(tasuki_torch_of_pip)
  set(torch_config "${Torch_DIR}/TorchConfig.cmake")
  tasuki_first_match(TASUKI_CXX11_ABI "${torch_config}" "_GLIBCXX_USE_CXX11_ABI=([01])")
  if(TASUKI_CXX11_ABI STREQUAL "")
    set(TASUKI_CXX11_ABI 1)
  endif()
  set(TASUKI_TORCH_FLAGS "-D_GLIBCXX_USE_CXX11_ABI=${TASUKI_CXX11_ABI}")
  tasuki_first_match(TASUKI_TORCH_CUDA "${TASUKI_TORCH_OWN}/version.py" "^cuda.*= *'([0-9.]+)'")
  tasuki_first_match(torch_definitions "${Torch_DIR}/../Caffe2/Caffe2Targets.cmake"
                     "INTERFACE_COMPILE_DEFINITIONS \"(USE_[A-Z0-9_;]*)\"")
  set(torch_includes "${TASUKI_TORCH_OWN}/include"
                     "${TASUKI_TORCH_OWN}/include/torch/csrc/api/include")
  set(torch_libraries "${TASUKI_TORCH_LIB}/libtorch.so" "${TASUKI_TORCH_LIB}/libtorch_cpu.so"
                      "${TASUKI_TORCH_LIB}/libc10.so")
  if(TASUKI_TORCH_CUDA)
    # Nothing refers to libtorch_cuda by name: it registers its kernels when it is loaded.
    list(APPEND torch_libraries "-Wl,--no-as-needed,${TASUKI_TORCH_LIB}/libtorch_cuda.so,--as-needed")
  endif()
endmacro()

# Folders of CUDA's headers: those of the wheels that the package depends on, and of two more, which
# only compiling needs (nvidia-cuda-crt or, before CUDA 13, nvidia-cuda-nvcc; nvidia-cuda-cccl).
# `variable`: the folder of CUDA's runtime.
function(tasuki_cuda_of_pip variable)
  set(places "${TASUKI_TORCH_OWN}/../nvidia" ${TASUKI_CUDA_HEADERS} "${PROJECT_SOURCE_DIR}/build/cuda")
  set(includes)
  set(runtime)
  foreach(place IN LISTS places)
    file(GLOB found "${place}/*/include" "${place}/nvidia/*/include")
    list(APPEND includes ${found})
    file(GLOB found "${place}/*/lib/libcudart.so.*")
    list(APPEND runtime ${found})
  endforeach()
  foreach(header IN ITEMS cuda_runtime_api.h crt/host_defines.h nv/target)
    set(there OFF)
    foreach(folder IN LISTS includes)
      if(EXISTS "${folder}/${header}")
        set(there ON)
      endif()
    endforeach()
    if(NOT there OR NOT runtime)
      message(FATAL_ERROR
        "Python's torch ${TASUKI_TORCH_VERSION} was built with CUDA ${TASUKI_TORCH_CUDA}, and ${header} "
        "or libcudart.so is in none of: ${places}. Two small packages have the headers that compiling "
        "needs: `tools/setup` fetches them, or by hand (CUDA 13)\n"
        "  pip install --no-deps --target build/cuda 'nvidia-cuda-crt==${TASUKI_TORCH_CUDA}.*' "
        "'nvidia-cuda-cccl==${TASUKI_TORCH_CUDA}.*'\n"
        "docs/install.md says more; TASUKI_CUDA_HEADERS names another folder of such packages.")
    endif()
  endforeach()
  list(GET runtime 0 runtime)
  get_filename_component(folder "${runtime}" DIRECTORY)
  set(${variable} "${folder}" PARENT_SCOPE)
  target_include_directories(Tasuki::torch_cuda INTERFACE ${includes})
  target_link_libraries(Tasuki::torch_cuda INTERFACE "${TASUKI_TORCH_LIB}/libc10_cuda.so" "${runtime}")
endfunction()

# A package of the distribution or an official archive: its own CMake files know what it needs.
macro(tasuki_torch_of_config)
  find_package(Torch REQUIRED CONFIG)
  set(TASUKI_TORCH_FLAGS "${TORCH_CXX_FLAGS}")
  set(TASUKI_CXX11_ABI 1)
  if(TORCH_CXX_FLAGS MATCHES "_GLIBCXX_USE_CXX11_ABI=([01])")
    set(TASUKI_CXX11_ABI "${CMAKE_MATCH_1}")
  endif()
  set(torch_definitions "")
  set(torch_includes ${TORCH_INCLUDE_DIRS})
  set(torch_libraries ${TORCH_LIBRARIES})
  get_filename_component(TASUKI_TORCH_LIB "${TORCH_LIBRARY}" DIRECTORY)
  set(TASUKI_TORCH_CUDA "")
  if(TARGET torch_cuda)
    set(TASUKI_TORCH_CUDA "${CUDA_VERSION}")
    if(NOT TASUKI_TORCH_CUDA)
      set(TASUKI_TORCH_CUDA "${CUDAToolkit_VERSION}")
    endif()
    if(NOT TASUKI_TORCH_CUDA)
      message(FATAL_ERROR "LibTorch in ${Torch_DIR} has CUDA, and its CMake files say no release of it: "
                          "set CUDAToolkit_VERSION, for example -DCUDAToolkit_VERSION=12.8")
    endif()
  endif()
endmacro()

macro(tasuki_find_torch)
  if(torch_ignored)
    list(REMOVE_ITEM CMAKE_IGNORE_PATH ${torch_ignored})
  endif()
  set(TASUKI_TORCH_LIB "${TASUKI_TORCH_OWN}/lib")
  if(TASUKI_TORCH_IS_PIP)
    tasuki_torch_of_pip()
  else()
    tasuki_torch_of_config()
  endif()
  tasuki_torch_version(TASUKI_TORCH_VERSION ${torch_includes})
  set(TASUKI_TORCH_BUILD "CPU")
  if(TASUKI_TORCH_CUDA)
    set(TASUKI_TORCH_BUILD "CUDA ${TASUKI_TORCH_CUDA}")
  endif()
  list(GET torch_includes 0 torch_include)
  set(torch_front "")
  if(TASUKI_TORCH_OWN)
    tasuki_front_headers(torch_front "${torch_include}")
  endif()
  if(NOT TARGET Tasuki::torch)
    add_library(Tasuki::torch INTERFACE IMPORTED)
    target_include_directories(Tasuki::torch INTERFACE ${torch_front} ${torch_includes})
    target_compile_definitions(Tasuki::torch INTERFACE ${torch_definitions})
    separate_arguments(torch_flags UNIX_COMMAND "${TASUKI_TORCH_FLAGS}")
    target_compile_options(Tasuki::torch INTERFACE ${torch_flags})
    target_link_libraries(Tasuki::torch INTERFACE ${torch_libraries})
    add_library(Tasuki::torch_cuda INTERFACE IMPORTED)
    target_link_libraries(Tasuki::torch_cuda INTERFACE Tasuki::torch)
  endif()
endmacro()
