// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package netns_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/tier"
	"github.com/vishvananda/netlink"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newNS(t *testing.T, suffix string) *netns.NS {
	t.Helper()
	tier.Need(t, tier.System)
	ns, err := netns.New(fmt.Sprintf("ovskit-netns-%d-%s", os.Getpid(), suffix))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ns.Delete(); err != nil && !errors.Is(err, netns.ErrNotFound) && !errors.Is(err, os.ErrClosed) {
			t.Error(err)
		}
	})
	return ns
}

// threadNamespaces returns the network namespaces that the process's threads
// are in.
func threadNamespaces(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("/proc/self/task/*/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, p := range paths {
		if target, err := os.Readlink(p); err == nil && !slices.Contains(found, target) {
			found = append(found, target)
		}
	}
	return found
}

func TestIPCommandAgrees(t *testing.T) {
	ns := newNS(t, "ip")
	out, err := exec.Command("ip", "netns", "exec", ns.Name(), "readlink", "/proc/self/ns/net").CombinedOutput()
	if err != nil {
		t.Fatalf("ip netns exec: %v: %s", err, out)
	}
	var inside string
	if err := ns.Do(func() (err error) {
		inside, err = os.Readlink("/proc/thread-self/ns/net")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(out)); got != inside {
		t.Errorf("ip netns exec is in %s, Do in %s", got, inside)
	}
	if here := threadNamespaces(t); slices.Contains(here, inside) || len(here) != 1 {
		t.Errorf("after Do the threads are in %v, want one namespace other than %s", here, inside)
	}

	if out, err := exec.Command("ip", "netns", "add", ns.Name()+"-by-ip").CombinedOutput(); err != nil {
		t.Fatalf("ip netns add: %v: %s", err, out)
	}
	byIP, err := netns.Open(ns.Name() + "-by-ip")
	if err != nil {
		t.Fatal(err)
	}
	if err := byIP.Delete(); err != nil {
		t.Errorf("Delete of what ip made: %v", err)
	}
}

func TestOpen(t *testing.T) {
	ns := newNS(t, "open")
	for _, ref := range []string{ns.Name(), ns.Path(), fmt.Sprintf("/proc/self/fd/%d", ns.Fd())} {
		again, err := netns.Open(ref)
		if err != nil {
			t.Fatal(err)
		}
		if same, err := again.Same(ns); err != nil || !same {
			t.Errorf("Open(%q) is the same namespace: %v, %v", ref, same, err)
		}
		again.Close()
	}
	current, err := netns.OpenOrCurrent("")
	if err != nil {
		t.Fatal(err)
	}
	defer current.Close()
	if same, err := current.Same(ns); err != nil || same {
		t.Errorf("the current namespace is the new one: %v, %v", same, err)
	}
}

// TestOpenPipe has nobody at the other end of a pipe: it is not waited for.
func TestOpenPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := netns.Open(path); !errors.Is(err, netns.ErrNotFound) || !strings.Contains(err.Error(), path) {
		t.Errorf("Open of a pipe: %v, want %v with the path", err, netns.ErrNotFound)
	}
}

func TestErrorsNameTheNamespace(t *testing.T) {
	ns := newNS(t, "errors")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	open := func(ref string) error {
		_, err := netns.Open(ref)
		return err
	}
	create := func(name string) error {
		_, err := netns.New(name)
		return err
	}
	for _, tt := range []struct {
		name string
		err  error
		is   error
		want string
	}{
		{"missing name", open("nowhere"), netns.ErrNotFound, `"nowhere"`},
		{"missing path", open("/run/netns/nowhere"), netns.ErrNotFound, `"/run/netns/nowhere"`},
		{"ended process", open("/proc/0/ns/net"), netns.ErrNotFound, `"/proc/0/ns/net"`},
		{"ordinary file", open(file), netns.ErrNotFound, "is not a network namespace"},
		{"other namespace", open("/proc/self/ns/mnt"), netns.ErrNotFound, "is not a network namespace"},
		{"empty name", open(""), nil, `"": not a valid name`},
		{"dots", create(".."), nil, `"..": not a valid name`},
		{"slash", create("a/b"), nil, `"a/b": not a valid name`},
		{"taken", create(ns.Name()), netns.ErrExists, ns.Name()},
		{"delete missing", netns.Delete("nowhere"), netns.ErrNotFound, `"nowhere"`},
	} {
		if tt.err == nil {
			t.Errorf("%s: no error", tt.name)
			continue
		}
		if tt.is != nil && !errors.Is(tt.err, tt.is) {
			t.Errorf("%s: error %q is not %q", tt.name, tt.err, tt.is)
		}
		if !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("%s: error %q does not contain %q", tt.name, tt.err, tt.want)
		}
	}
}

func TestDoPassesPanicAndGoexit(t *testing.T) {
	ns := newNS(t, "panic")
	func() {
		defer func() {
			if got := recover(); got != "out" {
				t.Errorf("recovered %v, want out", got)
			}
		}()
		ns.Do(func() error { panic("out") })
		t.Error("Do returned after a panic")
	}()
	done := make(chan bool)
	go func() {
		returned := false
		defer func() { done <- returned }()
		ns.Do(func() error { runtime.Goexit(); return nil })
		returned = true
	}()
	if <-done {
		t.Error("Do returned after Goexit")
	}
	if here := threadNamespaces(t); len(here) != 1 {
		t.Errorf("threads are in %v, want one namespace", here)
	}
}

func TestConcurrentDo(t *testing.T) {
	a, b := newNS(t, "a"), newNS(t, "b")
	var wg sync.WaitGroup
	for i := range 200 {
		ns := []*netns.NS{a, b}[i%2]
		wg.Add(1)
		go func() {
			defer wg.Done()
			err := ns.Do(func() error {
				now, err := netns.Current()
				if err != nil {
					return err
				}
				defer now.Close()
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	if here := threadNamespaces(t); len(here) != 1 {
		t.Errorf("threads are in %v, want one namespace", here)
	}
}

func TestInside(t *testing.T) {
	ns := newNS(t, "inside")
	h, err := ns.Netlink()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "v0"
	if err := h.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: "v1"}); err != nil {
		t.Fatal(err)
	}
	links, err := h.LinkList()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range links {
		names = append(names, l.Attrs().Name)
	}
	slices.Sort(names)
	if want := []string{"lo", "v0", "v1"}; !slices.Equal(names, want) {
		t.Errorf("devices = %v, want %v", names, want)
	}

	if err := ns.DisableTransmitChecksums("v0"); err != nil {
		t.Fatal(err)
	}
	if err := ns.DisableTransmitChecksums("v0"); err != nil {
		t.Errorf("a second time: %v", err)
	}
	out, err := exec.Command("ip", "netns", "exec", ns.Name(), "ethtool", "-k", "v0").CombinedOutput()
	if err == nil && !strings.Contains(string(out), "tx-checksumming: off") {
		t.Errorf("ethtool -k v0: %s\nwant tx-checksumming: off", out)
	}
	if err := ns.DisableTransmitChecksums("v9"); err == nil || !strings.Contains(err.Error(), `"v9"`) {
		t.Errorf("DisableTransmitChecksums of a missing device: %v, want an error that names it", err)
	}

	if err := ns.SetSysctl("net.ipv4.ip_forward", "1"); err != nil {
		t.Fatal(err)
	}
	var got []byte
	if err := ns.Do(func() (err error) {
		got, err = os.ReadFile("/proc/sys/net/ipv4/ip_forward")
		return err
	}); err != nil || strings.TrimSpace(string(got)) != "1" {
		t.Errorf("ip_forward inside = %q, %v; want 1", got, err)
	}
	if got, err := ns.Sysctl("net/ipv4/ip_forward"); err != nil || got != "1" {
		t.Errorf("Sysctl of ip_forward = %q, %v; want 1", got, err)
	}
	if _, err := ns.Sysctl("net/ipv4/../core/somaxconn"); err == nil || !strings.Contains(err.Error(), "somaxconn") {
		t.Errorf("Sysctl of another place: %v, want an error that names it", err)
	}
	for _, key := range []string{"kernel.hostname", "net/ipv4/../core/somaxconn", "net.ipv4.not_there"} {
		if err := ns.SetSysctl(key, "1"); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("SetSysctl(%q): %v, want an error that names it", key, err)
		}
	}
}

func TestProcesses(t *testing.T) {
	ns := newNS(t, "processes")
	if pids, err := ns.Processes(); err != nil || len(pids) != 0 {
		t.Fatalf("Processes of a new namespace = %v, %v; want none", pids, err)
	}
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := ns.Do(cmd.Start); err != nil {
		t.Fatal(err)
	}
	pids, err := ns.Processes()
	if want := []int{cmd.Process.Pid}; err != nil || !slices.Equal(pids, want) {
		t.Errorf("Processes = %v, %v; want %v", pids, err, want)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if pids, err := ns.Processes(); err != nil || len(pids) != 0 {
		t.Errorf("Processes after its end = %v, %v; want none", pids, err)
	}
}

func TestRestoreIP(t *testing.T) {
	ns := newNS(t, "restore")
	h, err := ns.Netlink()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "eth0.7" // with the separator of sysctl names
	pair := netlink.NewVeth(attrs)
	pair.PeerName = "peer0"
	if err := h.LinkAdd(pair); err != nil {
		t.Fatal(err)
	}
	if err := ns.SetSysctl("net/ipv4/conf/eth0.7/arp_ignore", "2"); err != nil {
		t.Fatal(err)
	}
	settings := func() string {
		s, err := ns.IPSettings("eth0.7")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := settings()
	for _, want := range []bool{false, true} {
		if got, err := ns.IsIPDisabled("eth0.7"); err != nil || got != want {
			t.Errorf("IsIPDisabled = %v, %v; want %v", got, err, want)
		}
		if err := ns.DisableIP("eth0.7"); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := settings(), "ipv4/arp_ignore=8 ipv4/rp_filter=1 ipv4/forwarding=0 ipv6/disable_ipv6=1"; got != want {
		t.Errorf("after DisableIP: %q, want %q", got, want)
	}
	if err := ns.RestoreIP("eth0.7", "ipv4/arp_ignore=8; reboot"); err == nil {
		t.Error("RestoreIP of a value that is no number succeeded")
	}
	if err := ns.RestoreIP("eth0.7", before); err != nil {
		t.Fatal(err)
	}
	if got := settings(); got != before {
		t.Errorf("after RestoreIP: %q, want %q", got, before)
	}

	// What has another value by now is left as it is.
	if err := ns.RestoreIP("eth0.7", "ipv4/arp_ignore=1"); err != nil {
		t.Fatal(err)
	}
	if got := settings(); got != before {
		t.Errorf("after RestoreIP of a device that has IP: %q, want %q", got, before)
	}
	if err := ns.RestoreIP("gone0", before); err != nil {
		t.Errorf("RestoreIP of a device that is gone: %v", err)
	}
	for _, name := range []string{"", "..", "all", "default", "a/b"} {
		if err := ns.DisableIP(name); err == nil {
			t.Errorf("DisableIP of %q succeeded", name)
		}
	}
}

func TestLock(t *testing.T) {
	a, b := newNS(t, "lock-a"), newNS(t, "lock-b")
	unlock, err := a.Lock("web")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Lock("web"); !errors.Is(err, netns.ErrLocked) {
		t.Errorf("a second Lock: %v, want %v", err, netns.ErrLocked)
	}
	for _, free := range []struct {
		ns   *netns.NS
		name string
	}{{a, "db"}, {b, "web"}} {
		release, err := free.ns.Lock(free.name)
		if err != nil {
			t.Errorf("Lock of another name or in another namespace: %v", err)
			continue
		}
		release()
	}
	unlock()
	unlock, err = a.Lock("web")
	if err != nil {
		t.Fatalf("Lock after unlock: %v", err)
	}
	given := make(chan struct{})
	go func() {
		defer close(given)
		unlock()
	}()
	again, err := a.LockWithin(t.Context(), "web", 10*time.Second)
	if err != nil {
		t.Fatalf("LockWithin: %v", err)
	}
	<-given
	if _, err := a.LockWithin(t.Context(), "web", time.Millisecond); !errors.Is(err, netns.ErrLocked) {
		t.Errorf("LockWithin of a lock that stays taken: %v, want %v", err, netns.ErrLocked)
	}
	again()
}
