# LMDB::LMDB, the embedded store.
include(FindByPkgConfig)
find_by_pkg_config(LMDB lmdb lmdb.h lmdb)
