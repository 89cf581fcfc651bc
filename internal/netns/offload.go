// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// DisableTransmitChecksums makes the kernel compute the checksums of packets that
// a device sends, in place of the device: as "ethtool -K device tx-checksumming
// off". That sets the whole class of features at once; to read the names of all
// features and to pick from them costs a millisecond, as much as making the device.
func (n *NS) DisableTransmitChecksums(device string) error {
	err := n.Do(func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return ethtoolSet(fd, device, unix.ETHTOOL_STXCSUM, 0)
	})
	if err != nil {
		return fmt.Errorf("disable transmit checksum offload of %q in network namespace %q: %w", device, n.name, err)
	}
	return nil
}

// ethtoolSet runs a command of SIOCETHTOOL that sets one value, struct
// ethtool_value in linux/ethtool.h.
func ethtoolSet(fd int, device string, cmd, data uint32) error {
	value := struct{ cmd, data uint32 }{cmd, data}
	var request struct {
		name  [unix.IFNAMSIZ]byte
		value unsafe.Pointer
		_     [24 - unsafe.Sizeof(uintptr(0))]byte // the union of struct ifreq has 24 bytes
	}
	if len(device) >= len(request.name) {
		return unix.ENODEV
	}
	copy(request.name[:], device)
	request.value = unsafe.Pointer(&value)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
	runtime.KeepAlive(&value)
	if errno != 0 {
		return errno
	}
	return nil
}
