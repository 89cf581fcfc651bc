// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	"github.com/ovskit/ovskit/internal/tier"
	"github.com/ovskit/ovskit/internal/unixctl"
)

// TestTrafficAsReal runs the scripts of testdata/traffic on the fake and on Open vSwitch: hosts at the ports p1 to p4 of
// br0 talk to each other, and what leaves the ports, the answers of the commands and the connections are the same. A
// script has parts with empty lines between them, each of which begins with a bridge that has just been made.
//
// A line is a command of Open vSwitch, "flow" and a flow, or what a host does: "p1" and a packet sends it, and "p1 hex" any
// frame; "p2 answers" and "p2 refuses" go back to the sender of what p2 has got last; "p1 opens SRC DST at p2" is a
// connection that is opened, used and closed. "count" before it compares only how many frames leave by which port, as where
// NAT chooses by chance. "monitor" has a controller listen, and "heard" is what it has been sent since.
func TestTrafficAsReal(t *testing.T) {
	tier.Need(t, tier.Sandbox)
	files, err := filepath.Glob("testdata/traffic/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("scripts: got %v, %v", files, err)
	}
	fake := newTraffic(t, fakeovs.New(t).Dir())
	real := newTraffic(t, ovsproctest.Start(t, ovsproc.Options{Dummy: true}).Dir())
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
				title, lines, _ := strings.Cut(part, "\n")
				t.Run(strings.TrimLeft(title, "# "), func(t *testing.T) {
					compareTraffic(t, fake, real, strings.Split(lines, "\n"))
				})
			}
		})
	}
}

func compareTraffic(t *testing.T, fake, real *traffic, lines []string) {
	fake.begin(t)
	real.begin(t)
	for n, line := range lines {
		if line == "" || line[0] == '#' {
			continue
		}
		got, want := fake.do(line), real.do(line)
		t.Logf("%s\n%s", line, want)
		if d := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); d != "" {
			t.Fatalf("line %d: %s (-Open vSwitch +fake):\n%s", n+1, line, d)
		}
	}
}

// traffic is one of the two switches with the hosts at its ports.
type traffic struct {
	tools
	ctl  string
	read map[string]int    // bytes of the files of what has left a port
	last map[string][]byte // frame that has left a port
	// controller listens, nil if none does.
	controller *exec.Cmd
	heard      bytes.Buffer
}

const trafficPorts = 4

func newTraffic(t *testing.T, dir string) *traffic {
	f := &traffic{tools: tools{t, dir}}
	if out := f.run("ovs-vsctl --no-wait init"); out != "" {
		t.Fatal(out)
	}
	var err error
	if f.ctl, err = unixctl.Socket(dir, "ovs-vswitchd"); err != nil {
		t.Fatal(err)
	}
	return f
}

// begin makes the bridge anew.
func (f *traffic) begin(t *testing.T) {
	f.t = t
	f.last = map[string][]byte{}
	f.read = map[string]int{}
	line := "ovs-vsctl --if-exists del-br br0 -- --if-exists del-br br1 -- --all destroy Datapath"
	if out := f.run(line); out != "" {
		t.Fatal(out)
	}
	line = "ovs-vsctl add-br br0 -- set bridge br0 datapath-type=dummy fail-mode=secure other-config:hwaddr=aa:55:aa:55:00:00"
	for p := 1; p <= trafficPorts; p++ {
		path := fmt.Sprintf("%s/p%d.pcap", f.dir, p)
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		line += fmt.Sprintf(" -- add-port br0 p%d -- set interface p%d type=dummy ofport_request=%d options:tx_pcap=%s", p, p, p, path)
	}
	if out := f.run(line); out != "" {
		t.Fatal(out)
	}
	f.control("time/stop")
}

func (f *traffic) control(method string, args ...string) string {
	f.t.Helper()
	out, err := unixctl.Call(f.t.Context(), f.ctl, method, args...)
	if err != nil {
		f.t.Fatalf("%s %v: %v", method, args, err)
	}
	return out
}

// do carries a line out and returns what has come of it.
func (f *traffic) do(line string) string {
	if flow, ok := strings.CutPrefix(line, "flow "); ok {
		return f.flow(flow)
	}
	switch line {
	case "monitor":
		f.monitor()
		return ""
	case "heard":
		f.run("ovs-appctl -t DIR/controller.ctl ofctl/barrier")
		f.run("ovs-appctl -t DIR/controller.ctl exit")
		f.silence()
		text := volatile[0].ReplaceAllString(f.heard.String(), "$1=X")
		f.heard.Reset()
		return text
	}
	if strings.HasPrefix(line, "ovs-ofctl ") && strings.Contains(line, " dump-") {
		f.settle()
	}
	if strings.HasPrefix(line, "ovs-") {
		return sortedLines(f.run(line))
	}
	line, count := strings.CutPrefix(line, "count ")
	words := quotedWords(line)
	port, rest := words[0], words[2:]
	var p *packetText
	var err error
	switch words[1] {
	case "opens":
		return f.open(port, strings.Join(rest, " "))
	case "hex":
		return f.enter(port, []string{words[2]}, count)
	case "answers", "refuses":
		last := f.last[port]
		if last == nil {
			return port + " has got nothing"
		}
		if words[1] == "answers" {
			p, err = answer(last, rest)
		} else {
			p, err = refusal(last, rest)
		}
	default:
		var parsed packetText
		parsed, err = parsePacket(strings.Join(words[1:], " "))
		p = &parsed
	}
	if err != nil {
		f.t.Fatalf("%s: %v", line, err)
	}
	return f.send(port, p, count)
}

func (f *traffic) flow(flow string) string {
	c := exec.CommandContext(f.t.Context(), "ovs-ofctl", "add-flow", "br0", flow)
	c.Env = append(os.Environ(), "OVS_RUNDIR="+f.dir)
	out, _ := c.CombinedOutput()
	return string(out)
}

// monitor starts a controller, and waits until it listens.
func (f *traffic) monitor() {
	c := exec.Command("ovs-ofctl", "monitor", "br0", "65534", "invalid_ttl", "--unixctl="+f.dir+"/controller.ctl")
	c.Env = append(os.Environ(), "OVS_RUNDIR="+f.dir)
	c.Stderr = &f.heard
	if err := c.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.controller = c
	f.t.Cleanup(f.silence)
	for f.t.Context().Err() == nil && !strings.HasPrefix(f.run("ovs-appctl -t DIR/controller.ctl version"), "ovs-ofctl ") {
	}
}

// silence waits for the controller, which is told to go before unless the test has failed.
func (f *traffic) silence() {
	if f.controller != nil {
		if f.t.Failed() {
			_ = f.controller.Process.Kill()
		}
		_ = f.controller.Wait()
		f.controller = nil
	}
}

// settle has the counters of flows count all packets. Datapath flows would be passed over while revalidators look at them.
func (f *traffic) settle() {
	for _, method := range []string{"revalidator/pause", "revalidator/purge", "revalidator/resume"} {
		f.control(method)
	}
}

// sortedLines puts lines in order: that of connections and flows is none.
func sortedLines(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// send lets a packet enter a port and returns the frames that leave.
func (f *traffic) send(port string, p *packetText, count bool) string {
	var frames []string
	for _, frame := range p.frames() {
		frames = append(frames, hex.EncodeToString(frame))
	}
	return f.enter(port, frames, count)
}

func (f *traffic) enter(port string, frames []string, count bool) string {
	f.control("netdev-dummy/receive", append([]string{port}, frames...)...)
	for range frames {
		f.control("version") // Open vSwitch looks at one frame before it answers
	}
	var out strings.Builder
	for n := 1; n <= trafficPorts; n++ {
		port := fmt.Sprintf("p%d", n)
		frames := f.left(port)
		if len(frames) > 0 {
			f.last[port] = frames[len(frames)-1]
			fmt.Fprintf(&out, "%d frames leave %s\n", len(frames), port)
		}
		if count {
			continue
		}
		for _, frame := range frames {
			fmt.Fprintf(&out, "%s\n", frameText(frame))
		}
	}
	return out.String()
}

// left are the frames that have left a port since it was looked at last.
func (f *traffic) left(port string) (frames [][]byte) {
	b, err := os.ReadFile(filepath.Join(f.dir, port+".pcap"))
	if err != nil {
		f.t.Fatal(err)
	}
	const head, record = 24, 16
	at := max(f.read[port], head)
	for at+record <= len(b) {
		from := at + record
		at = from + int(binary.NativeEndian.Uint32(b[at+8:]))
		frames = append(frames, b[from:at])
	}
	f.read[port] = at
	return frames
}

// frameText is a frame for the eye, and as it is.
func frameText(frame []byte) string {
	var words []string
	for _, l := range gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default).Layers() {
		words = append(words, l.LayerType().String())
		switch l := l.(type) {
		case *layers.IPv4:
			words = append(words, l.SrcIP.String(), l.DstIP.String())
		case *layers.IPv6:
			words = append(words, l.SrcIP.String(), l.DstIP.String())
		case *layers.TCP:
			words = append(words, fmt.Sprintf("%d %d seq=%d ack=%d", l.SrcPort, l.DstPort, l.Seq, l.Ack))
		case *layers.UDP:
			words = append(words, fmt.Sprintf("%d %d", l.SrcPort, l.DstPort))
		}
	}
	return strings.Join(words, " ") + "\n" + hex.EncodeToString(frame)
}

// open is what hosts at two ports do for one of them to get something from the other by TCP: "p1 opens SRC DST p2".
func (f *traffic) open(client, text string) string {
	text, server, _ := strings.Cut(text, " at ")
	var out strings.Builder
	for _, line := range []string{
		client + " tcp " + text + " S seq=1000",
		server + " answers SA seq=5000",
		client + " answers A",
		client + ` answers PA data="GET"`,
		server + " answers A",
		server + ` answers PA data="all"`,
		client + " answers A",
		client + " answers FA",
		server + " answers FA",
		client + " answers A",
	} {
		fmt.Fprintf(&out, "%s\n%s", line, f.do(line))
	}
	return out.String()
}
