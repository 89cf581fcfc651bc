// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// pcaps are the files to which a device writes the frames that go through it: those that come in from outside, and those
// that the switch sends. One file may take both.
type pcaps struct {
	rx, tx *pcapFile
	paths  [3]string // by the options that name them
}

// openPcaps opens the files that the options of a dummy device name. A file is made in the directory of the switch, or
// below it; one that is there already is appended to. What cannot be opened is not written.
func openPcaps(paths [3]string, dir string) *pcaps {
	p := &pcaps{paths: paths}
	if paths[0] != "" {
		p.rx = openPcap(dir, paths[0])
		p.tx = p.rx
		return p
	}
	p.rx, p.tx = openPcap(dir, paths[1]), openPcap(dir, paths[2])
	return p
}

func pcapPaths(i *interfaceConfig) [3]string {
	var paths [3]string
	for n, key := range []string{"pcap", "rxq_pcap", "tx_pcap"} {
		paths[n], _ = i.option(key)
	}
	return paths
}

func (p *pcaps) close() {
	if p != nil {
		p.rx.close()
		p.tx.close()
	}
}

// received takes a frame from outside.
func (p *pcaps) received(frame []byte, now time.Time) {
	if p != nil {
		p.rx.frame(frame, now)
	}
}

// sent takes a frame that the switch sends.
func (p *pcaps) sent(frame []byte, now time.Time) {
	if p != nil {
		p.tx.frame(frame, now)
	}
}

// pcapFile is an open capture file. A nil one takes nothing.
type pcapFile struct {
	mu sync.Mutex
	f  *os.File // nil once it is closed
}

func openPcap(dir, path string) *pcapFile {
	if path == "" {
		return nil
	}
	if filepath.IsAbs(path) {
		var ok bool
		if path, ok = strings.CutPrefix(filepath.Clean(path), filepath.Clean(dir)+"/"); !ok {
			return nil
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil
	}
	defer root.Close()
	f, err := root.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil
	}
	p := &pcapFile{f: f}
	if s, err := f.Stat(); err == nil && s.Size() == 0 {
		header := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
		header = binary.LittleEndian.AppendUint16(header, 2)
		header = binary.LittleEndian.AppendUint16(header, 4)
		header = binary.LittleEndian.AppendUint64(header, 0)
		header = binary.LittleEndian.AppendUint32(header, 1518)
		p.write(binary.LittleEndian.AppendUint32(header, 1)) // of Ethernet frames
	}
	return p
}

// frame appends a frame.
func (p *pcapFile) frame(frame []byte, now time.Time) {
	if p == nil {
		return
	}
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, 16+len(frame)), uint32(now.Unix()))
	b = binary.LittleEndian.AppendUint32(b, uint32(now.Nanosecond()/1000))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(frame)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(frame)))
	p.write(append(b, frame...))
}

// write writes as much as the file takes: a full disk is no reason to stop forwarding.
func (p *pcapFile) write(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.f != nil {
		_, _ = p.f.Write(b)
	}
}

func (p *pcapFile) close() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.f != nil {
		_ = p.f.Close()
		p.f = nil
	}
}
