# CYAML::CYAML, YAML with a schema.
include(FindByPkgConfig)
find_by_pkg_config(CYAML libcyaml cyaml/cyaml.h cyaml)
