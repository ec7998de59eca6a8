# kentongan_compile holds every flag; no other file sets one. Generated code stays off it.
include(CheckCCompilerFlag)
include(CheckPIESupported)
check_pie_supported()

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(kentongan_compile INTERFACE)
# Quoted includes are written from the root of the repository: "broker/base/status.h".
target_include_directories(kentongan_compile INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_definitions(kentongan_compile INTERFACE
    _GNU_SOURCE KENTONGAN_VERSION="${PROJECT_VERSION}")
# Asserts stay on in every build type.
target_compile_options(kentongan_compile INTERFACE -UNDEBUG -fno-common
    -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
    -Wconversion -Wno-sign-conversion -Wformat=2 -Wundef -Wwrite-strings -Wpointer-arith
    -Wimplicit-fallthrough)
if(KENTONGAN_WERROR)
    target_compile_options(kentongan_compile INTERFACE -Werror)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" OR CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(kentongan_compile INTERFACE -fstack-protector-strong
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fcf-protection)
    target_link_options(kentongan_compile INTERFACE -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
    check_c_compiler_flag(-ftrivial-auto-var-init=zero HAVE_TRIVIAL_AUTO_VAR_INIT)
    if(HAVE_TRIVIAL_AUTO_VAR_INIT)
        target_compile_options(kentongan_compile INTERFACE -ftrivial-auto-var-init=zero)
    endif()
endif()

if(KENTONGAN_SANITIZE)
    set(sanitize -fsanitize=${KENTONGAN_SANITIZE} -fno-sanitize-recover=all)
    target_compile_options(kentongan_compile INTERFACE ${sanitize} -fno-omit-frame-pointer)
    target_link_options(kentongan_compile INTERFACE ${sanitize})
endif()
if(KENTONGAN_FUZZ)
    # The libraries too: else the fuzzer is blind to what happens in them.
    target_compile_options(kentongan_compile INTERFACE -fsanitize=fuzzer-no-link)
endif()
