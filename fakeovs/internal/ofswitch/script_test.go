// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	"github.com/ovskit/ovskit/internal/tier"
	"github.com/ovskit/ovskit/internal/unixctl"
	"github.com/ovskit/ovskit/openflow"
)

// TestScripts runs the files of testdata/ofctl, a command of ovs-ofctl a line, on the switch and on Open vSwitch: what is
// printed, but for times and transaction numbers, and the exit status are the same. BR stands for the bridge; what
// follows "<<" is the standard input, \n a line's end in it. "any order" before a command sorts its lines. Parts of a
// script, with empty lines between them, have bridges of their own.
//
// "start NAME: ..." starts a command such as "monitor BR", "tell NAME: ..." has it carry out a command of ovs-appctl, and
// "stop NAME" ends it; what it has printed is compared then. "warp MS" lets time pass.
func TestScripts(t *testing.T) {
	tier.Need(t, tier.Sandbox)
	files, err := filepath.Glob("testdata/ofctl/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("scripts: got %v, %v", files, err)
	}
	r := startScripted(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for i, part := range strings.Split(string(text), "\n\n") {
				r.compare(t, i, part)
			}
		})
	}
}

// scripted is an Open vSwitch whose bridge is made anew for each part of a script.
type scripted struct {
	ovs *ovsproc.OVS
	ctx context.Context
}

func startScripted(t *testing.T) *scripted {
	ovs := ovsproctest.Start(t, ovsproc.Options{Dummy: true})
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	r := &scripted{ovs, ctx}
	// However slow this machine is: bundles and flows time out when a script says so.
	r.tell(t, "time/stop")
	return r
}

// scriptPorts are the ports of the bridge besides its own.
const scriptPorts = 3

// bridge makes the bridge anew.
func (r *scripted) bridge(t *testing.T) {
	ovsproctest.Vsctl(r.ctx, t, r.ovs, "--if-exists", "del-br", "br0")
	ovsproctest.Vsctl(r.ctx, t, r.ovs, ovsproctest.DummyBridge("br0", scriptPorts,
		"other-config:datapath-id=fedcba9876543210", "other-config:hwaddr=aa:55:aa:55:00:00",
		"protocols=OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14,OpenFlow15")...)
}

// fakeBridge is the switch with the same ports.
func fakeBridge(t testing.TB) *bed {
	b := newBed(t)
	b.SetDatapathID(0xfedcba9876543210)
	ports := []pipeline.Port{{No: openflow.PortLocal, Name: "br0", HWAddr: net.HardwareAddr{0xaa, 0x55, 0xaa, 0x55, 0, 0}}}
	for p := 1; p <= scriptPorts; p++ {
		ports = append(ports, pipeline.Port{
			No: uint32(p), Name: fmt.Sprintf("p%d", p), HWAddr: net.HardwareAddr{0xaa, 0x55, 0xaa, 0x55, 0, 0x10 + byte(p)},
		})
	}
	for _, p := range ports {
		p.Dummy = true
		if err := b.AddPort(p); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// compare runs one part of a script, which has bridges of its own.
func (r *scripted) compare(t *testing.T, part int, lines string) {
	t.Helper()
	r.bridge(t)
	fake := fakeBridge(t)
	here, there := newStage(t, r.ctx, "unix:"+fake.socket), newStage(t, r.ctx, r.ovs.Management("br0"))
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if ms, ok := strings.CutPrefix(line, "warp "); ok {
			n, err := strconv.Atoi(ms)
			if err != nil {
				t.Fatal(err)
			}
			r.warp(t, n)
			fake.clock.advance(time.Duration(n) * time.Millisecond)
			fake.Expire()
			continue
		}
		fake.clock.advance(time.Millisecond)
		got := here.do(line)
		there.awaitAsync(line, here, got)
		want := there.do(line)
		if d := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); d != "" {
			t.Errorf("part %d: %s (-Open vSwitch +here):\n%s", part, line, d)
		}
	}
}

// warp lets time pass in Open vSwitch.
func (r *scripted) warp(t *testing.T, ms int) {
	t.Helper()
	r.tell(t, "time/warp", strconv.Itoa(ms), "100")
}

// tell has ovs-vswitchd carry out a command of ovs-appctl.
func (r *scripted) tell(t *testing.T, command string, args ...string) {
	t.Helper()
	socket, err := unixctl.Socket(r.ovs.Dir(), "ovs-vswitchd")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unixctl.Call(r.ctx, socket, command, args...); err != nil {
		t.Fatal(err)
	}
}

var inScript = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(` \(xid=0x[0-9a-f]+\)`), ""},
	{regexp.MustCompile(`duration([=:]?)[0-9.]+s`), "duration$1?"},
	{regexp.MustCompile(`aa:55:aa:55:(0[1-9]:..|00:0[1-9a-f]|00:[1-9a-f].)`), "MAC"},
	{regexp.MustCompile(`(?m)^000000[0-4]0 .*\n`), ""},
	{regexp.MustCompile(`idle_age=[0-9]+`), "idle_age=?"},
	{regexp.MustCompile(`unix:\S*mgmt`), "BR"},
}

// inCompared is a text without what differs from run to run.
func inCompared(text string) string {
	for _, c := range inScript {
		text = c.what.ReplaceAllString(text, c.as)
	}
	return text
}

// stage runs the lines of a script on one bridge.
type stage struct {
	t       *testing.T
	ctx     context.Context
	bridge  string
	dir     string
	started map[string]*started
}

// started is a command that goes on while others run.
type started struct {
	cmd    *exec.Cmd
	socket string
	out    *output
}

// output is what a command has printed so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{} // has an element after there was more
}

func newOutput() *output { return &output{more: make(chan struct{}, 1)} }

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// lines counts the lines, as they are compared.
func (o *output) lines() int { return strings.Count(inCompared(o.String()), "\n") }

// await waits until what has been printed is so, and gives up after a while: the comparison says what is missing.
func (o *output) await(ctx context.Context, so func(text string) bool) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for !so(o.String()) {
		select {
		case <-o.more:
		case <-ctx.Done():
			return
		}
	}
}

// awaitAsync waits, before a command is told something, until it has printed what the same command has printed on the
// other stage, where it was told that already and has answered got. Open vSwitch sends what happens in its other threads,
// such as flows going with their meter, when it comes to that: this must not be after the answer to a barrier.
func (s *stage) awaitAsync(line string, other *stage, got string) {
	name, isStop := strings.CutPrefix(line, "stop ")
	want := strings.Count(got, "\n")
	if !isStop {
		var isBarrier bool
		if name, isBarrier = barrier(line); !isBarrier {
			return
		}
		want = other.started[name].out.lines() - 1 // but for the answer
	}
	out := s.started[name].out
	out.await(s.ctx, func(string) bool { return out.lines() >= want })
}

// barrier is the command that a line has wait for the answer to a barrier.
func barrier(line string) (name string, ok bool) {
	rest, isTell := strings.CutPrefix(line, "tell ")
	name, ok = strings.CutSuffix(rest, ": ofctl/barrier")
	return name, ok && isTell
}

func newStage(t *testing.T, ctx context.Context, bridge string) *stage {
	s := &stage{t: t, ctx: ctx, bridge: bridge, dir: t.TempDir(), started: map[string]*started{}}
	t.Cleanup(func() {
		for _, p := range s.started {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
	})
	return s
}

func (s *stage) do(line string) string {
	verb, rest, _ := strings.Cut(line, " ")
	name, args, _ := strings.Cut(rest, ": ")
	switch verb {
	case "start":
		s.start(name, args)
		return ""
	case "tell":
		printed := s.started[name].out
		answers := func(text string) int { return strings.Count(text, "OFPT_BARRIER_REPLY") }
		before := answers(printed.String())
		out, err := exec.CommandContext(s.ctx, "ovs-appctl", append([]string{"-t", s.started[name].socket}, strings.Fields(args)...)...).
			CombinedOutput()
		if err != nil {
			s.t.Errorf("%s: %v\n%s", line, err, out)
		}
		if _, ok := barrier(line); ok {
			printed.await(s.ctx, func(text string) bool { return answers(text) > before })
		}
		return ""
	case "stop":
		return s.stop(rest)
	}
	return ofctl(s.ctx, line, s.bridge)
}

func (s *stage) command(line string) *exec.Cmd {
	words := append([]string{"-vconsole:off"}, splitWords(line)...)
	for i := range words {
		if words[i] == "BR" {
			words[i] = s.bridge
		}
	}
	return exec.CommandContext(s.ctx, "ovs-ofctl", words...)
}

// start starts a command and waits until it can be told something.
func (s *stage) start(name, line string) {
	p := &started{socket: filepath.Join(s.dir, name+".ctl"), out: newOutput()}
	p.cmd = s.command("--unixctl=" + p.socket + " " + line)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.started[name] = p
	ctx, cancel := context.WithTimeout(s.ctx, 20*time.Second)
	defer cancel()
	for exec.CommandContext(ctx, "ovs-appctl", "-t", p.socket, "version").Run() != nil {
		if ctx.Err() != nil {
			s.t.Fatalf("start %s: %s: does not answer\n%s", name, line, p.out.String())
		}
	}
}

// stop ends a command and returns what it has printed.
func (s *stage) stop(name string) string {
	p := s.started[name]
	delete(s.started, name)
	_ = exec.CommandContext(s.ctx, "ovs-appctl", "-t", p.socket, "exit").Run()
	_ = p.cmd.Wait()
	return inCompared(p.out.String())
}

// ofctl runs ovs-ofctl and returns what it has printed, both outputs, and its exit status.
func ofctl(ctx context.Context, line, bridge string) string {
	line, sorted := strings.CutPrefix(line, "any order ")
	line, stdin, _ := strings.Cut(line, " << ")
	words := append([]string{"-vconsole:off"}, splitWords(line)...)
	for i := range words {
		if words[i] == "BR" {
			words[i] = bridge
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ovs-ofctl", words...)
	cmd.Stdin = strings.NewReader(strings.ReplaceAll(stdin, `\n`, "\n"))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	status := "0"
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		status = strconv.Itoa(exit.ExitCode())
	} else if err != nil {
		status = err.Error()
	}
	text := inCompared(stdout.String())
	if sorted {
		list := strings.Split(text, "\n")
		slices.Sort(list)
		text = strings.Join(list, "\n")
	}
	return text + inCompared(stderr.String()) + "exit " + status
}

// splitWords splits a line at spaces but for those between quotes.
func splitWords(line string) []string {
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		words = append(words, strings.Fields(part)...)
	}
	return words
}
