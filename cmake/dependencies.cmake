# Everything comes from the distribution's packages (deploy/packages.sh
# installs them); nothing is downloaded while building.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(OpenSSL 3.0 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(LDNS REQUIRED IMPORTED_TARGET ldns)
pkg_check_modules(IDN2 REQUIRED IMPORTED_TARGET libidn2)
find_package(pugixml REQUIRED)
if(CARDEA_TESTS)
  find_package(GTest REQUIRED)
  pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2)
endif()
if(CARDEA_BENCH)
  find_package(benchmark REQUIRED)
endif()

# Debian 12's yaml-cpp exports "yaml-cpp", newer ones "yaml-cpp::yaml-cpp".
if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()

# Asio and Beast are compiled once, in base/asio_implementation.cpp.
add_library(cardea_asio INTERFACE)
target_compile_definitions(cardea_asio INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_REGEX)
target_link_libraries(cardea_asio INTERFACE Boost::headers Threads::Threads)
