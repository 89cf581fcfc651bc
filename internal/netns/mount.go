// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// mountNew makes a namespace and mounts it on path, a new file in Dir.
func mountNew(path string) error {
	if err := shareDir(); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDONLY|os.O_CREATE|os.O_EXCL, 0)
	if err != nil {
		return err
	}
	file.Close()
	err = onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("unshare: %w", err)
		}
		if err := unix.Mount(threadPath, path, "none", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mount on %s: %w", path, err)
		}
		return nil
	})
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// unmount undoes mountNew.
func unmount(path string) error {
	// A file that nothing is mounted on is what a crash between the two
	// steps of mountNew leaves: EINVAL.
	err := unix.Unmount(path, unix.MNT_DETACH)
	if err != nil && !errors.Is(err, unix.EINVAL) {
		return err
	}
	return os.Remove(path)
}

// shareDir makes Dir a shared mount, as ip-netns(8) does: a name that is
// deleted then disappears from the mount namespaces of all other processes as
// well, where it would keep the namespace alive.
func shareDir() error {
	if err := os.MkdirAll(Dir, 0o755); err != nil {
		return err
	}
	dir, err := os.Open(Dir)
	if err != nil {
		return err
	}
	defer dir.Close() // releases the lock
	if err := unix.Flock(int(dir.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", Dir, err)
	}
	err = unix.Mount("", Dir, "none", unix.MS_SHARED|unix.MS_REC, "")
	if !errors.Is(err, unix.EINVAL) {
		return wrapShare(err)
	}
	// Dir is no mount point yet.
	if err := unix.Mount(Dir, Dir, "none", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("mount %s on itself: %w", Dir, err)
	}
	return wrapShare(unix.Mount("", Dir, "none", unix.MS_SHARED|unix.MS_REC, ""))
}

func wrapShare(err error) error {
	if err != nil {
		return fmt.Errorf("share mount %s: %w", Dir, err)
	}
	return nil
}
