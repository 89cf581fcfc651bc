// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// keeperVariable in the environment makes the executable a program that keeps the flows of a bridge, and nothing else.
const keeperVariable = "OVSKIT_BENCH_KEEPER"

// A keeper is a program of its own that keeps the flows of a bridge, to be killed.
type keeper struct {
	command *exec.Cmd
	stdin   io.Closer
	lines   *bufio.Scanner // what it says
}

// What a keeper says, a line each: that all is declared, and that it was written again to a switch that had lost it.
const (
	keeperDeclared = "declared"
	keeperReplayed = "replayed"
)

// keeperJob is what a keeper is told.
type keeperJob struct {
	Management, Database string
	Intents              flows.Intents
}

// keeperMain is the program. It ends with its input.
func keeperMain() error {
	ctx := context.Background()
	var job keeperJob
	if err := json.NewDecoder(os.Stdin).Decode(&job); err != nil {
		return err
	}
	db, err := vswitch.Dial(ctx, ovsdb.Options{Endpoint: job.Database})
	if err != nil {
		return err
	}
	defer db.Close()
	client, err := openflow.Connect(ctx, job.Management, openflow.ClientOptions{})
	if err != nil {
		return err
	}
	defer client.Close()
	failed := make(chan error, 1)
	sw, err := flows.Open(ctx, client, flows.Options{Owner: job.Intents.Owner, OnReplay: func(ctx context.Context, r flows.Replay) {
		err := bridge.ReleaseFlows(ctx, db)
		if err == nil {
			err = bridge.HoldFlows(ctx, db)
		}
		if err != nil {
			failed <- err
		}
		fmt.Println(keeperReplayed, r.Plan, r.Took)
	}})
	if err != nil {
		return err
	}
	defer sw.Close()
	if err := sw.Set(ctx, job.Intents.Objects...); err != nil {
		return err
	}
	if err := bridge.HoldFlows(ctx, db); err != nil {
		return err
	}
	fmt.Println(keeperDeclared)
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin)
		ended <- err
	}()
	select {
	case err := <-ended:
		return err
	case err := <-failed:
		return err
	}
}

// startKeeper starts a program that declares the site's objects, and returns when it has.
func (s *flowsSite) startKeeper(b *testing.B) *keeper {
	b.Helper()
	job, err := json.Marshal(keeperJob{
		Management: s.Bridge().Management(), Database: "unix:" + filepath.Join(s.RunDir(), "db.sock"),
		Intents: flows.Intents{Bridge: s.Bridge().Name, Owner: "bench", Objects: s.objects(0)},
	})
	if err != nil {
		b.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	k := &keeper{command: exec.Command(self)}
	k.command.Env = append(os.Environ(), keeperVariable+"=1")
	k.command.Stderr = os.Stderr
	stdin, err1 := k.command.StdinPipe()
	stdout, err2 := k.command.StdoutPipe()
	if err := errors.Join(err1, err2); err != nil {
		b.Fatal(err)
	}
	k.stdin, k.lines = stdin, bufio.NewScanner(stdout)
	if err := k.command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(k.kill)
	if _, err := stdin.Write(append(job, '\n')); err != nil {
		b.Fatal(err)
	}
	k.await(b, keeperDeclared)
	return k
}

// await returns when the program has said something.
func (k *keeper) await(b *testing.B, what string) {
	b.Helper()
	for k.lines.Scan() {
		if said, _, _ := strings.Cut(k.lines.Text(), " "); said == what {
			return
		}
	}
	b.Fatalf("the program that keeps the flows ended before it said %q: %v", what, k.lines.Err())
}

// kill ends the program by SIGKILL.
func (k *keeper) kill() {
	if k.command.ProcessState == nil {
		_ = k.command.Process.Kill()
		_ = k.command.Wait() // that it was killed
	}
}

// end ends it in an orderly way.
func (k *keeper) end(b *testing.B) {
	b.Helper()
	if err := errors.Join(k.stdin.Close(), k.command.Wait()); err != nil {
		b.Fatal(err)
	}
}
