# Whether the libraries that meet in one process can live together. Official LibTorch archives carry
# a Protobuf of their own, and older ones the C++ ABI from before GCC 5; what then happens (aborts in
# static constructors, undefined std::string symbols) is hard to recognise, so it is found here.
include_guard(GLOBAL)

# Defined dynamic symbols of `library` that match `pattern`; at most one, "" for none.
function(tasuki_first_symbol variable library pattern)
  execute_process(
    COMMAND "${CMAKE_NM}" -D --defined-only "${library}"
    COMMAND grep -m1 -E "${pattern}"
    OUTPUT_VARIABLE symbol ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  set(${variable} "${symbol}" PARENT_SCOPE)
endfunction()

# 1: std::string of the present ABI is in `library`'s interface; 0: it is not.
function(tasuki_cxx11_abi variable library)
  tasuki_first_symbol(symbol "${library}" "__cxx11")
  if(symbol)
    set(${variable} 1 PARENT_SCOPE)
  else()
    set(${variable} 0 PARENT_SCOPE)
  endif()
endfunction()

# What Protobuf comes into a process with `library`: "libprotobuf.so.N" when it is linked (directly
# or through others), "its own copy" when the library exports one, otherwise "none that shows".
function(tasuki_protobuf_of variable library)
  set(${variable} "none that shows" PARENT_SCOPE)
  tasuki_first_symbol(symbol "${library}" " T _ZN6google8protobuf(8internal13VerifyVersion|14DescriptorPool)")
  if(symbol)
    set(${variable} "its own copy" PARENT_SCOPE)
    return()
  endif()
  execute_process(COMMAND ldd "${library}" OUTPUT_VARIABLE needed ERROR_QUIET)
  if(needed MATCHES "(libprotobuf(-[a-z0-9]+)?\\.so[.0-9]*) ")
    set(${variable} "${CMAKE_MATCH_1}" PARENT_SCOPE)
  endif()
endfunction()

function(tasuki_soname variable library)
  execute_process(COMMAND "${CMAKE_OBJDUMP}" -p "${library}" OUTPUT_VARIABLE header ERROR_QUIET)
  if(header MATCHES "SONAME +([^ \n]+)")
    set(${variable} "${CMAKE_MATCH_1}" PARENT_SCOPE)
  else()
    set(${variable} "" PARENT_SCOPE)
  endif()
endfunction()

# tasuki_check_protobuf(own version [NAME library]...): own is the libprotobuf that Tasuki links.
function(tasuki_check_protobuf own version)
  tasuki_soname(soname "${own}")
  if(NOT soname)
    message(FATAL_ERROR
      "Protobuf ${version} (${own}) is no shared library. The program and its plugin modules share "
      "one registry of messages, so libprotobuf must be shared: install a shared build and point "
      "CMAKE_PREFIX_PATH to it.")
  endif()
  message(STATUS "Protobuf: Tasuki uses ${version} (${soname})")
  while(ARGN)
    list(POP_FRONT ARGN name library)
    tasuki_protobuf_of(other "${library}")
    message(STATUS "Protobuf: ${name} brings ${other}")
    if(NOT other STREQUAL soname AND NOT other STREQUAL "none that shows")
      message(FATAL_ERROR
        "${name} (${library}) brings another Protobuf into the process (${other}) than Tasuki, "
        "which uses ${version} (${soname}). Two of them in one process abort at start. Use a "
        "${name} that was built with the system's Protobuf (Debian: libtorch-dev, libopencv-dev), "
        "or point CMAKE_PREFIX_PATH to the Protobuf that ${name} was built with; "
        "docs/install.md, \"Troubleshooting\", has both ways.")
    endif()
  endwhile()
endfunction()

# tasuki_check_cxx_abi(abi [NAME library]...): abi (0 or 1) is what LibTorch asks of its users.
function(tasuki_check_cxx_abi abi)
  message(STATUS "C++ ABI: LibTorch asks for _GLIBCXX_USE_CXX11_ABI=${abi}")
  while(ARGN)
    list(POP_FRONT ARGN name library)
    tasuki_cxx11_abi(other "${library}")
    message(STATUS "C++ ABI: ${name} has ${other}")
    if(NOT other EQUAL abi)
      message(FATAL_ERROR
        "${name} (${library}) has C++ ABI ${other}, and LibTorch asks for ${abi}: they can't pass a "
        "std::string to each other. Use a LibTorch of ABI ${other} (the \"cxx11 ABI\" archive for 1; "
        "Python packages from 2.7 on have it, too), or build ${name} with "
        "-D_GLIBCXX_USE_CXX11_ABI=${abi}; docs/install.md, \"Troubleshooting\", says how.")
    endif()
  endwhile()
endfunction()
