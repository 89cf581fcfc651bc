// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"fmt"
	"io"
	"path"
	"strings"
)

// Modes of an archive's entries, as in inode(7).
const (
	modeDir  = 0o040755
	modeFile = 0o100755
)

// An archive writes an initramfs: a cpio archive of the format "newc",
// Documentation/driver-api/early-userspace/buffer-format.rst of Linux.
type archive struct {
	w       io.Writer
	inode   int
	written map[string]bool
}

func newArchive(w io.Writer) *archive {
	return &archive{w: w, written: map[string]bool{"/": true}}
}

// add writes a file, executable by all, and the directories that it is in. A file that
// is there already is not written again.
func (a *archive) add(name string, size int64, contents io.Reader) error {
	name = path.Clean("/" + name)
	if a.written[name] {
		return nil
	}
	if err := a.dir(path.Dir(name)); err != nil {
		return err
	}
	return a.entry(name, modeFile, size, contents)
}

func (a *archive) dir(name string) error {
	if a.written[name] {
		return nil
	}
	if err := a.dir(path.Dir(name)); err != nil {
		return err
	}
	return a.entry(name, modeDir, 0, strings.NewReader(""))
}

// entry writes a header of 13 numbers, the name with a zero byte, and the contents;
// both are filled up to a multiple of four bytes.
func (a *archive) entry(name string, mode int, size int64, contents io.Reader) error {
	if size < 0 || size > 1<<32-1 {
		return fmt.Errorf("archive: %s: %d bytes do not fit", name, size)
	}
	a.inode++
	a.written[name] = true
	name = strings.TrimPrefix(name, "/")
	const headerSize = 110
	header := "070701"
	for _, number := range []int64{
		int64(a.inode), int64(mode), 0, 0, 1, 0, size, // inode, mode, owner, group, links, time, size
		0, 0, 0, 0, int64(len(name) + 1), 0, // devices, length of the name, checksum
	} {
		header += fmt.Sprintf("%08x", number)
	}
	head := header + name + "\x00" + padding(headerSize+int64(len(name))+1)
	if _, err := io.WriteString(a.w, head); err != nil {
		return err
	}
	if _, err := io.CopyN(a.w, contents, size); err != nil {
		return fmt.Errorf("archive: %s: %w", name, err)
	}
	_, err := io.WriteString(a.w, padding(size))
	return err
}

// close writes the archive's end.
func (a *archive) close() error { return a.entry("TRAILER!!!", 0, 0, strings.NewReader("")) }

func padding(written int64) string { return "\x00\x00\x00"[:(4-written%4)%4] }
