// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// The command libovsdb does the work of comparisons with libovsdb's client. The
// benchmarks build it, start it with a database's endpoint and write a line for
// each run to its standard input: "load", or "add N BRIDGE", where BRIDGE is a
// UUID. It answers each with a line of JSON, a report.
//
// It is a program and a module of its own, so that what libovsdb's client links
// stays out of ovskit's go.mod. It times itself; the pipe is not in the times.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/go-logr/logr"
	"github.com/ovn-org/libovsdb/client"
	"github.com/ovn-org/libovsdb/model"
	"github.com/ovn-org/libovsdb/ovsdb"

	"github.com/ovskit/ovskit/bench/libovsdb/models"
)

// report is the answer to a line.
type report struct {
	Nanoseconds int64
	Allocated   uint64 // bytes, in all
	Error       string
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: libovsdb ENDPOINT")
		os.Exit(2)
	}
	p := &program{endpoint: os.Args[1]}
	answers := json.NewEncoder(os.Stdout)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var r report
		if err := p.run(lines.Text(), &r); err != nil {
			r.Error = err.Error()
		}
		if err := answers.Encode(r); err != nil {
			os.Exit(1)
		}
	}
}

// program is the state between lines.
type program struct {
	endpoint string
	adding   client.Client // with all four tables monitored; nil before the first add
}

func (p *program) run(line string, r *report) error {
	ctx := context.Background()
	var n int
	var bridge string
	if _, err := fmt.Sscanf(line, "add %d %s", &n, &bridge); err == nil {
		return p.add(ctx, n, bridge, r)
	}
	if line != "load" {
		return fmt.Errorf("unknown line %q", line)
	}
	return measure(r, func() error {
		c, err := p.open(ctx, &models.Port{}, &models.Interface{})
		if err != nil {
			return err
		}
		c.Close()
		return nil
	})
}

// measure runs something and reports its cost.
func measure(r *report, do func() error) error {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	err := do()
	r.Nanoseconds = time.Since(start).Nanoseconds()
	runtime.ReadMemStats(&after)
	r.Allocated = after.TotalAlloc - before.TotalAlloc
	return err
}

// open connects and monitors tables.
func (p *program) open(ctx context.Context, tables ...model.Model) (client.Client, error) {
	database, err := models.Database()
	if err != nil {
		return nil, err
	}
	quiet := logr.Discard()
	c, err := client.NewOVSDBClient(database, client.WithEndpoint(p.endpoint), client.WithLogger(&quiet))
	if err != nil {
		return nil, err
	}
	if err := c.Connect(ctx); err != nil {
		return nil, err
	}
	var options []client.MonitorOption
	for _, t := range tables {
		options = append(options, client.WithTable(t))
	}
	if _, err := c.Monitor(ctx, c.NewMonitor(options...)); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// add adds n ports to a bridge, one a transaction.
func (p *program) add(ctx context.Context, n int, bridge string, r *report) (err error) {
	if p.adding == nil {
		if p.adding, err = p.open(ctx, &models.OpenvSwitch{}, &models.Bridge{}, &models.Port{}, &models.Interface{}); err != nil {
			return err
		}
	}
	return measure(r, func() error {
		for i := range n {
			if err := addPort(ctx, p.adding, bridge, fmt.Sprintf("added%d", i)); err != nil {
				return err
			}
		}
		return nil
	})
}

// addPort makes the same transaction as the other side.
func addPort(ctx context.Context, c client.Client, bridge, name string) error {
	row := &models.Interface{UUID: "i_" + name, Name: name,
		ExternalIDs: map[string]string{"container_id": "0123456789ab" + name, "container_iface": "eth0"}}
	port := &models.Port{UUID: "p_" + name, Name: name, Interfaces: []string{row.UUID}}
	ops, err := c.Create(row, port)
	if err != nil {
		return err
	}
	br := &models.Bridge{UUID: bridge}
	mutate, err := c.Where(br).Mutate(br, model.Mutation{
		Field: &br.Ports, Mutator: ovsdb.MutateOperationInsert, Value: []string{port.UUID}})
	if err != nil {
		return err
	}
	ops = append(ops, mutate...)
	results, err := c.Transact(ctx, ops...)
	if err != nil {
		return err
	}
	_, err = ovsdb.CheckOperationResults(results, ops)
	return err
}
