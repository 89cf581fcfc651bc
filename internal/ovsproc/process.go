// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsproc

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/ovskit/ovskit/internal/netns"
	"golang.org/x/sys/unix"
)

// Installed says what keeps the package from being usable on this machine.
func Installed() error {
	for _, name := range []string{"ovsdb-server", "ovs-vswitchd", "ovsdb-tool"} {
		if _, err := program(name); err != nil {
			return err
		}
	}
	if _, err := os.Stat(schemaFile); err != nil {
		return fmt.Errorf("schema of Open vSwitch: %w", err)
	}
	return nil
}

// program finds a program. The PATH of ordinary users often lacks the
// directories where packages put these.
func program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/local/sbin", "/usr/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed (package openvswitch-switch on Debian)", name)
}

// A process is a running or ended program. A nil process is one that was never
// started.
type process struct {
	cmd     *exec.Cmd
	spawner *spawner
	output  string        // file with what it printed
	ended   chan struct{} // closed when it has ended and been waited for
	result  error         // of the wait; valid once ended is closed
}

func (p *process) pid() int     { return p.cmd.Process.Pid }
func (p *process) name() string { return filepath.Base(p.cmd.Path) }

func (p *process) running() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// stop sends SIGTERM, and SIGKILL when the process has not ended in time. It
// returns when the process is gone, even if it was frozen.
func (p *process) stop(patience time.Duration) error {
	if !p.running() {
		return nil
	}
	if patience > 0 {
		if err := errors.Join(p.signal(syscall.SIGTERM), p.signal(syscall.SIGCONT)); err != nil {
			return err
		}
		timer := time.NewTimer(patience)
		defer timer.Stop()
		select {
		case <-p.ended:
			return nil
		case <-timer.C:
		}
	}
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.ended
	return nil
}

// freeze stops the process in its tracks, as on a machine that is overloaded.
// It returns when none of its threads runs any more.
func (p *process) freeze() error {
	if !p.running() {
		return fmt.Errorf("freeze %s: it does not run", p.name())
	}
	if err := p.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	for {
		// The state is looked at, not taken: the end of the process is for the goroutine that waits for it.
		err := unix.Waitid(unix.P_PID, p.pid(), nil, unix.WSTOPPED|unix.WEXITED|unix.WNOWAIT, nil)
		if err == nil || !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("waitid", err)
		}
	}
}

// thaw lets a frozen process go on.
func (p *process) thaw() error {
	if !p.running() {
		return nil
	}
	return p.signal(syscall.SIGCONT)
}

func (p *process) signal(s os.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send %v to %s: %w", s, p.name(), err)
	}
	return nil
}

// lastWords is the end of what the process printed.
func (p *process) lastWords() string {
	const most = 1000
	text, err := os.ReadFile(p.output)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text[max(0, len(text)-most):]))
}

// A spawner starts processes from one thread that lives as long as the
// spawner. The kernel kills a child that asked for it (PR_SET_PDEATHSIG) when
// the thread that started it ends, not the process, and the Go runtime ends
// threads when it likes. The thread may be in another network namespace, in
// which its children then are as well.
type spawner struct {
	requests chan func()
	ended    chan struct{}
	detached bool
}

// newSpawner makes a spawner in a network namespace, "" for the current one.
func newSpawner(ns string, detached bool) (*spawner, error) {
	s := &spawner{requests: make(chan func()), ended: make(chan struct{}), detached: detached}
	if ns == "" {
		go func() {
			defer close(s.ended)
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			s.serve()
		}()
		return s, nil
	}
	in, err := netns.Open(ns)
	if err != nil {
		return nil, err
	}
	entered := make(chan error, 2)
	go func() {
		defer close(s.ended)
		defer in.Close()
		entered <- in.Do(func() error {
			entered <- nil
			s.serve()
			return nil
		})
	}()
	if err := <-entered; err != nil {
		<-s.ended
		return nil, err
	}
	return s, nil
}

// serve starts processes until the spawner is closed.
func (s *spawner) serve() {
	for f := range s.requests {
		f()
	}
}

// do runs a function on the spawner's thread, and so in its network namespace.
func (s *spawner) do(f func()) {
	done := make(chan struct{})
	s.requests <- func() {
		defer close(done)
		f()
	}
	<-done
}

// spawn starts a process. It is in a session of its own, so that a Ctrl-C on
// the terminal does not reach it: its owner stops it in its order.
func (s *spawner) spawn(path string, args, env []string, output string) (*process, error) {
	out, err := os.Create(output)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command(path, args...)
	cmd.Env = env
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Dir = filepath.Dir(output)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if !s.detached {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	}
	s.do(func() { err = cmd.Start() })
	if err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, spawner: s, output: output, ended: make(chan struct{})}
	go func() {
		p.result = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// close ends the spawner, whose processes have ended or are detached.
func (s *spawner) close() {
	close(s.requests)
	<-s.ended
}
