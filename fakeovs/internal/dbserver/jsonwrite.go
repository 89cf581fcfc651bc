// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"sort"
	"strconv"
)

// appendJSON appends the text of a value as parseJSON makes it, or of a Datum's or an Error's JSON form. Members of
// objects are sorted by name, so that equal values have equal texts.
func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return appendReal(b, v)
	case string:
		return appendString(b, v)
	case rawJSON:
		return append(b, v...)
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, e)
		}
		return append(b, ']')
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		sort.Strings(names)
		b = append(b, '{')
		for i, name := range names {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, name)
			b = append(b, ':')
			b = appendJSON(b, v[name])
		}
		return append(b, '}')
	case orderedJSON:
		b = append(b, '{')
		for i, m := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(append(appendString(b, m.name), ':'), m.value)
		}
		return append(b, '}')
	case Value:
		return v.datum.appendJSON(b, v.typ)
	case *Error:
		return v.appendJSON(b)
	default:
		panic(fmt.Sprintf("dbserver: no JSON form of %T", v))
	}
}

// rawJSON is a value that is text already.
type rawJSON []byte

func jsonText(v any) string { return string(appendJSON(nil, v)) }

// appendReal writes a real as ovsdb-server does, with the 15 digits that survive any conversion.
func appendReal(b []byte, f float64) []byte { return strconv.AppendFloat(b, f, 'g', 15, 64) }

func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, '\\', 'b')
		case '\f':
			b = append(b, '\\', 'f')
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}
