// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/dbserver"
	"github.com/ovskit/ovskit/fakeovs/internal/ofswitch"
	"github.com/ovskit/ovskit/fakeovs/internal/unixsock"
	"github.com/ovskit/ovskit/openflow"
)

// The ports and waiting times of connections to controllers (ovs-vswitchd.conf.db(5), "Controller").
const (
	openflowPort      = "6653"
	minBackoff        = time.Second
	defaultMaxBackoff = 8 * time.Second
	defaultProbe      = 5 * time.Second
)

// remote is a controller of a bridge: one that the switch connects to, again and again, or one that it lets connect.
type remote struct {
	target  string
	primary bool
	maximum time.Duration // of backoff
	probe   time.Duration // 0: none
	limits  ofswitch.Limits
	terms   atomic.Pointer[ofswitch.Terms] // both for new connections of a listener
	wake    func()                         // has the daemon look at the remote

	listener net.Listener // of a target to listen at
	served   chan struct{}

	// What follows is that of a target to connect to.
	state     string
	since     time.Time // when it got into the state
	backoff   time.Duration
	steady    time.Time // a connection that ends later was a good one; zero: none is
	lastError string
	connected time.Time // when it was last connected, or lost that; zero: never
	lost      time.Time
	admitted  time.Time // when it last had a controller
	cancel    context.CancelFunc
	dialled   chan dialResult
	session   *ofswitch.Controller
}

type dialResult struct {
	conn net.Conn
	err  error
}

// The states of a connection, as Controller.status has them.
const (
	stateBackoff    = "BACKOFF"
	stateConnecting = "CONNECTING"
	stateActive     = "ACTIVE"
)

// setRemotes lets a bridge have the controllers that are configured. Those that stay are not disturbed.
func (d *Daemon) setRemotes(b *bridge, c *bridgeConfig) {
	wanted := map[string]*dbserver.Row{}
	if !d.holding {
		for _, row := range c.controllers {
			wanted[row.Get("target").String()] = row
		}
	}
	for target, r := range b.remotes {
		if wanted[target] == nil {
			r.close()
			delete(b.remotes, target)
		}
	}
	for target, row := range wanted {
		r := b.remotes[target]
		if r == nil {
			var err error
			if r, err = d.newRemote(b, target); err != nil {
				d.log.Error("controller not used", "bridge", b.name, "target", target, "error", err)
				continue
			}
			b.remotes[target] = r
		}
		r.configure(row)
	}
}

// configure takes over what the database says of a controller.
func (r *remote) configure(row *dbserver.Row) {
	r.primary = isPrimary(row)
	r.maximum, r.probe = defaultMaxBackoff, defaultProbe
	if ms, ok := row.Get("max_backoff").Integer(); ok {
		r.maximum = max(minBackoff, time.Duration(ms)*time.Millisecond)
	}
	if ms, ok := row.Get("inactivity_probe").Integer(); ok {
		r.probe = time.Duration(ms) * time.Millisecond
		if r.probe != 0 {
			r.probe = max(r.probe, time.Second)
		}
	}
	rate, _ := row.Get("controller_rate_limit").Integer()
	burst, _ := row.Get("controller_burst_limit").Integer()
	if limits := (ofswitch.Limits{Rate: rate, Burst: burst}); limits != r.limits {
		r.limits = limits
		if r.session != nil {
			r.session.SetLimits(limits)
		}
	}
	r.terms.Store(&ofswitch.Terms{Probe: r.probe, Limits: r.limits})
	r.backoff = min(r.backoff, r.maximum)
}

func (d *Daemon) newRemote(b *bridge, target string) (*remote, error) {
	r := &remote{target: target, wake: d.DevicesChanged, admitted: d.clock.Now()}
	method, rest, _ := strings.Cut(target, ":")
	var err error
	switch method {
	case "tcp", "ssl", "unix":
		if method == "unix" {
			if _, err = d.runtimePath(rest, ""); err != nil {
				return nil, err
			}
		}
		r.dialled = make(chan dialResult, 1)
		r.connect(d)
		return r, nil
	case "punix":
		var path string
		if path, err = d.runtimePath(rest, b.name+"."); err == nil {
			r.listener, err = unixsock.Listen(path)
		}
	case "ptcp", "pssl":
		port, host, _ := strings.Cut(rest, ":")
		if port == "" {
			port = openflowPort
		}
		r.listener, err = net.Listen("tcp", net.JoinHostPort(strings.Trim(host, "[]"), port))
		if err == nil && method == "pssl" {
			r.listener = d.secured(r.listener)
		}
	default:
		err = errors.New("unsupported controller")
	}
	if err != nil {
		return nil, err
	}
	r.listener = unixsock.Patient(r.listener, d.log)
	r.served = make(chan struct{})
	r.terms.Store(&ofswitch.Terms{Probe: defaultProbe})
	terms := func() ofswitch.Terms { return *r.terms.Load() }
	go func() {
		defer close(r.served)
		if err := b.sw.ServeOn(r.listener, terms); err != nil && !errors.Is(err, net.ErrClosed) {
			d.log.Error("controllers are not served any more", "bridge", b.name, "target", target, "error", err)
		}
	}()
	return r, nil
}

// runtimePath is the path of a socket in the directory of the switch, where its name has to begin with a prefix. Others
// than those are not touched: whoever can write to the database could overwrite any file.
func (d *Daemon) runtimePath(path, prefix string) (string, error) {
	if d.o.Dir == "" {
		return "", fmt.Errorf("%s: there is no directory for sockets", path)
	}
	dir := filepath.Clean(d.o.Dir) + "/"
	if !filepath.IsAbs(path) && prefix == "" {
		path = dir + path
	}
	rest, ok := strings.CutPrefix(filepath.Clean(path), dir)
	switch {
	case ok && prefix == "":
		return path, nil
	case ok && strings.HasPrefix(rest, prefix) && !strings.Contains(rest, "/"):
		return path, nil
	}
	return "", fmt.Errorf("%s is not in the permitted format %s%s*", path, dir, prefix)
}

// close ends a remote, with the connections to it.
func (r *remote) close() {
	if r.listener != nil {
		r.listener.Close()
		<-r.served
		return
	}
	if r.state == stateConnecting {
		r.cancel()
		if result := <-r.dialled; result.conn != nil {
			result.conn.Close()
		}
	}
	if r.session != nil {
		r.session.Close()
		<-r.session.Done()
	}
}

// connect starts an attempt to connect.
func (r *remote) connect(d *Daemon) {
	now := d.clock.Now()
	r.state, r.since, r.steady = stateConnecting, now, now.Add(r.backoff)
	var ctx context.Context
	ctx, r.cancel = context.WithTimeout(context.Background(), max(minBackoff, r.backoff))
	attempt := func() {
		conn, err := d.dial(ctx, r.target)
		r.dialled <- dialResult{conn, err}
		r.wake()
	}
	if strings.HasPrefix(r.target, "unix:") {
		attempt() // which takes no time
	} else {
		go attempt()
	}
}

// run does what is due for a remote, and returns when something will be. It is zero if only an event can be next.
func (r *remote) run(d *Daemon, b *bridge) (next time.Time) {
	now := d.clock.Now()
	switch r.state {
	case stateConnecting:
		select {
		case result := <-r.dialled:
			r.cancel()
			if result.err != nil {
				r.steady = time.Time{}
				r.disconnected(now, result.err.Error())
				return r.since.Add(r.backoff)
			}
			r.start(now, b, result.conn)
		default:
		}
	case stateActive:
		select {
		case <-r.session.Done():
			r.session = nil
			r.disconnected(now, "End of file")
			return r.since.Add(r.backoff)
		default:
			r.admitted = now
		}
	case stateBackoff:
		if now.Before(r.since.Add(r.backoff)) {
			return r.since.Add(r.backoff)
		}
		r.connect(d)
		if len(r.dialled) > 0 {
			return r.run(d, b)
		}
	}
	return time.Time{}
}

func (r *remote) start(now time.Time, b *bridge, conn net.Conn) {
	session := b.sw.Connect(conn, ofswitch.Terms{Probe: r.probe, Limits: r.limits})
	if session == nil {
		r.disconnected(now, "Too many open files")
		return
	}
	r.session, r.state, r.since, r.connected, r.admitted = session, stateActive, now, now, now
	go func() {
		<-session.Done()
		r.wake()
	}()
}

func (r *remote) disconnected(now time.Time, reason string) {
	if r.state == stateActive {
		r.admitted = now
	}
	r.lastError = reason
	// An attempt at a unix socket fails so soon that it does not count as one.
	if r.state == stateActive || !strings.HasPrefix(r.target, "unix:") {
		r.lost = now
	}
	switch {
	case !r.steady.IsZero() && !now.Before(r.steady):
		r.backoff = minBackoff
	case r.backoff < r.maximum/2:
		r.backoff = max(minBackoff, 2*r.backoff)
	default:
		r.backoff = r.maximum
	}
	r.state, r.since = stateBackoff, now
}

// dial connects to a target.
func (d *Daemon) dial(ctx context.Context, target string) (net.Conn, error) {
	var dialer net.Dialer
	method, rest, _ := strings.Cut(target, ":")
	network, address := "tcp", rest
	switch method {
	case "unix":
		network, address = "unix", rest
		if !filepath.IsAbs(rest) {
			address = filepath.Join(d.o.Dir, rest)
		}
	case "tcp", "ssl":
		if host, port, err := net.SplitHostPort(rest); err == nil {
			address = net.JoinHostPort(host, port)
		} else {
			address = net.JoinHostPort(strings.Trim(rest, "[]"), openflowPort)
		}
	}
	conn, err := dialer.DialContext(ctx, network, address)
	if err == nil && method == "ssl" {
		return d.secure(ctx, conn)
	}
	switch errno := syscall.Errno(0); {
	case err == nil:
		return conn, nil
	case errors.As(err, &errno):
		return nil, reason(capital(errno.Error()))
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return nil, reason("Connection timed out")
	default:
		return nil, reason("Address family not supported by protocol")
	}
}

// reason is an error as the C library words it.
type reason string

func (r reason) Error() string { return string(r) }

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// status is what the database is told of a remote.
func (r *remote) status(now time.Time) dbserver.Fields {
	f := dbserver.Fields{"is_connected": dbserver.Booleans(false), "role": dbserver.Datum{}, "status": dbserver.Datum{}}
	if r == nil || r.listener != nil {
		return f
	}
	pairs := map[string]string{"state": r.state}
	if r.lastError != "" {
		pairs["last_error"] = r.lastError
	}
	if !r.connected.IsZero() {
		pairs["sec_since_connect"] = fmt.Sprint(int64(now.Sub(r.connected) / time.Second))
	}
	if !r.lost.IsZero() {
		pairs["sec_since_disconnect"] = fmt.Sprint(int64(now.Sub(r.lost) / time.Second))
	}
	if r.session != nil {
		if actions, misses, ok := r.session.LimitStats(); ok {
			addLimitStats(pairs, "action", actions)
			addLimitStats(pairs, "miss", misses)
		}
	}
	f["status"] = dbserver.StringMap(pairs)
	if r.session != nil {
		f["is_connected"] = dbserver.Booleans(true)
		if role := roleNames[r.session.Role()]; role != "" {
			f["role"] = dbserver.Strings(role)
		}
	}
	return f
}

func addLimitStats(pairs map[string]string, kind string, s ofswitch.LimitStats) {
	kind = "packet-in-" + kind
	pairs[kind+"-backlog"] = fmt.Sprint(s.Backlog)
	pairs[kind+"-bypassed"] = fmt.Sprint(s.Bypassed)
	pairs[kind+"-queued"] = fmt.Sprint(s.Queued)
	pairs[kind+"-dropped"] = fmt.Sprint(s.Dropped)
}

var roleNames = map[openflow.Role]string{
	openflow.RoleEqual: "other", openflow.RolePrimary: "master", openflow.RoleSecondary: "slave",
}
