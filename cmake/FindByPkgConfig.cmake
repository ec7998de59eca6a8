# find_by_pkg_config(NAME MODULE HEADER LIBRARY): makes the imported target NAME::NAME from the hints
# of pkg-config's MODULE. Debian ships these libraries with a .pc file and without a CMake config.
find_package(PkgConfig REQUIRED)
include(FindPackageHandleStandardArgs)

macro(find_by_pkg_config name module header library)
    pkg_check_modules(PC_${name} QUIET ${module})
    find_path(${name}_INCLUDE_DIR ${header} HINTS ${PC_${name}_INCLUDE_DIRS})
    find_library(${name}_LIBRARY ${library} HINTS ${PC_${name}_LIBRARY_DIRS})
    mark_as_advanced(${name}_INCLUDE_DIR ${name}_LIBRARY)
    find_package_handle_standard_args(${name}
        REQUIRED_VARS ${name}_LIBRARY ${name}_INCLUDE_DIR VERSION_VAR PC_${name}_VERSION)
    if(${name}_FOUND AND NOT TARGET ${name}::${name})
        add_library(${name}::${name} UNKNOWN IMPORTED GLOBAL)
        set_target_properties(${name}::${name} PROPERTIES
            IMPORTED_LOCATION "${${name}_LIBRARY}"
            INTERFACE_INCLUDE_DIRECTORIES "${${name}_INCLUDE_DIR}")
    endif()
endmacro()
