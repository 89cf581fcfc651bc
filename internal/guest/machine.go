// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/ovskit/ovskit/internal/guest/internal/wire"
)

// maxOutput is how much a guest may say, in bytes of its events.
const maxOutput = 4 << 20

// A CrashError is a guest that did not do its job.
type CrashError struct {
	// Err is what is known of why.
	Err error
	// Output is the end of what the command that ran had printed.
	Output string
	// Console is the end of the kernel's messages, and of QEMU's.
	Console string
}

func (e *CrashError) Error() string {
	return fmt.Sprintf("guest: %v; the end of its console:\n%s\nof the output of the command that ran:\n%s", e.Err, e.Console, e.Output)
}

func (e *CrashError) Unwrap() error { return e.Err }

// A machine is a virtual one.
type machine struct {
	kernel, initramfs string // paths
	memory            int    // MiB
	output            io.Writer
}

// run starts the machine and returns when it is gone.
func (m *machine) run(ctx context.Context, commands int) ([]Result, error) {
	running, kill := context.WithCancel(ctx)
	defer kill()
	cmd := exec.CommandContext(running, emulator, m.args()...)
	cmd.WaitDelay = time.Second
	console := &tail{}
	cmd.Stderr = console
	// The guest ends itself when this end of its port is closed, as it is at the end of
	// this program, however that comes about.
	hold, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	defer hold.Close()
	port, says, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer port.Close()
	cmd.Stdout = says
	err = cmd.Start()
	says.Close()
	if err != nil {
		return nil, fmt.Errorf("start a guest: %w", err)
	}
	results, output, failure := listen(port, m.output)
	if failure == nil && len(results) != commands {
		failure = fmt.Errorf("%d of %d commands were run", len(results), commands)
	}
	if failure != nil && !errors.Is(failure, io.EOF) {
		kill()
	}
	failure = errors.Join(context.Cause(ctx), failure, cmd.Wait())
	if failure == nil {
		return results, nil
	}
	return results, &CrashError{Err: failure, Output: lastOf(output), Console: lastOf(console.text)}
}

// args are those of QEMU. Its standard input and output are the guest's port, its
// standard error is the guest's console.
//
// The guest's clock counts instructions, a nanosecond each, and leaps over idle time. So
// waiting costs nothing, and nothing in the guest comes too late because the host is
// busy. That needs a guest with one processor: two would wait for each other in turns.
func (m *machine) args() []string {
	return []string{
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-cpu", "max", "-smp", "1", "-m", strconv.Itoa(m.memory),
		"-kernel", m.kernel, "-initrd", m.initramfs,
		"-append", "console=ttyS0 loglevel=4 panic=-1 oops=panic",
		"-chardev", "file,id=console,path=/dev/stderr", "-serial", "chardev:console",
		"-chardev", "stdio,id=port,signal=off",
		"-device", "virtio-serial-pci", "-device", "virtserialport,chardev=port,name=" + wire.Port,
	}
}

// listen takes in what the guest says until it is done. It returns the results of
// the commands that have ended, and what the one that has not has printed. A port that
// the guest has let go of too early is an io.EOF.
func listen(port io.Reader, live io.Writer) (results []Result, output []byte, err error) {
	limited := &io.LimitedReader{R: port, N: maxOutput}
	events := json.NewDecoder(limited)
	for {
		var e wire.Event
		if err := events.Decode(&e); err != nil {
			switch {
			case limited.N == 0:
				err = fmt.Errorf("it says more than %d bytes", maxOutput)
			case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
				err = fmt.Errorf("it ended before its commands did: %w", io.EOF)
			}
			return results, output, err
		}
		output = append(output, e.Output...)
		if _, err := live.Write(e.Output); err != nil {
			return results, output, err
		}
		switch {
		case e.Error != "":
			return results, output, errors.New(e.Error)
		case e.Done:
			return results, output, nil
		case e.Ended != nil:
			results = append(results, Result{Output: output, ExitCode: e.Ended.ExitCode, Reason: e.Ended.Reason})
			output = nil
		}
	}
}

// tailSize is how much of a text is told in an error.
const tailSize = 4096

// A tail keeps the end of what is written to it.
type tail struct{ text []byte }

func (t *tail) Write(b []byte) (int, error) {
	t.text = append(t.text, b...)
	if extra := len(t.text) - tailSize; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(b), nil
}

// lastOf is the end of a text, as valid UTF-8.
func lastOf(text []byte) string {
	return strings.TrimSpace(strings.ToValidUTF8(string(text[max(0, len(text)-tailSize):]), "?"))
}
