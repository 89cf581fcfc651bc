// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pidfile

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// holder is the environment variable that makes this test a process that holds the file of that path.
const holder = "PIDFILE_TEST_HOLD"

func TestMain(m *testing.M) {
	if path := os.Getenv(holder); path != "" {
		if _, err := Create(path); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("held")
		bufio.NewReader(os.Stdin).ReadString('\n')
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestLife(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ovs-vswitchd.pid")
	if err := os.WriteFile(path, []byte("123456789\n"), 0o644); err != nil { // of a process that is gone
		t.Fatal(err)
	}
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Previous(); got != 123456789 {
		t.Errorf("got %d as the process that left the file, want 123456789", got)
	}
	text, err := os.ReadFile(path)
	if want := fmt.Sprintln(os.Getpid()); err != nil || string(text) != want {
		t.Errorf("got %q, %v; want %q", text, err, want)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file is there after Close (%v)", err)
	}
}

func TestAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ovs-vswitchd.pid")
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), holder+"="+path)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Errorf("the other process says %q, %v; want that it holds the file", line, err)
	}
	if _, err := Create(path); err == nil || !strings.Contains(err.Error(), "another process has it") {
		t.Errorf("got error %v, want one that another process has the file", err)
	}
	in.Close()
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
	f, err := Create(path) // which the process that is gone has left
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
