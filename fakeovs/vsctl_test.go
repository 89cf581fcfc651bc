// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/internal/tier"
)

// TestRealClients lets the real command-line tools work on the fake: those of the database wait for the switch.
func TestRealClients(t *testing.T) {
	tier.Need(t, tier.Sandbox)
	ovs := fakeovs.New(t)
	if _, err := ovs.AddDevice("eth0", nil); err != nil {
		t.Fatal(err)
	}
	db := ovs.DatabaseEndpoint()
	uuids := regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	for _, c := range []struct {
		command string // words; DB is the database
		want    string // of its output and errors, with UUIDs as UUID; a prefix if it ends in "..."
		fails   bool
	}{
		{command: "ovsdb-client list-dbs DB", want: "Open_vSwitch\n_Server\n"},
		{command: "ovsdb-client get-schema-version DB", want: "8.3.1\n"},
		{command: "ovs-vsctl --db=DB init"},
		{command: "ovs-vsctl --db=DB add-br br0"},
		{command: "ovs-vsctl --db=DB --may-exist add-br br0"},
		{command: "ovs-vsctl --db=DB add-br br0", want: "ovs-vsctl: cannot create a bridge named br0 because a bridge named br0 already exists\n", fails: true},
		{command: "ovs-vsctl --db=DB add-port br0 p0 -- set interface p0 type=internal"},
		{command: "ovs-vsctl --db=DB add-port br0 eth0"},
		{command: "ovs-vsctl --db=DB get interface p0 ofport -- get interface eth0 ofport -- get interface br0 ofport", want: "1\n2\n65534\n"},
		{
			command: "ovs-vsctl --db=DB add-port br0 eth1", // which is no failure to ovs-vsctl
			want:    "ovs-vsctl: Error detected while setting up 'eth1': could not open network device eth1 (No such device).  See...",
		},
		{command: "ovs-vsctl --db=DB list-ports br0", want: "eth0\neth1\np0\n"},
		{command: "ovs-vsctl --db=DB port-to-br p0", want: "br0\n"},
		{command: "ovs-vsctl --db=DB set bridge br0 fail_mode=secure external_ids:a=b"},
		{command: "ovs-vsctl --db=DB br-get-external-id br0 a", want: "b\n"},
		{
			command: "ovs-vsctl --db=DB set bridge br0 fail_mode=other", fails: true,
			want: "ovs-vsctl: constraint violation: other is not one of the allowed values ([secure, standalone])\n",
		},
		{command: "ovs-vsctl --db=DB del-port eth1 -- del-port eth0"},
		{
			command: "ovs-vsctl --db=DB show",
			want:    "UUID\n    Bridge br0\n        fail_mode: secure\n        Port...",
		},
		{command: "ovsdb-client -f csv dump DB Open_vSwitch Bridge name fail_mode ports", want: "Bridge table\nfail_mode,name,ports\nsecure,br0,\"[UUID, UUID]\"\n"},
		{command: `ovsdb-client transact DB ["Open_vSwitch",{"op":"select","table":"Port","where":[["name","==","p0"]],"columns":["name"]}]`, want: "[{\"rows\":[{\"name\":\"p0\"}]}]\n"},
		{command: "ovs-vsctl --db=DB del-br br0"},
		{command: "ovsdb-client -f csv dump DB Open_vSwitch Interface name", want: "Interface table\nname\n"},
	} {
		args := strings.Fields(strings.ReplaceAll(c.command, "DB", db))
		if args[0] == "ovs-vsctl" {
			args = append([]string{args[0], "--timeout=10"}, args[1:]...)
		}
		out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
		got := uuids.ReplaceAllString(string(out), "UUID")
		prefix, isPrefix := strings.CutSuffix(c.want, "...")
		if got != c.want && !(isPrefix && strings.HasPrefix(got, prefix)) || (err != nil) != c.fails {
			t.Errorf("%s:\ngot (%v)\n%s\nwant\n%s", c.command, err, got, c.want)
		}
	}
	if ovs.Bridge("br0").Exists() {
		t.Error("the bridge is still there after del-br")
	}
}
