// The peer program of the comparisons with libovsdb's client, apart from what users of the module depend on.
module github.com/ovskit/ovskit/bench/libovsdb

go 1.24.0

require github.com/ovn-org/libovsdb v0.7.0 // indirect
