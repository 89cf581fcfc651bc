// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ovskit/ovskit/bridge/uplink"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// deleteBridge deletes br0 as ovs-vsctl does, whatever is on it.
func (l *lab) deleteBridge(t *testing.T) {
	t.Helper()
	br, _ := l.db.Bridge("br0")
	if _, err := l.db.Apply(testContext(t), vswitch.RemoveBridges(br.UUID)); err != nil {
		t.Fatal(err)
	}
}

// TestBridgeDeleted has somebody delete the bridge while the NIC is adopted: the NIC
// gets back what it had.
func TestBridgeDeleted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		again bool // the bridge is made again
		back  func(t *testing.T, l *lab)
	}{
		{"recover", false, func(t *testing.T, l *lab) { l.recover(t) }},
		{"release", false, func(t *testing.T, l *lab) { l.release(t) }},
		{"recover, made again", true, func(t *testing.T, l *lab) { l.recover(t) }},
		{"adopt, made again", true, func(t *testing.T, l *lab) {
			l.adopt(t)
			l.expectConnected(t, "adopted")
			l.release(t)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, "standalone", plain)
			before := l.dump(t)
			l.adopt(t)
			l.deleteBridge(t)
			if u, err := uplink.Get(l.db, node.Uplink); err != nil || u.Bridge != "br0" {
				t.Errorf("Get: %+v, %v; want the uplink of br0", u, err)
			}
			if tt.again {
				l.addBridge(t, "br0", "standalone")
			}
			tt.back(t, l)
			l.expectConnected(t, "given back")
			if all, err := uplink.List(l.db); err != nil || len(all) > 0 {
				t.Errorf("List: %v, %v; want no uplink", all, err)
			}
			if !tt.again {
				l.addBridge(t, "br0", "standalone")
			}
			// Another device has another MAC address.
			l.expectBut(t, "given back", before, func(line string) bool { return strings.Contains(line, `"ifname":"br0"`) })
		})
	}
}

// TestBridgeDeletedAndMachineStartedAnew leaves nothing to be given back.
func TestBridgeDeletedAndMachineStartedAnew(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	l.adopt(t)
	l.age(t)
	l.deleteBridge(t)
	l.recover(t)
	if all, err := uplink.List(l.db); err != nil || len(all) > 0 {
		t.Errorf("List: %v, %v; want no uplink", all, err)
	}
	if left := nodetest.Command(t, l.Host(), "ip -4 -o addr show dev uplink0"); left != "" {
		t.Errorf("the NIC was given what it had before the start: %s", left)
	}
}

// TestOtherBridge adopts for one of two bridges while the journal of the other cannot
// be read.
func TestOtherBridge(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	l.addBridge(t, "br1", "standalone")
	for _, text := range []string{"2 of a later version", "1 nonsense", ""} {
		_, err := l.db.Client().Transact(testContext(t), ovsdb.Update(vswitch.TableOpenVSwitch,
			ovsdb.Row{"external_ids": map[string]string{journalKey: text}}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := uplink.Adopt(testContext(t), l.db, l.config()); err == nil || !strings.Contains(err.Error(), "journal: ") {
			t.Errorf("Adopt for a bridge with the journal %q: %v, want an error about it", text, err)
		}
		c := l.config()
		c.Bridge = "br1"
		if _, err := uplink.Adopt(testContext(t), l.db, c); err != nil {
			t.Fatal(err)
		}
		l.expectConnected(t, "adopted")
		if _, err := uplink.Recover(testContext(t), l.db); err == nil || !strings.Contains(err.Error(), `"br0"`) {
			t.Errorf("Recover: %v, want an error that names br0", err)
		}
		l.release(t)
		l.expectConnected(t, "released")
	}
}

// TestTwoPrograms adopts the same NIC for two bridges at once: one gets it.
func TestTwoPrograms(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	l.addBridge(t, "br1", "standalone")
	before := l.dump(t)
	for range 3 {
		var wg sync.WaitGroup
		var mu sync.Mutex
		var won []string
		for _, name := range []string{"br0", "br1"} {
			wg.Add(1)
			go func() {
				defer wg.Done()
				c := l.config()
				c.Bridge = name
				_, err := uplink.Adopt(testContext(t), l.db, c)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					won = append(won, name)
				case !errors.Is(err, uplink.ErrBusy) && !errors.As(err, new(*uplink.UnsuitableError)):
					t.Errorf("Adopt for %s: %v", name, err)
				}
			}()
		}
		wg.Wait()
		all, err := uplink.List(l.db)
		if err != nil || len(all) != 1 || !slices.Equal(won, []string{all[0].Bridge}) {
			t.Fatalf("adopted for %v; uplinks are %v, %v", won, all, err)
		}
		l.expectConnected(t, "adopted")
		l.release(t)
		l.expect(t, "released", before)
	}
}

// TestReleaseAmongChanges releases the NIC while another program adds and removes
// ports.
func TestReleaseAmongChanges(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	before := l.dump(t)
	l.adopt(t)
	br, _ := l.db.Bridge("br0")
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		var err error
		defer func() { done <- err }()
		for i := 0; err == nil; i++ {
			name := fmt.Sprintf("tun%d", i)
			_, err = l.db.Apply(testContext(t),
				ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: name, Type: "vxlan",
					Options: map[string]string{"remote_ip": "flow", "key": "flow", "dst_port": fmt.Sprint(10000 + i)}}).Named("i"),
				ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: name, Interfaces: []string{"i"}}).Named("p"),
				vswitch.AddPorts(br.UUID, "p"))
			if err == nil {
				p, _ := l.db.Port(name)
				_, err = l.db.Apply(testContext(t), vswitch.RemovePorts(br.UUID, p.UUID))
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	l.release(t)
	close(stop)
	if err := <-done; err != nil {
		t.Error(err)
	}
	l.expectConnected(t, "released")
	l.expect(t, "released", before)
}
