# Xxhash::Xxhash, checksums.
include(FindByPkgConfig)
find_by_pkg_config(Xxhash libxxhash xxhash.h xxhash)
