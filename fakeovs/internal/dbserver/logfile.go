// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// logFile is a file of records in the format of ovsdb(5), section "Standalone Format": each is a line with the length and
// the SHA-1 hash of the JSON text that follows. While it is open, its lock file keeps ovsdb-server, ovsdb-tool and other
// fakes from writing to it.
type logFile struct {
	name  string // as it was given, for errors
	path  string // where the file is that the name leads to
	file  *os.File
	lock  *os.File
	in    *bufio.Reader // while it is read
	magic string
	// offset is where the next record is read or written, base where it was after the last compaction.
	offset, base int64
	previous     int64 // where the record begins that was read last
	records      int
	record       []byte // the buffer of the one that was written last
	dirty        bool   // there may be something behind offset that must go before a record is written
}

const (
	logLead       = "OVSDB "
	logMagic      = "JSON" // of a standalone database
	clusteredMark = "CLUSTER"
)

// openLog opens a file that must exist, or creates one that must not.
func openLog(name string, create bool) (*logFile, error) {
	l := &logFile{name: name, path: name, magic: logMagic}
	if path, err := filepath.EvalSymlinks(name); err == nil {
		l.path = path
	}
	lockName := filepath.Join(filepath.Dir(l.path), "."+filepath.Base(l.path)+".~lock~")
	var err error
	if l.lock, err = lockFile(lockName); err != nil {
		return nil, fmt.Errorf("%s: failed to lock lockfile: %w", name, err)
	}
	flags := os.O_RDWR
	if create {
		flags |= os.O_CREATE | os.O_EXCL
	}
	if l.file, err = os.OpenFile(name, flags, 0o660); err != nil {
		l.lock.Close()
		return nil, err
	}
	l.in = bufio.NewReader(l.file)
	return l, nil
}

func (l *logFile) close() error { return errors.Join(l.file.Close(), l.lock.Close()) }

// read returns the next record, or [io.EOF]. After another error the file ends with the record before, and so it does
// for whoever reads it as soon as a record is written.
func (l *logFile) read() (map[string]any, error) {
	record, size, err := l.parse()
	if err == io.EOF {
		return nil, err
	}
	if err != nil {
		l.dirty = true
		return nil, fmt.Errorf("%s: %w", l.name, err)
	}
	l.previous = l.offset
	l.offset += size
	l.records++
	return record, nil
}

// unread takes back the record that was read last, which makes no sense: the file ends before it.
func (l *logFile) unread() {
	l.offset, l.dirty = l.previous, true
	l.records--
}

// parse reads a record and returns the size in bytes that it has in the file.
func (l *logFile) parse() (record map[string]any, size int64, err error) {
	header, err := l.in.ReadString('\n')
	if err == io.EOF && header == "" {
		return nil, 0, io.EOF
	}
	if err != nil && err != io.EOF {
		return nil, 0, err
	}
	magic, length, hash, ok := parseLogHeader(header)
	if ok && magic == clusteredMark {
		return nil, 0, errors.New("it is the file of a clustered database")
	}
	if !ok || magic != l.magic {
		return nil, 0, fmt.Errorf("parse error at offset %d in header line %q", l.offset, strings.TrimSuffix(header, "\n"))
	}
	body := l.offset + int64(len(header))
	info, err := l.file.Stat()
	if err != nil {
		return nil, 0, err
	}
	if info.Size()-body < length {
		return nil, 0, fmt.Errorf("error reading %d bytes starting at offset %d: end of file", length, body)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(l.in, text); err != nil {
		return nil, 0, err
	}
	if got := sha1.Sum(text); !bytes.Equal(got[:], hash) {
		return nil, 0, fmt.Errorf("%d bytes starting at offset %d have SHA-1 hash %x but should have hash %x", length, body, got, hash)
	}
	v, err := parseJSON(text)
	if err != nil {
		return nil, 0, fmt.Errorf("%d bytes starting at offset %d are not valid JSON (%w)", length, body, err)
	}
	record, ok = v.(map[string]any)
	if !ok {
		return nil, 0, fmt.Errorf("%d bytes starting at offset %d are not a JSON object", length, body)
	}
	return record, int64(len(header)) + length, nil
}

func parseLogHeader(line string) (magic string, length int64, hash []byte, ok bool) {
	line, ended := strings.CutSuffix(line, "\n")
	line, led := strings.CutPrefix(line, logLead)
	fields := strings.Split(line, " ")
	if !ended || !led || len(fields) != 3 {
		return "", 0, nil, false
	}
	length, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil || length <= 0 {
		return "", 0, nil, false
	}
	hash, err = hex.DecodeString(fields[2])
	return fields[0], length, hash, err == nil && len(hash) == sha1.Size
}

// write appends a record. When it fails, the file is as it was.
func (l *logFile) write(text []byte) error {
	l.in = nil
	if l.dirty {
		if err := l.file.Truncate(l.offset); err != nil {
			return fmt.Errorf("%s: cannot truncate to length %d: %w", l.name, l.offset, err)
		}
		l.dirty = false
	}
	l.record = appendLogRecord(l.record[:0], text)
	if _, err := l.file.WriteAt(l.record, l.offset); err != nil {
		l.dirty = true
		return fmt.Errorf("%s: write failed: %w", l.name, err)
	}
	l.offset += int64(len(l.record))
	l.records++
	if cap(l.record) > maxKept {
		l.record = nil
	}
	return nil
}

// maxKept is up to which size in bytes a buffer for records is kept for the next one.
const maxKept = 64 << 10

// appendLogRecord appends a record of the given text: with its header before it, and the end of a line after it.
func appendLogRecord(b, text []byte) []byte {
	text = append(text, '\n')
	hash := sha1.Sum(text)
	b = strconv.AppendInt(append(b, logLead+logMagic+" "...), int64(len(text)), 10)
	b = hex.AppendEncode(append(b, ' '), hash[:])
	return append(append(b, '\n'), text...)
}

// sync returns when all that was written is on the disk.
func (l *logFile) sync() error {
	if err := l.file.Sync(); err != nil {
		return fmt.Errorf("%s: fsync failed: %w", l.name, err)
	}
	return nil
}

// replace makes the file one with the given records, at once: whoever opens it sees the old ones or the new ones.
func (l *logFile) replace(texts ...[]byte) error {
	temporary := l.path + ".tmp"
	if err := os.Remove(temporary); err != nil && !os.IsNotExist(err) {
		return err
	}
	file, err := os.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o660)
	if err != nil {
		return err
	}
	next := &logFile{name: l.name, path: l.path, file: file, magic: l.magic}
	for _, text := range texts {
		if err = next.write(text); err != nil {
			break
		}
	}
	if err == nil {
		err = next.sync()
	}
	if err == nil {
		err = os.Rename(temporary, l.path)
	}
	if err != nil {
		return errors.Join(err, file.Close(), os.Remove(temporary))
	}
	old := l.file
	l.file, l.in, l.offset, l.base, l.records, l.dirty = file, nil, next.offset, next.offset, next.records, false
	return old.Close()
}

// grewLots reports whether the file has grown so much since the last compaction that another one is worth it.
func (l *logFile) grewLots() bool {
	return l.records >= minRecords && l.offset > minCompaction && l.offset/2 > l.base
}

// Files of fewer records or bytes are not compacted for their growth.
const (
	minRecords    = 100
	minCompaction = 10 << 20
)
