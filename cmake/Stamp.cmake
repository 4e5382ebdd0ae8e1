# tasuki_stamp(VERSION variable): what a module must share with the program that loads it, as this
# build's LibTorch, Protobuf and compiler give it.
include_guard(GLOBAL)

function(tasuki_torch_version variable)
  set(header)
  foreach(folder IN LISTS TORCH_INCLUDE_DIRS)
    if(NOT header AND EXISTS "${folder}/torch/version.h")
      set(header "${folder}/torch/version.h")
    endif()
  endforeach()
  if(NOT header)
    message(FATAL_ERROR "LibTorch has no torch/version.h in ${TORCH_INCLUDE_DIRS}")
  endif()
  file(STRINGS "${header}" lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH)")
  string(REGEX REPLACE "[^0-9;]" "" numbers "${lines}")
  string(REPLACE ";" "." numbers "${numbers}")
  set(${variable} "${numbers}" PARENT_SCOPE)
endfunction()

function(tasuki_stamp version variable)
  tasuki_torch_version(torch_version)
  string(REGEX MATCH "^[0-9]+" compiler_major "${CMAKE_CXX_COMPILER_VERSION}")
  set(cxx11_abi 1)
  if(TORCH_CXX_FLAGS MATCHES "_GLIBCXX_USE_CXX11_ABI=([01])")
    set(cxx11_abi "${CMAKE_MATCH_1}")
  endif()
  string(CONCAT stamp "tasuki ${version}, libtorch ${torch_version}, "
                "protobuf ${Protobuf_VERSION}, ${CMAKE_CXX_COMPILER_ID} ${compiler_major}, "
                "cxx11 abi ${cxx11_abi}")
  set(${variable} "${stamp}" PARENT_SCOPE)
endfunction()
