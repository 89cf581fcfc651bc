// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A libovsdbPeer is the program in the directory libovsdb, running.
type libovsdbPeer struct {
	in  io.Writer
	out *bufio.Scanner
}

// startLibovsdb builds and starts the program for a database. Where it cannot
// be built, for lack of its modules, the benchmark is skipped.
func startLibovsdb(b *testing.B, endpoint string) *libovsdbPeer {
	b.Helper()
	program := filepath.Join(b.TempDir(), "libovsdb")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = "libovsdb"
	if out, err := build.CombinedOutput(); err != nil {
		b.Skipf("libovsdb's client cannot be built: %v: %s", err, out)
	}
	peer := exec.Command(program, endpoint)
	in, err := peer.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := peer.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := peer.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		if err := peer.Wait(); err != nil {
			b.Error(err)
		}
	})
	return &libovsdbPeer{in: in, out: bufio.NewScanner(out)}
}

// run has the program do what a line says and returns how long that took and
// how many bytes it allocated.
func (p *libovsdbPeer) run(format string, args ...any) (took time.Duration, allocated uint64, err error) {
	if _, err := fmt.Fprintf(p.in, format+"\n", args...); err != nil {
		return 0, 0, err
	}
	if !p.out.Scan() {
		return 0, 0, errors.Join(errors.New("libovsdb's program has ended"), p.out.Err())
	}
	var report struct {
		Nanoseconds int64
		Allocated   uint64
		Error       string
	}
	if err := json.Unmarshal(p.out.Bytes(), &report); err != nil {
		return 0, 0, err
	}
	if report.Error != "" {
		return 0, 0, fmt.Errorf("libovsdb: %s", report.Error)
	}
	return time.Duration(report.Nanoseconds), report.Allocated, nil
}

// loadLibovsdb is loadRaw beside libovsdb's client and its cache.
var loadLibovsdb = comparison{name: "ovsdb.load20k/libovsdb", pairs: 10, setup: func(b *testing.B) (ours, peer side) {
	endpoint := startDatabase(b, portsBefore)
	libovsdb := startLibovsdb(b, endpoint)
	return loadSide(b, endpoint), side{clocked: func(int) (time.Duration, error) {
		took, allocated, err := libovsdb.run("load")
		b.ReportMetric(mebibytes(allocated), "peer-MiB")
		return took, err
	}}
}}

// addPortLibovsdb is addPortRaw beside libovsdb's client, which monitors the
// same tables.
var addPortLibovsdb = comparison{name: "ovsdb.addport10k/libovsdb", pairs: 10, setup: func(b *testing.B) (ours, peer side) {
	endpoint := startDatabase(b, portsBefore)
	libovsdb, c := startLibovsdb(b, endpoint), dialDatabase(b, endpoint)
	bridge := findBridge(b, c)
	return addPortSide(b), side{
		clocked: func(int) (time.Duration, error) {
			took, _, err := libovsdb.run("add %d %s", portsAdded, bridge)
			b.ReportMetric(portsAdded/took.Seconds(), "peer-ports/s")
			return took, err
		},
		undo: func(int) error { return removeAdded(c, bridge) },
	}
}}

func mebibytes(n uint64) float64 { return float64(n) / (1 << 20) }
