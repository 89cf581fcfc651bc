// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// TestDisableMonitorCond takes the monitors with conditions away, from ours and from an ovsdb-server: clients are cut, and
// those that come again have to do with what RFC 7047 has.
func TestDisableMonitorCond(t *testing.T) {
	real := startRealAt(t, "testdata/test.ovsschema")
	s := startServer(t, Options{})
	for name, tt := range map[string]struct {
		socket  string
		disable func()
	}{
		"real": {real, func() {
			control := filepath.Join(filepath.Dir(real), "ctl")
			if out, err := exec.Command("ovs-appctl", "-t", control, "ovsdb-server/disable-monitor-cond").CombinedOutput(); err != nil {
				t.Fatalf("ovs-appctl: %v: %s", err, out)
			}
		}},
		"ours": {listen(t, s), s.DisableMonitorCond},
	} {
		t.Run(name, func(t *testing.T) {
			monitored := parse(t, `{"single":{"columns":[]}}`)
			c := dial(t, tt.socket)
			c.mustCall("monitor_cond", "test", "a", monitored)
			tt.disable()
			if m, err := c.r.next(); err == nil {
				t.Errorf("client that was there: got %s, want the end", m)
			}
			c = dial(t, tt.socket)
			for _, method := range []string{"monitor_cond", "monitor_cond_since"} {
				_, failure, _ := c.call(method, "test", "a", monitored, zeroUUID)
				want(t, method, failure, `"unknown method"`)
			}
			c.mustCall("monitor", "test", "a", monitored)
			_, failure, _ := c.call("monitor_cond_change", "a", "b", parse(t, `{"single":[{"where":[false]}]}`))
			want(t, "monitor_cond_change", failure, "null")
		})
	}
}
