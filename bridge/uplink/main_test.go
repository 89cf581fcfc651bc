// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/ovskit/ovskit/bridge/uplink"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// programVariable has in the environment what this executable is to do in place
// of the tests: a program in JSON.
const programVariable = "OVSKIT_UPLINK_TEST_PROGRAM"

// A program is one that adopts or releases, and is killed before a step.
type program struct {
	Verb        string // adopt, release or recover
	Database    string
	SwitchNetns string
	KillBefore  int    // the step's number, from 0
	KillAt      string // or its name
}

func TestMain(m *testing.M) {
	if text := os.Getenv(programVariable); text != "" {
		if err := runProgram(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func runProgram(text string) error {
	var p program
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	db, err := vswitch.Dial(ctx, ovsdb.Options{Endpoint: p.Database})
	if err != nil {
		return err
	}
	defer db.Close()
	n := 0
	kill := func(step string) error {
		if p.KillAt == step || p.KillAt == "" && n == p.KillBefore {
			unix.Kill(os.Getpid(), unix.SIGKILL)
			select {}
		}
		n++
		return nil
	}
	switch p.Verb {
	case "adopt":
		_, err = uplink.AdoptHooked(ctx, db, uplink.Config{Bridge: "br0", Device: node.Uplink, SwitchNetns: p.SwitchNetns}, kill)
	case "release":
		err = uplink.ReleaseHooked(ctx, db, node.Uplink, kill)
	case "recover":
		_, err = uplink.RecoverHooked(ctx, db, kill)
	default:
		err = errors.New("no such verb")
	}
	return err
}

// run runs a program and reports whether it was killed.
func (p program) run(t *testing.T) (killed bool) {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), programVariable+"="+string(text))
	out, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.Sys().(syscall.WaitStatus).Signaled() {
		return true
	}
	if err != nil {
		t.Fatalf("%+v: %v: %s", p, err, out)
	}
	return false
}
