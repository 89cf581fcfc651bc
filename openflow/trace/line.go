// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"regexp"
	"strconv"
	"strings"
)

// cutNote reads a line that begins with the mark of a note.
func cutNote(text string) (Severity, string, bool) {
	if note, ok := strings.CutPrefix(text, "-> "); ok {
		return Detail, note, true
	}
	if note, ok := strings.CutPrefix(text, ">>>> "); ok {
		return Error, strings.TrimSuffix(note, " <<<<"), true
	}
	if note, ok := strings.CutPrefix(text, ">> "); ok {
		return Warning, note, true
	}
	return "", "", false
}

// cutBridge reads the headline of a bridge.
func cutBridge(text string) (name string, ok bool) {
	if name, ok = strings.CutPrefix(text, `bridge("`); ok {
		name, ok = strings.CutSuffix(name, `")`)
	}
	return name, ok
}

var (
	tableLine  = regexp.MustCompile(`^([0-9]{1,3})\. (.*)$`)
	bucketLine = regexp.MustCompile(`^bucket ([0-9]+)$`)
	flowEnd    = regexp.MustCompile(`^(?:(.*), ?)?priority (-?[0-9]+)(?:, cookie 0x([0-9a-f]+))?$`)
)

// parseVisit reads a line that begins a visit, nil if it does not.
func parseVisit(text string) *Visit {
	if m := tableLine.FindStringSubmatch(text); m != nil {
		id, err := strconv.ParseUint(m[1], 10, 8)
		if err != nil {
			return nil
		}
		v := &Visit{Kind: KindTable, Table: uint8(id), Steps: []Step{}}
		if v.Flow = parseFlow(m[2]); v.Flow == nil {
			v.Miss = m[2]
		}
		return v
	}
	if m := bucketLine.FindStringSubmatch(text); m != nil {
		id, err := strconv.ParseUint(m[1], 10, 32)
		if err != nil {
			return nil
		}
		return &Visit{Kind: KindBucket, Bucket: uint32(id), Steps: []Step{}}
	}
	if strings.HasPrefix(text, "--. ") {
		return &Visit{Kind: KindActionSet, Steps: []Step{}}
	}
	return nil
}

// parseFlow reads a flow as "MATCH, priority 1, cookie 0x2", nil if it is not one.
func parseFlow(text string) *Flow {
	m := flowEnd.FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	priority, err := strconv.Atoi(m[2])
	if err != nil {
		return nil
	}
	f := &Flow{Match: m[1], Priority: priority}
	if m[3] != "" {
		if f.Cookie, err = strconv.ParseUint(m[3], 16, 64); err != nil {
			return nil
		}
	}
	return f
}
