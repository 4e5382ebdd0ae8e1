# Training in several processes: which sources of core/distributed are compiled. LibTorch has c10d and
# Gloo in its libraries, and its headers of them ask for Gloo's own, which no LibTorch brings. Nothing is
# called through those, and no type of theirs is of a size that matters: any release will do.
#
# Sets TASUKI_PROCESSES (ON or OFF), TASUKI_GLOO_INCLUDE_DIR, and TASUKI_GLOO_INCLUDES, what a compiler
# has to be told of it: not the system's folder, where it looks by itself, and where another LibTorch's
# headers may be.
include_guard(GLOBAL)

macro(tasuki_find_distributed)
  get_target_property(torch_includes Tasuki::torch INTERFACE_INCLUDE_DIRECTORIES)
  # What LibTorch's libraries were built with.
  tasuki_first_match(torch_gloo "${Torch_DIR}/../Caffe2/Caffe2Targets.cmake" "(USE_C10D_GLOO)")
  find_path(TASUKI_GLOO_INCLUDE_DIR gloo/rendezvous/store.h HINTS ${torch_includes})
  mark_as_advanced(TASUKI_GLOO_INCLUDE_DIR)
  set(TASUKI_PROCESSES OFF)
  if(NOT torch_gloo)
    message(STATUS "Several processes: no, this LibTorch was built without Gloo")
  elseif(NOT TASUKI_GLOO_INCLUDE_DIR)
    message(STATUS "Several processes: no, there are no headers of Gloo (Debian: libgloo-dev; or "
                   "-DTASUKI_GLOO_INCLUDE_DIR=...)")
  else()
    set(TASUKI_PROCESSES ON)
    set(TASUKI_GLOO_INCLUDES "${TASUKI_GLOO_INCLUDE_DIR}")
    list(REMOVE_ITEM TASUKI_GLOO_INCLUDES ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES} /usr/include)
    message(STATUS "Several processes: yes, with Gloo (headers: ${TASUKI_GLOO_INCLUDE_DIR})")
  endif()
endmacro()
