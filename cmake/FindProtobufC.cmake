# ProtobufC::ProtobufC, protobuf's runtime for C, and protobuf_c_generate.
include(FindByPkgConfig)
find_program(PROTOC_C protoc-c REQUIRED)
find_program(PROTOC protoc REQUIRED)
find_path(PROTOBUF_WELL_KNOWN google/protobuf/timestamp.proto REQUIRED)
mark_as_advanced(PROTOC_C PROTOC PROTOBUF_WELL_KNOWN)
find_by_pkg_config(ProtobufC libprotobuf-c protobuf-c/protobuf-c.h protobuf-c)

# protobuf_c_generate(TARGET FILES...): makes the static library TARGET of the C code that protoc-c
# writes for FILES (paths from the calling folder, which is the root of their imports) and for
# google/protobuf/timestamp.proto, and TARGET.desc beside it, a FileDescriptorSet with all imports.
# The code is not ours: it is compiled without our warnings, and its headers are system headers.
function(protobuf_c_generate target)
    set(names ${ARGN} google/protobuf/timestamp.proto)
    list(TRANSFORM names REPLACE "\\.proto$" ".pb-c.c" OUTPUT_VARIABLE sources)
    list(TRANSFORM names REPLACE "\\.proto$" ".pb-c.h" OUTPUT_VARIABLE headers)
    list(TRANSFORM sources PREPEND "${CMAKE_CURRENT_BINARY_DIR}/")
    list(TRANSFORM headers PREPEND "${CMAKE_CURRENT_BINARY_DIR}/")
    set(descriptors "${CMAKE_CURRENT_BINARY_DIR}/${target}.desc")
    set(roots -I "${CMAKE_CURRENT_SOURCE_DIR}" -I "${PROTOBUF_WELL_KNOWN}")
    add_custom_command(OUTPUT ${sources} ${headers} ${descriptors}
        COMMAND ${PROTOC_C} ${roots} "--c_out=${CMAKE_CURRENT_BINARY_DIR}" ${names}
        COMMAND ${PROTOC} ${roots} --include_imports --include_source_info
            "--descriptor_set_out=${descriptors}" ${names}
        DEPENDS ${ARGN}
        WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}"
        COMMENT "Generating C from ${target}'s schemas"
        VERBATIM)
    add_library(${target} STATIC ${sources} ${headers})
    set_target_properties(${target} PROPERTIES C_CLANG_TIDY ""
        DESCRIPTOR_SET "${descriptors}" SCHEMAS "${ARGN}")
    target_include_directories(${target} SYSTEM PUBLIC "${CMAKE_CURRENT_BINARY_DIR}")
    target_link_libraries(${target} PUBLIC ProtobufC::ProtobufC)
endfunction()
