# YAML::YAML, libyaml: documents with the place of every node.
include(FindByPkgConfig)
find_by_pkg_config(YAML yaml-0.1 yaml.h yaml)
