# Cmocka::Cmocka, unit tests.
include(FindByPkgConfig)
find_by_pkg_config(Cmocka cmocka cmocka.h cmocka)
