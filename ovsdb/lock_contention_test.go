// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/dbtest"
	"github.com/ovskit/ovskit/internal/faultproxy"
)

// contentionRounds is how often two processes acquire a lock, over all servers.
const contentionRounds = 10_000

// contender, when set in the environment to what contend takes, makes the test
// program contend for a lock.
const contender = "OVSDB_TEST_CONTENDER"

// report is what a contender has done.
type report struct {
	Written    []string // the writes that were confirmed
	Violations []string // of the invariant, as the writer sees it
	Stolen     int      // locks that it has acquired by stealing
	LostFirst  int      // locks that were lost before their epoch had begun
	Refused    int      // writes that came too late
	Unknown    int      // writes whose outcome it does not know
	Unlocked   int      // locks that it gave back
}

// Two processes steal a lock from each other while they write, give it back, and
// lose it with their connections. Now and then a connection stands still while
// the other process steals the lock, writes and gives it back.
//
// Every ownership begins an epoch, by a transaction that counts next_cfg up. A
// write is of the epoch that its writer has begun, and it records in the
// database, in the same transaction, if another epoch has begun meanwhile: the
// lock excludes just that.
func TestLockContention(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, s *dbtest.Server) {
		const rounds = contentionRounds / servers / writers
		m := &mischief{random: rand.New(rand.NewPCG(1, 2))}
		for i := range m.proxies {
			m.proxies[i] = faultproxy.New(t, s.Endpoint)
		}
		var reports [writers]report
		var group sync.WaitGroup
		for i := range writers {
			group.Add(1)
			go func() {
				defer group.Done()
				runContender(t, fmt.Sprintf("%d %d %s", i, rounds, m.proxies[i].Endpoint()), &reports[i], func(line string) { m.said(i, line) })
			}()
		}
		group.Wait()
		t.Logf("%d connections were cut, %d stood still", m.cuts, m.stalls)
		for i, r := range reports {
			t.Logf("writer %d: %d writes, %d refused, %d unknown; %d locks stolen, %d lost at once, %d given back",
				i, len(r.Written), r.Refused, r.Unknown, r.Stolen, r.LostFirst, r.Unlocked)
			if len(r.Written) == 0 || r.Refused == 0 || r.Unknown == 0 || r.Stolen == 0 || r.Unlocked == 0 || m.cuts == 0 || m.stalls == 0 {
				t.Errorf("writer %d: something never happened", i)
			}
			for _, v := range r.Violations {
				t.Errorf("writer %d: %s", i, v)
			}
		}
		checkEpochs(t, s.Endpoint, reports[:])
	})
}

const (
	servers = 2 // of dbtest.Each
	writers = 2 // processes
)

// What a contender prints.
const (
	sayLocks  = "locks" // it is about to wait for the lock
	saySteals = "steals"
	sayEpoch  = "epoch" // it has begun an epoch
	sayEnded  = "ended"
)

// mischief makes the connections of contenders fail.
type mischief struct {
	proxies [writers]*faultproxy.Proxy

	mu           sync.Mutex
	random       *rand.Rand
	still        [writers]bool
	cuts, stalls int
}

// said takes note of what a contender has printed. From when one is about to
// steal until it is about to acquire the lock again, the other may stand still.
func (m *mischief) said(writer int, line string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	own, other := m.proxies[writer], m.proxies[1-writer]
	if line != sayEpoch {
		m.still[1-writer] = false
		other.Stall(false)
	}
	switch n := m.random.Int64N(4000); {
	case line == saySteals && n%4 == 0 && !m.still[writer]: // else both would wait for each other
		m.stalls++
		m.still[1-writer] = true
		other.Stall(true)
	case line == sayEpoch && n%64 == 0:
		m.cuts++
		own.CutAfter(n, -1)
	case line == sayEpoch && n%64 == 1:
		m.cuts++
		own.CutAfter(-1, n)
	}
}

// runContender runs a contender and passes on what it says.
func runContender(t *testing.T, args string, r *report, said func(line string)) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), contender+"="+args)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Error(err)
		return
	}
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return
	}
	defer said(sayEnded)
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		switch text := lines.Text(); text {
		case sayLocks, saySteals, sayEpoch:
			said(text)
		default:
			if err := json.Unmarshal([]byte(text), r); err != nil {
				t.Errorf("contender %s: prints %.200q: %v", args, text, err)
			}
		}
	}
	if err := errors.Join(lines.Err(), cmd.Wait()); err != nil {
		t.Errorf("contender %s: %v", args, err)
	}
}

// checkEpochs checks all that was recorded.
func checkEpochs(t *testing.T, endpoint string, reports []report) {
	ctx := testContext(t)
	c, err := Dial(ctx, Options{Endpoint: endpoint})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	results, err := c.Transact(ctx, Select("Open_vSwitch", []string{"next_cfg", "external_ids"}), Select("Queue", []string{"external_ids"}))
	if err != nil {
		t.Fatal(err)
	}
	root := results[0].Rows[0]
	if epochs := root["next_cfg"].(int64); epochs < contentionRounds/servers/2 {
		t.Errorf("got %d epochs: there were too many mishaps", epochs)
	}
	for write, writer := range root["external_ids"].(map[string]string) {
		t.Errorf("writer %s: write %s was made after another epoch had begun", writer, write)
	}
	writers, writes := map[string]string{}, map[string]int{}
	for _, row := range results[1].Rows {
		ids := row["external_ids"].(map[string]string)
		epoch, writer := ids["epoch"], ids["writer"]
		if other, ok := writers[epoch]; ok && other != writer {
			t.Errorf("epoch %s: written in by both %s and %s", epoch, other, writer)
		}
		writers[epoch] = writer
		writes[writer+" "+epoch+" "+ids["write"]]++
	}
	for writer, r := range reports {
		for _, w := range r.Written {
			if n := writes[fmt.Sprint(writer, " ", w)]; n != 1 {
				t.Errorf("writer %d: write %s is there %d times", writer, w, n)
			}
		}
	}
}

// contend is the process of a writer. It takes its number, how often it is to
// acquire the lock, and the endpoint, says what it is about, and at last what it has
// done.
func contend(args string) error {
	fields := strings.SplitN(args, " ", 3)
	rounds, err := strconv.Atoi(fields[1])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	c, err := Dial(ctx, Options{Endpoint: fields[2], Retry: true, MinBackoff: time.Millisecond, MaxBackoff: 10 * time.Millisecond})
	if err != nil {
		return err
	}
	defer c.Close()
	w := &writer{
		ctx: ctx, client: c, batcher: NewBatcher(c, BatchOptions{}), name: fields[0],
		random: rand.New(rand.NewPCG(uint64(fields[0][0]), 3)),
	}
	for i := 0; i < rounds && err == nil; i++ {
		err = w.own()
	}
	return errors.Join(err, w.err, json.NewEncoder(os.Stdout).Encode(w.report))
}

// A writer acquires the lock again and again and writes while it has it.
type writer struct {
	ctx     context.Context
	client  *Client
	batcher *Batcher
	name    string
	random  *rand.Rand
	lock    *Lock // the last one

	mu     sync.Mutex
	report report
	err    error
}

// own acquires the lock, begins an epoch and writes in it.
func (w *writer) own() error {
	if err := w.acquire(); err != nil {
		return err
	}
	results, err := w.client.Transact(w.ctx,
		Mutate("Open_vSwitch", []Mutation{Change("next_cfg", Add, 1)}), Select("Open_vSwitch", []string{"next_cfg"}))
	switch {
	case errors.Is(err, ErrLockLost), errors.As(err, new(*OutcomeUnknownError)):
		w.note(func(r *report) { r.LostFirst++ })
		return w.ctx.Err()
	case err != nil:
		return err
	}
	epoch := results[1].Rows[0]["next_cfg"].(int64)
	fmt.Println(sayEpoch)
	var own sync.WaitGroup
	for n := range 1 + w.random.IntN(4) {
		own.Add(1)
		batched := w.random.IntN(2) == 0
		go func() {
			defer own.Done()
			w.write(epoch, n, batched)
		}()
		if w.random.IntN(3) == 0 {
			own.Wait()
		}
	}
	own.Wait()
	if w.lock.Err() != nil {
		return nil
	}
	w.note(func(r *report) { r.Unlocked++ })
	return w.lock.Unlock(w.ctx)
}

// acquire acquires the lock in any way.
func (w *writer) acquire() (err error) {
	if w.lock != nil && w.random.IntN(2) == 0 {
		fmt.Println(sayLocks)
		next, err := w.lock.Regain(w.ctx)
		if !errors.Is(err, ErrUnlocked) {
			w.lock = next
			return err
		}
	}
	if w.lock != nil {
		if err := w.lock.Unlock(w.ctx); err != nil {
			return err
		}
	}
	if w.random.IntN(3) == 0 {
		fmt.Println(saySteals)
		w.note(func(r *report) { r.Stolen++ })
		w.lock, err = w.client.Steal(w.ctx, "contended")
	} else {
		fmt.Println(sayLocks)
		w.lock, err = w.client.Lock(w.ctx, "contended")
	}
	return err
}

// write makes one write of an epoch.
func (w *writer) write(epoch int64, n int, batched bool) {
	text := fmt.Sprint(epoch, " ", n)
	ops := []Operation{
		Insert("Queue", Row{"external_ids": map[string]string{"epoch": fmt.Sprint(epoch), "writer": w.name, "write": fmt.Sprint(n)}}),
		Mutate("Open_vSwitch", []Mutation{Change("external_ids", InsertInto, map[string]string{text: w.name})},
			Where("next_cfg", NotEqual, epoch)),
	}
	var results []Result
	var err error
	if batched {
		results, _, err = w.batcher.Transact(w.ctx, ops...)
	} else {
		results, err = w.client.Transact(w.ctx, ops...)
	}
	w.note(func(r *report) {
		switch {
		case err == nil:
			r.Written = append(r.Written, text)
			if results[1].Count != 0 {
				r.Violations = append(r.Violations, fmt.Sprintf("write %s succeeded after another epoch had begun", text))
			}
		case errors.Is(err, ErrLockLost):
			r.Refused++
		case errors.As(err, new(*OutcomeUnknownError)):
			r.Unknown++
		default:
			w.err = errors.Join(w.err, err)
		}
	})
}

func (w *writer) note(f func(r *report)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(&w.report)
}
