// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package nodetest

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/vishvananda/netlink"
)

// Netlink is [netns.NS.Netlink] for tests. The caller must close the handle.
func Netlink(t testing.TB, ns *netns.NS) *netlink.Handle {
	t.Helper()
	h, err := ns.Netlink()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Link finds a device of a namespace.
func Link(t testing.TB, ns *netns.NS, name string) netlink.Link {
	t.Helper()
	h := Netlink(t, ns)
	defer h.Close()
	link, err := h.LinkByName(name)
	if err != nil {
		t.Fatalf("device %q: %v", name, err)
	}
	return link
}

// DeleteLink deletes a device of a namespace. The other end of a veth pair goes with
// it, wherever that is.
func DeleteLink(t testing.TB, ns *netns.NS, name string) {
	t.Helper()
	h := Netlink(t, ns)
	defer h.Close()
	if err := h.LinkDel(Link(t, ns, name)); err != nil {
		t.Fatalf("delete device %q: %v", name, err)
	}
}

// Try runs a command, whose words are separated by spaces, inside a namespace and
// returns what it prints. The error is how it ended.
func Try(t testing.TB, ns *netns.NS, line string) (string, error) {
	t.Helper()
	words := strings.Fields(line)
	cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := ns.Do(cmd.Start); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	err := cmd.Wait()
	return out.String(), err
}

// Command is [Try] of what must succeed.
func Command(t testing.TB, ns *netns.NS, line string) string {
	t.Helper()
	out, err := Try(t, ns, line)
	if err != nil {
		t.Fatalf("%s: %v: %s", line, err, out)
	}
	return out
}
