# Compiler settings that hold for every target.
add_compile_options(-Wall -Wextra -Wshadow -Woverloaded-virtual
  -Wold-style-cast -Wimplicit-fallthrough -Wunused-result -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports uses of moved-from coroutine frame slots that do not exist, and, when it
  # inlines the frame allocator of Asio's awaitable, a new and a delete that do not match.
  add_compile_options(-Wno-maybe-uninitialized -Wno-dangling-pointer -Wno-mismatched-new-delete)
  # clang looks into OpenSSL's macros too, which cast.
  add_compile_options(-Wcast-qual)
endif()

find_program(CARDEA_CCACHE ccache)
if(CARDEA_CCACHE)
  # Two checkouts of one tree share what was compiled: paths below the checkout are relative to the cache.
  set(launcher env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CARDEA_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
endif()
find_program(CARDEA_MOLD mold)
if(CARDEA_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

set(CARDEA_SANITIZE "" CACHE STRING "Sanitizers for every target, e.g. address,undefined")
if(CARDEA_SANITIZE)
  add_compile_options(-fsanitize=${CARDEA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CARDEA_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # clang 14 cannot emit this check for a coroutine ("difference across sections").
    add_compile_options(-fno-sanitize=function)
  endif()
endif()
