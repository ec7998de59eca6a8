# Sodium::Sodium, BLAKE2b, Ed25519 and random numbers.
include(FindByPkgConfig)
find_by_pkg_config(Sodium libsodium sodium.h sodium)
