// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// fakeComparisons have the database of fakeovs, in a process of its own, on the side of ovskit, and an ovsdb-server on the
// other. Both are asked the same by the same client, which does not look at what the answers mean, on a unix socket each;
// both write what is committed to a file, and no switch takes notice.
var fakeComparisons = []comparison{fakeTransact, fakeAddPort, fakeFanout, fakeAddFlows, fakePacket}

// fakeAddFlows adds flows in one bundle to the switch of fakeovs, in this process, beside ovs-vswitchd: the messages were
// made before and are the same. What a flow takes of the memory is reported too.
var fakeAddFlows = comparison{name: "fakeovs.add50k/vswitchd", pairs: 10, setup: func(b *testing.B) (ours, peer side) {
	ours = blobSide(b, startFakeFlowSwitch(b))
	remove := ours.undo
	ours.undo = func(n int) error {
		runtime.GC()
		full := heap()
		err := remove(n)
		runtime.GC()
		b.ReportMetric(float64(int64(full-heap()))/flowsAdded, "B/flow")
		return err
	}
	return ours, blobSide(b, startFlowSwitch(b))
}}

// startFakeFlowSwitch starts a fake with a bridge that has no flows, and returns its management endpoint.
func startFakeFlowSwitch(b *testing.B) (endpoint string) {
	b.Helper()
	fake := fakeovs.New(b)
	br, err := bridge.Ensure(context.Background(), openSwitch(b, fake.DatabaseEndpoint()), bridge.Config{Name: "br0"})
	if err != nil {
		b.Fatal(err)
	}
	if err := deleteFlows(b, br.Management())(0); err != nil {
		b.Fatal(err)
	}
	return br.Management()
}

// watchers is how many clients monitor a database to which another one writes.
const watchers = 100

// fakeTransact makes one small transaction. The time of a side is the median of many.
var fakeTransact = comparison{name: "fakeovs.transact/ovsdb-server", setup: func(b *testing.B) (ours, peer side) {
	return bumpSide(b, startFake(b, 0)), bumpSide(b, startDatabase(b, 0))
}}

// fakeAddPort adds ports to a bridge of 10,000, one a transaction, while the client monitors the whole of it.
var fakeAddPort = comparison{name: "fakeovs.addport10k/ovsdb-server", setup: func(b *testing.B) (ours, peer side) {
	return addPortRawSide(b, startFake(b, portsBefore), true), addPortRawSide(b, startDatabase(b, portsBefore), true)
}}

// fakeFanout makes one small transaction and waits until each of 100 clients has been told. The time of a side is the
// median of many.
var fakeFanout = comparison{name: "fakeovs.fanout100/ovsdb-server", setup: func(b *testing.B) (ours, peer side) {
	return fanoutSide(b, startFake(b, 0)), fanoutSide(b, startDatabase(b, 0))
}}

// startFake starts "ovskit fake" with a database as startDatabase has it.
func startFake(b *testing.B, ports int) (endpoint string) {
	b.Helper()
	dir := b.TempDir()
	program := filepath.Join(dir, "ovskit")
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/ovskit").CombinedOutput(); err != nil {
		b.Fatalf("build ovskit: %v: %s", err, out)
	}
	fake := exec.Command(program, "fake", "--dir", dir, "--file", filepath.Join(dir, "conf.db"), "--no-switch")
	out, err := fake.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := fake.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		fake.Process.Signal(syscall.SIGTERM)
		if err := fake.Wait(); err != nil {
			b.Error(err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	endpoint, ready := strings.CutPrefix(strings.TrimSpace(line), "ready: ")
	if !ready {
		b.Fatalf("ovskit fake: got %q, %v; want the word ready and the endpoint", line, err)
	}
	fillDatabase(b, endpoint, ports)
	return endpoint
}

// bumpSide repeats one small transaction.
func bumpSide(b *testing.B, endpoint string) side {
	raw, request := newRawSocket(b, endpoint), bumpRequest(b, endpoint)
	return side{clocked: medianOf(1000, func() error { return raw.transact(request) })}
}

// bumpRequest is a small transaction that changes a row.
func bumpRequest(b *testing.B, endpoint string) []byte {
	requests := record(b, endpoint, func(endpoint string) error {
		ctx := context.Background()
		c, err := ovsdb.Dial(ctx, ovsdb.Options{Endpoint: endpoint})
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.Transact(ctx, ovsdb.Mutate(vswitch.TableOpenVSwitch, []ovsdb.Mutation{ovsdb.Change("next_cfg", ovsdb.Add, 1)}))
		return err
	})
	return requests[len(requests)-1]
}

func fanoutSide(b *testing.B, endpoint string) side {
	raw, request := newRawSocket(b, endpoint), bumpRequest(b, endpoint)
	monitor := []byte(`{"id":1,"method":"monitor","params":["Open_vSwitch",null,{"Open_vSwitch":{"columns":["next_cfg"]}}]}`)
	var clients []*rawSocket
	for range watchers {
		c := newRawSocket(b, endpoint)
		if _, err := c.exchange(monitor); err != nil {
			b.Fatal(err)
		}
		clients = append(clients, c)
	}
	return side{clocked: medianOf(100, func() error {
		if err := raw.transact(request); err != nil {
			return err
		}
		for _, c := range clients {
			update, err := c.next()
			if err != nil {
				return err
			}
			if !bytes.Contains(update, []byte("next_cfg")) {
				return fmt.Errorf("a client that monitors was told %s", update)
			}
		}
		return nil
	})}
}
