// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package guest_test

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/internal/guest"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/internal/tier"
)

const module = "github.com/ovskit/ovskit/"

// suites are the tests of other packages that run in the guest on the kernel's
// datapath. An emulated machine is slow: here are those for which the datapath makes a
// difference.
var suites = []struct {
	pkg   string
	tests []string
}{
	{"bridge", []string{"TestOwnPort", "TestFailedCreationLeavesNothing", "TestDatapathIsChosen"}},
	{"bridge/hostaddr", []string{"TestReached"}},
	{"bridge/uplink", []string{"TestAdoptAndRelease", "TestTrafficGoesOn"}},
	{"port", []string{
		"TestTrafficPasses", "TestHostDoesNotHear", "TestDeviceIsTakenFromTheKernel", "TestInterfaceComesBack",
		"TestInternalPortInNamespace", "TestInternalPortComesBack", "TestVLANs", "TestMirrors", "TestPatchTraffic", "TestTunnels",
		"TestPolicingRate", "TestQoSRate",
	}},
}

// Flags for a run by hand, of other tests than those in the list.
var (
	onlyPackage = flag.String("guest.package", "", "run tests of this package alone, such as port")
	onlyTests   = flag.String("guest.tests", ".", "with -guest.package, which: a regular expression")
)

var (
	programs = []string{
		"ovsdb-server", "ovsdb-tool", "ovs-vswitchd", "ovs-vsctl", "ovs-ofctl", "ovs-appctl", "ovs-dpctl",
		"ip", "tc", "ping", "cat",
	}
	files   = []string{"/usr/share/openvswitch/vswitch.ovsschema"}
	modules = []string{
		"openvswitch", "vport-vxlan", "vport-geneve", "vport-gre",
		"veth", "tun", "dummy", "bridge", "8021q", "bonding", "macvlan", "ipvlan",
		"sch_htb", "sch_tbf", "sch_ingress", "cls_basic", "cls_matchall", "act_police",
	}
)

// TestSystem runs tests of other packages in a guest.
func TestSystem(t *testing.T) {
	tier.Need(t, tier.Kernel)
	ctx := testContext(t)
	names, patterns := []string{}, []string{}
	for _, s := range suites {
		names, patterns = append(names, s.pkg), append(patterns, "^("+strings.Join(s.tests, "|")+")$")
	}
	if *onlyPackage != "" {
		names, patterns = []string{*onlyPackage}, []string{*onlyTests}
	}
	o := guest.Options{Programs: programs, Files: files, Modules: modules, Uptime: guest.SwitchUptime, Memory: 2048}
	if *onlyPackage != "" {
		o.Output = os.Stdout
	}
	for i, binary := range compile(ctx, t, names) {
		o.Files = append(o.Files, binary)
		o.Commands = append(o.Commands, guest.Command{
			Args: []string{binary, "-test.v", "-test.timeout=60m", "-test.run=" + patterns[i]},
			Env:  []string{tier.Require + "=all", nodetest.DatapathVariable + "=" + nodetest.KernelDatapath},
		})
	}
	results, err := guest.Run(ctx, o)
	if err != nil {
		t.Error(err)
	}
	for i, r := range results {
		t.Run(names[i], func(t *testing.T) {
			if r.Reason != "" {
				t.Errorf("%s:\n%s", r.Reason, r.Output)
			}
			t.Logf("%s", verdicts(r.Output))
			if *onlyPackage != "" {
				return
			}
			for _, name := range suites[i].tests {
				if !slices.ContainsFunc(verdicts(r.Output), func(v string) bool { return strings.HasPrefix(v, "PASS: "+name+" ") }) {
					t.Errorf("%s did not pass", name)
				}
			}
		})
	}
}

// compile builds the test programs of packages, without the race detector: the emulator
// is too slow for it.
func compile(ctx context.Context, t *testing.T, packages []string) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	args := []string{"test", "-c", "-ldflags=-s -w", "-o", dir + "/"}
	for _, p := range packages {
		args = append(args, module+p)
		paths = append(paths, filepath.Join(dir, path.Base(p)+".test"))
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return paths
}

// verdicts lists what became of tests that are no part of others.
func verdicts(output []byte) (lines []string) {
	for l := range strings.Lines(string(output)) {
		if v, is := strings.CutPrefix(l, "--- "); is {
			lines = append(lines, strings.TrimSpace(v))
		}
	}
	return lines
}
