# ZeroMQ::ZeroMQ, sockets between processes and sites.
include(FindByPkgConfig)
find_by_pkg_config(ZeroMQ libzmq zmq.h zmq)
