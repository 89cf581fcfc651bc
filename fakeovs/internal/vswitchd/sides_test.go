// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/fakeovs/internal/clock"
	"github.com/ovskit/ovskit/fakeovs/internal/dbserver"
	"github.com/ovskit/ovskit/fakeovs/internal/vswitchd"
	"github.com/ovskit/ovskit/internal/dbcall"
	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	"github.com/ovskit/ovskit/internal/retry"
	"github.com/ovskit/ovskit/internal/tier"
)

// schemaFile is the schema of the database, which is the fake's as well.
const schemaFile = "../../data/vswitch.ovsschema"

// side is a switch with dummy devices that a test body runs on: the emulated one, or the real one.
type side struct {
	t        *testing.T
	dir      string
	endpoint string
	daemon   *vswitchd.Daemon // nil: real
	clock    *clock.Clock     // of the emulated one
	ovs      *ovsproc.OVS     // nil: emulated
	host     *host
	db       *dbserver.Database
	// seen is what the emulated one showed, which the real one has to show as well.
	seen *[]string
	at   int
}

// onBoth runs a body on the emulated switch and then on the real one, which has to show the same.
func onBoth(t *testing.T, body func(s *side)) {
	t.Helper()
	tier.Need(t, tier.Sandbox)
	var seen []string
	ok := t.Run("fake", func(t *testing.T) {
		s := startFake(t)
		s.seen = &seen
		s.vsctl("init")
		body(s)
	})
	if !ok {
		return
	}
	t.Run("real", func(t *testing.T) {
		ovs := ovsproctest.Start(t, ovsproc.Options{Dummy: true})
		s := &side{t: t, ovs: ovs, dir: ovs.Dir(), endpoint: ovs.DatabaseEndpoint(), seen: &seen}
		s.vsctl("init")
		body(s)
		if s.at != len(seen) {
			t.Errorf("got %d observations, want %d as on the fake", s.at, len(seen))
		}
	})
}

// host is the machine of an emulated switch.
type host struct {
	devices map[string]bool
	frames  chan string // "NAME HEX"
}

func (h *host) HasDevice(name string) bool { return h.devices[name] }

func (h *host) Deliver(name string, frame []byte) {
	select {
	case h.frames <- fmt.Sprintf("%s %x", name, frame):
	default:
	}
}

func startFake(t *testing.T) *side {
	t.Helper()
	dir, err := os.MkdirTemp("", "vsw")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := dbserver.ParseSchema(text)
	if err != nil {
		t.Fatal(err)
	}
	server, err := dbserver.New(dbserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	db, err := server.AddDatabase(schema)
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "db.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	s := &side{
		t: t, dir: dir, endpoint: "unix:" + socket, db: db,
		host: &host{devices: map[string]bool{}, frames: make(chan string, 100)},
	}
	t.Cleanup(func() {
		s.daemon.Close()
		l.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		os.RemoveAll(dir)
	})
	s.startDaemon()
	return s
}

func (s *side) startDaemon() {
	s.clock = clock.New()
	s.daemon = vswitchd.Start(vswitchd.Options{Database: s.db, Dir: s.dir, Host: s.host, Clock: s.clock})
}

// restart ends the switch and starts it again.
func (s *side) restart() {
	s.t.Helper()
	if s.daemon != nil {
		s.daemon.Close()
		s.startDaemon()
		return
	}
	if err := s.ovs.StopSwitch(); err != nil {
		s.t.Fatal(err)
	}
	if err := s.ovs.StartSwitch(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// vsctl runs ovs-vsctl with these words, and returns what it says in the first line.
func (s *side) vsctl(words string) string {
	s.t.Helper()
	args := append([]string{"--timeout=10", "--db=" + s.endpoint}, strings.Fields(strings.ReplaceAll(words, "DIR/", s.dir+"/"))...)
	out, _ := exec.CommandContext(s.t.Context(), "ovs-vsctl", args...).CombinedOutput()
	line, _, _ := strings.Cut(string(out), "\n")
	return s.plain(line)
}

var timestamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)

// plain is text without what differs from run to run.
func (s *side) plain(text string) string {
	return timestamp.ReplaceAllString(strings.ReplaceAll(text, s.dir+"/", "DIR/"), "NOW")
}

// sees runs ovs-vsctl and notes what it says.
func (s *side) sees(words string) {
	s.t.Helper()
	s.note("ovs-vsctl "+words, func() string { return s.vsctl(words) })
}

// seesFlows notes what ovs-ofctl says of a bridge.
func (s *side) ofctl(words string) {
	s.t.Helper()
	fields := strings.Fields(strings.Replace(words, "BR/", "unix:"+s.dir+"/", 1))
	changing := regexp.MustCompile(` \(xid=0x[0-9a-f]+\)| duration=[0-9.]+s,|addr:(..:){5}..`)
	s.note("ovs-ofctl "+words, func() string {
		out, _ := exec.CommandContext(s.t.Context(), "ovs-ofctl", fields...).CombinedOutput()
		return s.plain(changing.ReplaceAllString(string(out), ""))
	})
}

// ofctlNow runs ovs-ofctl, which must say nothing.
func (s *side) ofctlNow(words string) {
	s.t.Helper()
	fields := strings.Fields(strings.Replace(words, "BR/", "unix:"+s.dir+"/", 1))
	if out, err := exec.CommandContext(s.t.Context(), "ovs-ofctl", fields...).CombinedOutput(); err != nil || len(out) > 0 {
		s.t.Fatalf("ovs-ofctl %s: %v\n%s", words, err, out)
	}
}

// note notes an observation, and waits for the real switch to show what the emulated one has shown.
func (s *side) note(what string, observe func() string) {
	s.t.Helper()
	if s.daemon != nil {
		*s.seen = append(*s.seen, observe())
		return
	}
	if s.at >= len(*s.seen) {
		s.t.Fatalf("%s: the fake was not asked", what)
	}
	want := (*s.seen)[s.at]
	s.at++
	ctx, cancel := context.WithTimeout(s.t.Context(), 3*time.Second)
	defer cancel()
	for {
		got := observe()
		if got == want {
			return
		}
		if retry.Pause(ctx, 10*time.Millisecond) != nil {
			s.t.Errorf("%s: fake (-), real (+):\n%s", what, cmp.Diff(want, got))
			return
		}
	}
}

// settle waits for the emulated switch to show what it will soon.
func (s *side) settle(observe func() string, want string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	for observe() != want {
		if retry.Pause(ctx, 5*time.Millisecond) != nil {
			s.t.Fatalf("got %q, want %q", observe(), want)
		}
	}
}

// rows notes the rows of tables, by what they are called.
func (s *side) rows(tables ...string) {
	s.t.Helper()
	s.note("rows", func() string {
		var text strings.Builder
		for _, table := range tables {
			text.WriteString(s.table(table))
		}
		return text.String()
	})
}

// unlike are columns in which the two differ for what they are, or that have random values.
var unlike = map[string]bool{
	"_version": true, "_uuid": true, "ovs_version": true, "db_version": true, "system_type": true, "system_version": true,
	"iface_types": true, "datapath_types": true, "bridges": true, "ports": true, "interfaces": true, "controller": true,
	"external_ids": true, "next_cfg": true, "cur_cfg": true, "mirrors": true, "qos": true, "flow_tables": true, "netflow": true, "sflow": true,
	"ipfix": true, "queues": true,
}

var (
	randomAddress = regexp.MustCompile(`"([0-9a-f][26ae])(:..){5}"`)
	randomID      = regexp.MustCompile(`"0000[0-9a-f][26ae][0-9a-f]{10}"`)
)

func (s *side) table(table string) string {
	s.t.Helper()
	results, err := dbcall.Transact(s.t.Context(), s.endpoint, "Open_vSwitch",
		map[string]any{"op": "select", "table": table, "where": []any{}})
	if err != nil {
		s.t.Fatal(err)
	}
	var result struct{ Rows []map[string]json.RawMessage }
	if err := json.Unmarshal(results[0], &result); err != nil {
		s.t.Fatal(err)
	}
	var rows []string
	for _, row := range result.Rows {
		text := table + " " + string(row["name"])
		for _, column := range slices.Sorted(maps.Keys(row)) {
			value := string(row[column])
			if unlike[column] || value == `["set",[]]` || value == `["map",[]]` {
				continue
			}
			if !strings.HasPrefix(value, `"aa:55:aa:55`) {
				value = randomAddress.ReplaceAllString(value, "random")
			}
			text += fmt.Sprintf("\n  %s: %s", column, randomID.ReplaceAllString(value, "random"))
		}
		rows = append(rows, text+"\n")
	}
	slices.Sort(rows)
	return strings.Join(rows, "")
}

// appctl runs a command of ovs-vswitchd on the real one.
func (s *side) appctl(words ...string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "ovs-appctl", append([]string{"--timeout=10"}, words...)...)
	cmd.Env = append(os.Environ(), "OVS_RUNDIR="+s.dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("ovs-appctl %q: %v\n%s", words, err, out)
	}
	return string(out)
}

// stopTime and warp control the clock of the switch.
func (s *side) stopTime() {
	s.t.Helper()
	if s.daemon != nil {
		s.clock.Stop()
	} else {
		s.appctl("time/stop")
	}
}

func (s *side) warp(total time.Duration) {
	s.t.Helper()
	const step = time.Second
	if s.daemon != nil {
		for ; total > 0; total -= step {
			s.clock.Advance(min(total, step))
		}
	} else {
		s.appctl("time/warp", fmt.Sprint(total.Milliseconds()), fmt.Sprint(step.Milliseconds()))
	}
}

// receive lets a frame come in by a dummy.
func (s *side) receive(name string, frame []byte) {
	s.t.Helper()
	if s.daemon != nil {
		s.daemon.Input(name, frame)
	} else {
		s.appctl("netdev-dummy/receive", name, fmt.Sprintf("%x", frame))
	}
}

// setAdminState puts a dummy up or down.
func (s *side) setAdminState(name string, up bool) {
	s.t.Helper()
	switch {
	case s.daemon == nil:
		s.appctl("netdev-dummy/set-admin-state", name, map[bool]string{true: "up", false: "down"}[up])
	case !s.daemon.SetAdminState(name, up):
		s.t.Fatalf("no device %s", name)
	}
}
