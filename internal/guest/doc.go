// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package guest runs commands in a virtual machine with a kernel of its own, for
// what this machine's kernel does not have: the datapath of Open vSwitch.
//
//	host                                   guest (QEMU)
//	Run: kernel image ───────────────────> boots
//	     initramfs: init, programs with ──> its only file system
//	     their libraries, modules, files
//	                <── events, virtio port ── init: output and end of each command
//	                <── console ────────────── the kernel's messages
//
// The guest has no disk and no network device: nothing of the host can be changed
// from inside. It ends with the job, with the context, and with the host's program.
//
// The kernel is found in a directory with the contents of a package of Debian,
// linux-image-VERSION-cloud-amd64; see [Dir]. Programs are those of the host.
package guest
