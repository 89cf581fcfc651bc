// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"encoding/binary"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/ovsproc"
	of "github.com/ovskit/ovskit/openflow"
)

// rawSwitch is a connection to a switch in any version without a Conn. Its methods end the test on errors.
type rawSwitch struct {
	t   *testing.T
	nc  net.Conn
	v   of.Version
	xid uint32
}

// dialRaw greets a switch in one version and asks for all messages that it may send of its own accord.
func dialRaw(t *testing.T, ovs *ovsproc.OVS, v of.Version) *rawSwitch {
	t.Helper()
	nc, err := net.Dial("unix", strings.TrimPrefix(ovs.Management("br0"), "unix:"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	s := &rawSwitch{t: t, nc: nc, v: v, xid: 100}
	s.send(of.Hello{Version: v, Bitmap: 1 << v})
	if m, _ := s.receive(); m != (of.Hello{Version: of.Version15, Bitmap: m.(of.Hello).Bitmap}) {
		t.Fatalf("the switch begins with %+v", m)
	}
	s.send(of.SetConfig{SwitchConfig: of.SwitchConfig{MissSendLen: 0xffff}})
	var body []byte
	for i := range uint16(12) {
		if v == of.Version13 && i < 6 {
			body = append(body, 0xff, 0xff, 0xff, 0xff)
		} else if v > of.Version13 {
			body = binary.BigEndian.AppendUint16(body, i)
			body = append(body, 0, 8, 0, 0, 0, asyncReasons[i/2])
		}
	}
	s.send(of.Raw{Type: 28, Body: body})
	s.quiet()
	return s
}

// asyncReasons are the reasons that there are for packet-ins, changes of ports, removed flows, roles, tables and forwards.
var asyncReasons = [6]byte{0x3f, 7, 0x3f, 7, 0x18, 3}

func (s *rawSwitch) send(m of.Message) uint32 {
	s.t.Helper()
	s.xid++
	b, err := of.Encode(s.v, m, s.xid)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.nc.Write(b); err != nil {
		s.t.Fatal(err)
	}
	return s.xid
}

// receive returns the next message, which is not an echo request.
func (s *rawSwitch) receive() (of.Message, uint32) {
	s.t.Helper()
	for {
		b, err := readRaw(s.nc)
		if err != nil {
			s.t.Fatal(err)
		}
		m, xid, err := of.Decode(b)
		if err != nil {
			s.t.Fatalf("%v\n% x", err, b)
		}
		if m, ok := m.(of.EchoRequest); ok {
			s.send(of.EchoReply(m))
			continue
		}
		return m, xid
	}
}

// readRaw reads one message.
func readRaw(r io.Reader) ([]byte, error) {
	b := make([]byte, of.HeaderLen)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	b = append(b, make([]byte, int(binary.BigEndian.Uint16(b[2:]))-len(b))...)
	_, err := io.ReadFull(r, b[of.HeaderLen:])
	return b, err
}

// until returns what comes up to the barrier reply to all that was sent.
func (s *rawSwitch) until() (messages []of.Message) {
	s.t.Helper()
	barrier := s.send(of.BarrierRequest{})
	for {
		m, xid := s.receive()
		if _, ok := m.(of.BarrierReply); ok && xid == barrier {
			return messages
		}
		messages = append(messages, m)
	}
}

// quiet makes sure that nothing comes in answer to what was sent.
func (s *rawSwitch) quiet() {
	s.t.Helper()
	if got := s.until(); len(got) > 0 {
		s.t.Fatalf("the switch says %+v", got)
	}
}

// nextOf waits for a message of a type.
func nextOf[M of.Message](s *rawSwitch) M {
	s.t.Helper()
	m, _ := s.receive()
	want, ok := m.(M)
	if !ok {
		s.t.Fatalf("got %T %+v, want %T", m, m, want)
	}
	return want
}

func (s *rawSwitch) ofctl(ovs *ovsproc.OVS, command string, args ...string) string {
	s.t.Helper()
	return ovsOfctl(s.t, append([]string{"-O" + s.v.String(), command, ovs.Management("br0")}, args...)...)
}

func ovsOfctl(t *testing.T, args ...string) string {
	t.Helper()
	return runProgram(t, "ovs-ofctl", args...)
}

func ovsVsctl(t *testing.T, ovs *ovsproc.OVS, args ...string) {
	t.Helper()
	runProgram(t, "ovs-vsctl", append([]string{"--db=" + ovs.DatabaseEndpoint()}, args...)...)
}

func ovsAppctl(t *testing.T, ovs *ovsproc.OVS, args ...string) string {
	t.Helper()
	ctl := filepath.Join(ovs.Dir(), "ovs-vswitchd."+strconv.Itoa(ovs.SwitchPID())+".ctl")
	return runProgram(t, "ovs-appctl", append([]string{"-t", ctl}, args...)...)
}

func runProgram(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
	return string(out)
}
