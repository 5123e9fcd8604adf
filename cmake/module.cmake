# cardea_module(NAME [LINKS module...] [PRIVATE library...] [PUBLIC library...])
#
# The static library cardea_NAME from every .cpp of the current folder. LINKS
# are the modules it may include (the row of the module table), PRIVATE and
# PUBLIC the third-party libraries.
function(cardea_module name)
  cmake_parse_arguments(arg "" "" "LINKS;PRIVATE;PUBLIC" ${ARGN})
  list(TRANSFORM arg_LINKS PREPEND cardea_)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cpp)
  if(NOT sources)  # a module of headers only
    add_library(cardea_${name} INTERFACE)
    target_include_directories(cardea_${name} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(cardea_${name} INTERFACE ${arg_LINKS} ${arg_PUBLIC} ${arg_PRIVATE})
    return()
  endif()
  add_library(cardea_${name} STATIC ${sources})
  target_include_directories(cardea_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(cardea_${name} PUBLIC ${arg_LINKS} ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
endfunction()
