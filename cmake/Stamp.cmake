# tasuki_stamp(VERSION variable): what a module must share with the program that loads it: every library
# whose types pass between them by value, and what changes the layout of those types. After
# tasuki_find_torch() and find_package of the others.
include_guard(GLOBAL)

# 1 where files of this build see NDEBUG (LibTorch's and OpenCV's headers look at it), otherwise 0.
function(tasuki_ndebug variable)
  string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
  set(${variable} 0 PARENT_SCOPE)
  if("${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}}" MATCHES "-D *NDEBUG")
    set(${variable} 1 PARENT_SCOPE)
  endif()
endfunction()

function(tasuki_stamp version variable)
  string(REGEX MATCH "^[0-9]+" compiler_major "${CMAKE_CXX_COMPILER_VERSION}")
  tasuki_ndebug(ndebug)
  set(parts)
  foreach(part IN ITEMS "tasuki=${version}" "libtorch=${TASUKI_TORCH_VERSION}"
                        "protobuf=${Protobuf_VERSION}" "opencv=${OpenCV_VERSION}"
                        "nlohmann-json=${nlohmann_json_VERSION}"
                        "${CMAKE_CXX_COMPILER_ID}=${compiler_major}"
                        "cxx11 abi=${TASUKI_CXX11_ABI}" "ndebug=${ndebug}")
    if(part MATCHES "^=|=$")
      message(FATAL_ERROR "The stamp of modules has an empty part, \"${part}\": what it was built "
                          "with would not be known when one is loaded. What is found without its "
                          "version is not a whole installation; docs/dependencies.md lists all.")
    endif()
    string(REPLACE "=" " " part "${part}")
    list(APPEND parts "${part}")
  endforeach()
  list(JOIN parts ", " stamp)
  set(${variable} "${stamp}" PARENT_SCOPE)
endfunction()
