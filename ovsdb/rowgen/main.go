// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"go/scanner"
	"go/token"
	"io"
	"os"
)

const usage = "usage: rowgen -schema FILE -package NAME -out FILE [-header FILE] [-word PART=NAME]... [TABLE...]"

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

// run is the command without the process around it. It returns the exit code:
// 0 when the file is written, 1 when that failed, 2 after a wrong call.
func run(args []string, stderr io.Writer) int {
	o, err := parseArgs(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "rowgen: %v\n%s\n", err, usage)
		return 2
	}
	source, err := generateFile(o)
	if err == nil {
		err = os.WriteFile(o.out, source, 0o644)
	}
	if err != nil {
		fmt.Fprintf(stderr, "rowgen: %v\n", err)
		return 1
	}
	return 0
}

// options are what the command line says.
type options struct {
	schema, out, header string // files
	pkg                 string
	words               map[string]string
	tables              []string
}

func parseArgs(args []string, stderr io.Writer) (options, error) {
	o := options{words: map[string]string{}}
	flags := flag.NewFlagSet("rowgen", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.schema, "schema", "", "read the database schema from `FILE`")
	flags.StringVar(&o.pkg, "package", "", "the `NAME` of the package to write")
	flags.StringVar(&o.out, "out", "", "write Go source to `FILE`")
	flags.StringVar(&o.header, "header", "", "put the comments in `FILE` on top")
	flags.Func("word", "write a part of names in a certain way, as in `PART=NAME`", func(s string) error {
		return addWord(o.words, s)
	})
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(stderr, usage)
			flags.SetOutput(stderr)
			flags.PrintDefaults()
		}
		return o, err
	}
	for _, f := range []struct{ name, value string }{{"schema", o.schema}, {"package", o.pkg}, {"out", o.out}} {
		if f.value == "" {
			return o, fmt.Errorf("-%s is missing", f.name)
		}
	}
	if !token.IsIdentifier(o.pkg) || o.pkg == "_" {
		return o, fmt.Errorf("-package %q: not the name of a Go package", o.pkg)
	}
	o.tables = flags.Args()
	return o, nil
}

// generateFile returns the Go source for the tables of the schema in a file.
func generateFile(o options) ([]byte, error) {
	header, err := readHeader(o.header)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(o.schema)
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	s, err := parseSchema(text)
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", o.schema, err)
	}
	source, err := generate(s, o.pkg, o.tables, o.words)
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", o.schema, err)
	}
	return append(header, source...), nil
}

// readHeader returns the text of a header with the empty line that follows it,
// nothing if there is no header.
func readHeader(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	text = bytes.TrimSpace(text)
	if err := checkComments(text); err != nil {
		return nil, fmt.Errorf("header %s: %w", file, err)
	}
	return append(text, "\n\n"...), nil
}

func checkComments(text []byte) error {
	var s scanner.Scanner
	var bad error
	file := token.NewFileSet().AddFile("", -1, len(text))
	s.Init(file, text, func(at token.Position, problem string) {
		if bad == nil {
			bad = fmt.Errorf("line %d: %s", at.Line, problem)
		}
	}, scanner.ScanComments)
	for {
		pos, tok, _ := s.Scan()
		switch {
		case bad != nil:
			return bad
		case tok == token.EOF:
			return nil
		case tok != token.COMMENT:
			return fmt.Errorf("line %d: not a Go comment", file.Line(pos))
		}
	}
}
