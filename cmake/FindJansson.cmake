# Jansson::Jansson, JSON.
include(FindByPkgConfig)
find_by_pkg_config(Jansson jansson jansson.h jansson)
