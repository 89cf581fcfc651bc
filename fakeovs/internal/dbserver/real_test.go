// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ovskit/ovskit/internal/tier"
)

// startReal starts a private ovsdb-server with the test schema and returns a function that connects to it.
func startReal(t *testing.T) func() *client {
	t.Helper()
	return startRealWith(t, "testdata/test.ovsschema")
}

func startRealWith(t *testing.T, schema string) func() *client {
	t.Helper()
	socket := startRealAt(t, schema)
	return func() *client {
		t.Helper()
		conn, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		return newClient(t, conn)
	}
}

// startRealAt starts a private ovsdb-server with a database for each of the schemas in files and returns the path of its
// socket.
func startRealAt(t *testing.T, schemas ...string) (socket string) {
	t.Helper()
	return startRealWithArgs(t, nil, schemas...)
}

// startRealWithArgs is startRealAt with further arguments of the server.
func startRealWithArgs(t *testing.T, args []string, schemas ...string) (socket string) {
	t.Helper()
	tier.Need(t, tier.Sandbox)
	dir, err := os.MkdirTemp("", "ovsdb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket = filepath.Join(dir, "db.sock")
	var files []string
	for i, schema := range schemas {
		file := filepath.Join(dir, fmt.Sprintf("%d.db", i))
		if out, err := exec.Command("ovsdb-tool", "create", file, schema).CombinedOutput(); err != nil {
			t.Fatalf("ovsdb-tool: %v: %s", err, out)
		}
		files = append(files, file)
	}
	// The server runs for as long as the command does, which starts when clients can connect and ends when our end of
	// its standard input is closed, however that happens.
	cmd := exec.Command("ovsdb-server", append(append(files, args...), "--remote=punix:"+socket, "--unixctl="+filepath.Join(dir, "ctl"),
		"-vconsole:off", "--run=echo ready; cat")...)
	cmd.Env = append(os.Environ(), "OVS_RUNDIR="+dir, "OVS_LOGDIR="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		cmd.Wait()
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Fatalf("ovsdb-server says %q (%v), want ready", line, err)
	}
	return socket
}
