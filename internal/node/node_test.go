// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package node_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/internal/tier"
	"go.uber.org/goleak"
)

// orphan, when set in the environment, makes the test program make a node and
// wait to be killed: with "keep" as its value after having kept it, with
// "detached" as a detached one that was not kept yet.
const orphan = "NODE_TEST_ORPHAN"

func TestMain(m *testing.M) {
	if mode := os.Getenv(orphan); mode != "" {
		beOrphan(mode)
	}
	goleak.VerifyTestMain(m)
}

func beOrphan(mode string) {
	n, err := node.New(context.Background(), node.Options{Prefix: "orphan", Detached: mode != "plain"})
	if err == nil {
		_, err = n.Endpoint("web")
	}
	if err == nil && mode == "keep" {
		err = n.Keep()
	}
	if err != nil {
		os.Stdout.WriteString("failed: " + err.Error() + "\n")
		os.Exit(1)
	}
	os.Stdout.WriteString(n.Name() + "\n")
	select {}
}

// leftovers lists what there is of a node.
func leftovers(t *testing.T, name string) []string {
	t.Helper()
	names, err := netns.Names()
	if err != nil {
		t.Fatal(err)
	}
	found := slices.DeleteFunc(names, func(s string) bool { return !strings.HasPrefix(s, name+"-") })
	if _, err := os.Stat(node.Dir + "/" + name); !errors.Is(err, fs.ErrNotExist) {
		found = append(found, node.Dir+"/"+name)
	}
	return found
}

func TestNode(t *testing.T) {
	t.Parallel()
	n := nodetest.New(t)
	web := nodetest.Endpoint(t, n, "web")
	if _, err := n.Endpoint("web"); !errors.Is(err, netns.ErrExists) {
		t.Errorf("Endpoint with a taken name: %v, want %v", err, netns.ErrExists)
	}

	// The host takes its address on the uplink itself: no bridge here.
	for _, args := range [][]string{
		{"addr", "add", node.HostAddr.String(), "dev", node.Uplink},
		{"route", "add", "default", "via", node.OutsideAddr.Addr().String()},
	} {
		if out, err := exec.Command("ip", append([]string{"-n", n.Host().Name()}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v: %s", args, err, out)
		}
	}
	out, err := exec.Command("ip", "netns", "exec", n.Host().Name(), "ping", "-c1", "-W5", node.BeyondAddr.Addr().String()).CombinedOutput()
	if err != nil {
		t.Errorf("ping beyond the outside: %v: %s", err, out)
	}

	// A process that was forgotten inside goes with the node.
	forgotten := exec.Command("cat")
	in, err := forgotten.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := web.Do(forgotten.Start); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- forgotten.Wait() }()

	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Error("the forgotten process ended by itself")
	}
	if left := leftovers(t, n.Name()); len(left) != 0 {
		t.Errorf("left after Close: %v", left)
	}
	if err := n.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if _, err := n.Endpoint("late"); err == nil {
		t.Error("Endpoint of a closed node succeeded")
	}
}

func TestParallelNodes(t *testing.T) {
	t.Parallel()
	a, b := nodetest.New(t), nodetest.New(t)
	if a.Name() == b.Name() {
		t.Errorf("two nodes with the name %q", a.Name())
	}
	if same, err := a.Host().Same(b.Host()); err != nil || same {
		t.Errorf("two nodes share their host: %v, %v", same, err)
	}
}

func TestNewFails(t *testing.T) {
	t.Parallel()
	tier.Need(t, tier.System)
	if n, err := node.New(t.Context(), node.Options{Prefix: "a-b"}); err == nil {
		n.Close()
		t.Error("New with a bad prefix succeeded")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n, err := node.New(ctx, node.Options{Prefix: "cancelled"})
	if !errors.Is(err, context.Canceled) {
		if n != nil {
			n.Close()
		}
		t.Fatalf("New with an ended context: %v, want %v", err, context.Canceled)
	}
	names, err := netns.Names()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasPrefix(name, "ovskit-cancelled-") {
			t.Errorf("left behind: %s", name)
		}
	}
}

// startOrphan runs the test program as the owner of a node, and kills it once
// the node is up.
func startOrphan(t *testing.T, mode string) (name string) {
	t.Helper()
	tier.Need(t, tier.System)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), orphan+"="+mode)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	line := make([]byte, 1000)
	k, err := out.Read(line)
	if err != nil {
		t.Fatalf("no line from the owner: %v", err)
	}
	name = strings.TrimSpace(string(line[:k]))
	if left := leftovers(t, name); len(left) != 4 {
		t.Fatalf("the owner printed %q, of which there is %v; want three namespaces and a directory", name, left)
	}
	// Its owner lives: it is not collected.
	if removed, err := node.Collect(t.Context(), "orphan"); err != nil || slices.Contains(removed, name) {
		t.Fatalf("Collect with the owner alive = %v, %v", removed, err)
	}
	return name
}

func TestCollect(t *testing.T) {
	for _, mode := range []string{"plain", "detached"} {
		t.Run(mode, func(t *testing.T) {
			name := startOrphan(t, mode)
			removed, err := node.Collect(t.Context(), "orphan")
			if err != nil {
				t.Fatal(err)
			}
			if want := []string{name}; !slices.Equal(removed, want) {
				t.Errorf("Collect = %v, want %v", removed, want)
			}
			if left := leftovers(t, name); len(left) != 0 {
				t.Errorf("left after Collect: %v", left)
			}
		})
	}
}

func TestKeptNodeStays(t *testing.T) {
	name := startOrphan(t, "keep")
	defer node.Remove(name)
	if removed, err := node.Collect(t.Context(), "orphan"); err != nil || len(removed) != 0 {
		t.Errorf("Collect = %v, %v; want nothing removed", removed, err)
	}
	host, err := netns.Open(name + "-host")
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	if pids, err := host.Processes(); err != nil || len(pids) != 2 {
		t.Errorf("processes of the kept node = %v, %v; want two", pids, err)
	}
	if kept, err := node.Kept(); err != nil || !slices.Contains(kept, name) {
		t.Errorf("Kept = %v, %v; want %s among them", kept, err, name)
	}
	if err := node.Remove(name); err != nil {
		t.Fatal(err)
	}
	if left := leftovers(t, name); len(left) != 0 {
		t.Errorf("left after Remove: %v", left)
	}
	if err := node.Remove(name); !errors.Is(err, node.ErrNotFound) {
		t.Errorf("second Remove: %v, want %v", err, node.ErrNotFound)
	}
}
