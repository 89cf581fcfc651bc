// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package linkstate moves what hangs on a network device to another: its
// addresses, permanent neighbours, routes and policy rules.
//
// An [Object] is one of them in the form in which the kernel lists it,
// rtnetlink(7). The same form is accepted by the kernel, so that every attribute
// is kept, those included that this package knows nothing of. What is different
// for another device is rewritten by [Object.Moved]. What goes by is given with
// what is left of it: see [Conn.Add].
//
// Everything here can be repeated: to add what is there, and to remove what is
// not, are no errors.
package linkstate
