// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// lab is a fake, or for the tests that run on both a real switch, and a client of its database.
type lab struct {
	*fakeovs.OVS // nil: real
	t            *testing.T
	ctx          context.Context
	db           *vswitch.DB
}

func newLab(t *testing.T) *lab {
	t.Helper()
	ovs := fakeovs.New(t)
	l := &lab{OVS: ovs, t: t}
	l.dial(ovs.DatabaseEndpoint())
	return l
}

func (l *lab) dial(endpoint string) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	l.t.Cleanup(cancel)
	db, err := vswitch.Dial(ctx, ovsdb.Options{Endpoint: endpoint})
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { db.Close() })
	l.ctx, l.db = ctx, db
}

// onBoth runs a test on the fake and on a real switch with dummy devices.
func onBoth(t *testing.T, body func(l *lab)) {
	t.Run("fake", func(t *testing.T) { body(newLab(t)) })
	t.Run("real", func(t *testing.T) {
		ovs := ovsproctest.Start(t, ovsproc.Options{Dummy: true})
		l := &lab{t: t}
		l.dial(ovs.DatabaseEndpoint())
		body(l)
	})
}

func (l *lab) apply(ops ...ovsdb.Operation) {
	l.t.Helper()
	if _, err := l.db.Apply(l.ctx, ops...); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) addBridge(row vswitch.Bridge) {
	l.t.Helper()
	l.apply(ovsdb.Insert(vswitch.TableBridge, &row).Named("b"), vswitch.AddBridges("b"))
}

func (l *lab) bridge(name string) *vswitch.Bridge {
	l.t.Helper()
	b, ok := l.db.Bridge(name)
	if !ok {
		l.t.Fatalf("no bridge %s in the database", name)
	}
	return b
}

// addPort adds a port with one interface, and returns when the switch has seen it.
func (l *lab) addPort(bridge string, i vswitch.Interface) {
	l.t.Helper()
	l.apply(
		ovsdb.Insert(vswitch.TableInterface, &i).Named("i"),
		ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: i.Name, Interfaces: []string{"i"}}).Named("p"),
		vswitch.AddPorts(l.bridge(bridge).UUID, "p"))
}

func (l *lab) iface(name string) *vswitch.Interface {
	l.t.Helper()
	row, ok := l.db.Interface(name)
	if !ok {
		l.t.Fatalf("no interface %s in the database", name)
	}
	return row
}

func (l *lab) set(table, name string, row ovsdb.Row) {
	l.t.Helper()
	l.apply(ovsdb.Update(table, row, ovsdb.Where("name", ovsdb.Equal, name)))
}

// state is what an Interface row says of its port, in words.
func state(i *vswitch.Interface) string {
	s := "no ofport"
	if i.OFPort != nil {
		s = fmt.Sprint(*i.OFPort)
	}
	if i.Error != nil {
		s += " " + *i.Error
	}
	return s
}

// wantState waits for an interface's state to be as wanted.
func (l *lab) wantState(name, want string) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.ctx, 2*time.Second)
	defer cancel()
	err := l.db.Wait(ctx, func() (bool, error) { return state(l.iface(name)) == want, nil })
	if err != nil {
		l.t.Errorf("interface %s: got %q, want %q", name, state(l.iface(name)), want)
	}
}

var broadcast = append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5}, make([]byte, 46)...)

func TestBridgeLife(t *testing.T) {
	l := newLab(t)
	br := l.Bridge("br0")
	if br.Exists() {
		t.Error("the bridge exists before it is made")
	}
	if err := br.Inject(1, broadcast).Err(); err == nil || !strings.Contains(err.Error(), "no such bridge") {
		t.Errorf("inject without a bridge: got error %v, want one that says that there is no such bridge", err)
	}
	l.addBridge(vswitch.Bridge{Name: "br0", OtherConfig: map[string]string{"hwaddr": "02:00:00:00:00:99"}})
	if got := l.bridge("br0").DatapathID; got == nil || *got != "0000020000000099" {
		t.Errorf("got datapath id %v, want 0000020000000099", got)
	}
	if got, want := br.Management(), "unix:"+l.Dir()+"/br0.mgmt"; got != want {
		t.Errorf("got management endpoint %s, want %s", got, want)
	}
	conn, err := net.Dial("unix", strings.TrimPrefix(br.Management(), "unix:"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := br.Inject(7, broadcast).Err(); err == nil || !strings.Contains(err.Error(), "no such port") {
		t.Errorf("inject at no port: got error %v, want one that says that there is no such port", err)
	}
	root := l.db.Root()
	if root.CurCfg != root.NextCfg || root.OVSVersion == nil || *root.OVSVersion != "3.1.0" {
		t.Errorf("got cur_cfg %d, next_cfg %d, ovs_version %v; want equal numbers and 3.1.0", root.CurCfg, root.NextCfg, root.OVSVersion)
	}

	l.apply(vswitch.RemoveBridges(l.bridge("br0").UUID))
	if br.Exists() {
		t.Error("the bridge exists after it was removed")
	}
	if _, err := os.Stat(l.Dir() + "/br0.mgmt"); err == nil {
		t.Error("the management socket is still there")
	}
	for b := make([]byte, 100); err == nil; {
		_, err = conn.Read(b)
	}
	if os.IsTimeout(err) {
		t.Errorf("the OpenFlow connection was not cut: %v", err)
	}
}

func TestBridgeThatCannotBe(t *testing.T) {
	l := newLab(t)
	l.addBridge(vswitch.Bridge{Name: "br0", DatapathType: "nonesuch"})
	l.addBridge(vswitch.Bridge{Name: "../br1"})
	for _, name := range []string{"br0", "../br1"} {
		if l.Bridge(name).Exists() {
			t.Errorf("bridge %s exists", name)
		}
		if got := l.bridge(name).DatapathID; got != nil {
			t.Errorf("bridge %s: got datapath id %s, want none", name, *got)
		}
	}
	l.set(vswitch.TableBridge, "br0", ovsdb.Row{"datapath_type": "netdev"})
	if !l.Bridge("br0").Exists() {
		t.Error("the bridge is not made when its type has been corrected")
	}
}

func TestInterfaceErrors(t *testing.T) {
	onBoth(t, func(l *lab) {
		l.addBridge(vswitch.Bridge{Name: "br0", DatapathType: "dummy"})
		for _, c := range []struct {
			i    vswitch.Interface
			want string
		}{
			{vswitch.Interface{Name: "br0", Type: "internal"}, "65534"},
			{vswitch.Interface{Name: "int", Type: "internal"}, "1"},
			{vswitch.Interface{Name: "dum", Type: "dummy"}, "2"},
			{vswitch.Interface{Name: "odd", Type: "odd"}, "-1 could not open network device odd (Address family not supported by protocol)"},
			{vswitch.Interface{Name: "pa", Type: "patch"}, "-1 pa: patch type requires valid 'peer' argument"},
			{vswitch.Interface{Name: "pb", Type: "patch", Options: map[string]string{"peer": "pb"}}, "-1 pb: patch peer must not be self"},
			{vswitch.Interface{Name: "vx", Type: "vxlan"}, "-1 vx: vxlan type requires valid 'remote_ip' argument"},
			{vswitch.Interface{Name: "vy", Type: "vxlan", Options: map[string]string{"remote_ip": "192.0.2.7"}}, "3"},
			{vswitch.Interface{Name: "ge", Type: "geneve", Options: map[string]string{"remote_ip": "flow", "key": "flow"}}, "4"},
		} {
			l.addPort("br0", c.i)
			l.wantState(c.i.Name, c.want)
		}
		i := l.iface("int")
		if i.MACInUse == nil || i.AdminState == nil || *i.AdminState != "up" || i.MTU == nil || *i.MTU != 1500 {
			l.t.Errorf("got %+v, want an address, state up and MTU 1500", i)
		}
	})
}

func TestPortNumbers(t *testing.T) {
	onBoth(t, func(l *lab) {
		l.addBridge(vswitch.Bridge{Name: "br0", DatapathType: "dummy"})
		dummy := func(name string) vswitch.Interface { return vswitch.Interface{Name: name, Type: "dummy"} }
		requesting := func(name string, no int64) vswitch.Interface {
			i := dummy(name)
			i.OFPortRequest = vswitch.Optional(no)
			return i
		}
		request := func(name string, no int64) { l.set(vswitch.TableInterface, name, ovsdb.Row{"ofport_request": no}) }
		l.addPort("br0", dummy("a"))
		l.addPort("br0", dummy("b"))
		l.addPort("br0", requesting("c", 9))
		l.addPort("br0", requesting("d", 9))
		for name, want := range map[string]string{"a": "1", "b": "2", "c": "9", "d": "3"} {
			l.wantState(name, want)
		}
		port, _ := l.db.Port("a")
		l.apply(vswitch.RemovePorts(l.bridge("br0").UUID, port.UUID))
		l.addPort("br0", dummy("e"))
		l.wantState("e", "4") // the number of a is not given again at once
		request("e", 20)
		l.wantState("e", "20")
		request("e", 9)
		l.wantState("c", "9") // c has requested the number as well, and has it
		l.wantState("e", "20")
		request("b", 20)
		l.wantState("b", "20") // e has the number, but requests another one
		l.wantState("e", "5")
		l.set(vswitch.TableInterface, "b", ovsdb.Row{"type": "internal"})
		l.wantState("b", "20")
		l.set(vswitch.TableInterface, "b", ovsdb.Row{"type": "odd"})
		l.wantState("b", "-1 could not open network device b (Address family not supported by protocol)")
	})
}

func TestDevices(t *testing.T) {
	l := newLab(t)
	received := make(chan []byte, 10)
	l.addBridge(vswitch.Bridge{Name: "br0"})
	l.addPort("br0", vswitch.Interface{Name: "eth0"})
	l.wantState("eth0", "-1 could not open network device eth0 (No such device)")
	eth0, err := l.AddDevice("eth0", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.AddDevice("eth0", nil); err == nil {
		t.Error("the same device twice: no error")
	}
	// The switch sees the device come without being told.
	row, err := l.db.WaitInterface(l.ctx, "eth0")
	for err != nil && l.ctx.Err() == nil {
		<-l.db.Changed()
		row, err = l.db.WaitInterface(l.ctx, "eth0")
	}
	if got := *row.MACInUse; got != eth0.HWAddr().String() {
		t.Errorf("got address %s, want that of the device, %s", got, eth0.HWAddr())
	}
	local := l.Bridge("br0").Local(func(frame []byte) { received <- frame })
	if local.HWAddr() == nil {
		t.Error("the bridge's own port has no address")
	}
	eth0.Send(broadcast)
	if diff := cmp.Diff(broadcast, <-received); diff != "" {
		t.Errorf("frame that the host received: want (-), got (+):\n%s", diff)
	}
	l.Bridge("br0").Inject(fakeovs.Local, broadcast).Expect(t, fakeovs.Output(1))

	eth0.Remove()
	err = l.db.Wait(l.ctx, func() (bool, error) { return l.iface("eth0").Error != nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	l.wantState("eth0", "-1 could not open network device eth0 (No such device)")
	eth0.Send(broadcast)
	if len(received) > 0 {
		t.Error("a device that was removed still sends")
	}
}

func TestFailMode(t *testing.T) {
	l := newLab(t)
	l.addBridge(vswitch.Bridge{Name: "br0"})
	l.addPort("br0", vswitch.Interface{Name: "a", Type: "internal"})
	br := l.Bridge("br0")
	br.Inject(1, broadcast).Expect(t, fakeovs.Output(fakeovs.Local))
	l.set(vswitch.TableBridge, "br0", ovsdb.Row{"fail_mode": "secure"})
	br.Inject(1, broadcast).Expect(t)
	l.set(vswitch.TableBridge, "br0", ovsdb.Row{"fail_mode": "standalone"})
	br.Inject(1, broadcast).Expect(t, fakeovs.Output(fakeovs.Local))
}

func TestSwitchGoesAwayAndComesBack(t *testing.T) {
	l := newLab(t)
	l.addBridge(vswitch.Bridge{Name: "br0"})
	l.addPort("br0", vswitch.Interface{Name: "a", Type: "internal"})
	l.addPort("br0", vswitch.Interface{Name: "b", Type: "internal", OFPortRequest: vswitch.Optional[int64](5)})
	l.KillSwitch()
	l.KillSwitch()
	if l.Bridge("br0").Exists() {
		t.Error("the bridge exists without a switch")
	}
	ctx, cancel := context.WithTimeout(l.ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := l.db.Apply(ctx, ovsdb.Update(vswitch.TableBridge, ovsdb.Row{"fail_mode": "secure"})); err == nil {
		t.Error("a change is applied without a switch")
	}
	l.RestartSwitch()
	l.wantState("a", "1")
	l.wantState("b", "5")
	l.Bridge("br0").Inject(1, broadcast).Expect(t) // the change was applied at the restart
}

// failures is a test that only counts.
type failures struct{ messages []string }

func (f *failures) Helper()                   {}
func (f *failures) Cleanup(func())            {}
func (f *failures) Fatalf(s string, a ...any) { f.Errorf(s, a...) }
func (f *failures) Errorf(s string, a ...any) { f.messages = append(f.messages, fmt.Sprintf(s, a...)) }

func TestExpectFails(t *testing.T) {
	l := newLab(t)
	l.addBridge(vswitch.Bridge{Name: "br0"})
	l.addPort("br0", vswitch.Interface{Name: "a", Type: "internal"})
	var f failures
	br := l.Bridge("br0")
	br.Inject(1, broadcast).Expect(&f)
	br.Inject(1, broadcast).Expect(&f, fakeovs.Output(2))
	br.Inject(9, broadcast).Expect(&f)
	if len(f.messages) != 3 {
		t.Fatalf("got %d failures %q, want 3", len(f.messages), f.messages)
	}
	if want := "frame into port 1 of bridge br0: got output to LOCAL, want output to 2\n"; !strings.HasPrefix(f.messages[1], want) {
		t.Errorf("got failure %q, want one that begins with %q", f.messages[1], want)
	}
}

func TestStartFails(t *testing.T) {
	long := t.TempDir() + "/" + strings.Repeat("x", 100)
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"/nonexistent", long} {
		if o, err := fakeovs.Start(fakeovs.Options{Dir: dir}); err == nil {
			o.Close()
			t.Errorf("start in %s: no error", dir)
		}
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	o, err := fakeovs.Start(fakeovs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := makeBridge(o.DatabaseEndpoint(), "br0"); err != nil {
		t.Fatal(err)
	}
	if err := o.Close(); err != nil {
		t.Error(err)
	}
	if err := o.Close(); err != nil {
		t.Errorf("the second Close: %v", err)
	}
	o.RestartSwitch()
	if _, err := os.Stat(o.Dir()); !os.IsNotExist(err) {
		t.Errorf("the directory is still there (%v)", err)
	}
}
