// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package endpoint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/internal/endpoint"
)

func TestParse(t *testing.T) {
	longest := "/" + strings.Repeat("d", 106)
	for _, tt := range []struct {
		text   string
		want   endpoint.Endpoint
		string string // if it is not the text
	}{
		{"unix:/run/openvswitch/db.sock", endpoint.Endpoint{Scheme: "unix", Path: "/run/openvswitch/db.sock"}, ""},
		{"unix:db.sock", endpoint.Endpoint{Scheme: "unix", Path: "db.sock"}, ""},
		{"unix:/with:colon, and more", endpoint.Endpoint{Scheme: "unix", Path: "/with:colon, and more"}, ""},
		{"unix:" + longest, endpoint.Endpoint{Scheme: "unix", Path: longest}, ""},
		{"tcp:127.0.0.1:6641", endpoint.Endpoint{Scheme: "tcp", Host: "127.0.0.1", Port: 6641}, ""},
		{"tcp:127.0.0.1", endpoint.Endpoint{Scheme: "tcp", Host: "127.0.0.1", Port: 6640}, "tcp:127.0.0.1:6640"},
		{"tcp:db.example:1", endpoint.Endpoint{Scheme: "tcp", Host: "db.example", Port: 1}, ""},
		{"tcp:db.example.:65535", endpoint.Endpoint{Scheme: "tcp", Host: "db.example.", Port: 65535}, ""},
		{"tcp:node_1-a", endpoint.Endpoint{Scheme: "tcp", Host: "node_1-a", Port: 6640}, "tcp:node_1-a:6640"},
		{"tcp:1st", endpoint.Endpoint{Scheme: "tcp", Host: "1st", Port: 6640}, "tcp:1st:6640"},
		{"ssl:[::1]:6641", endpoint.Endpoint{Scheme: "ssl", Host: "::1", Port: 6641}, ""},
		{"ssl:[::1]", endpoint.Endpoint{Scheme: "ssl", Host: "::1", Port: 6640}, "ssl:[::1]:6640"},
		{"ssl:[fe80::1234%eth0]:6641", endpoint.Endpoint{Scheme: "ssl", Host: "fe80::1234%eth0", Port: 6641}, ""},
		{"ssl:db:06641", endpoint.Endpoint{Scheme: "ssl", Host: "db", Port: 6641}, "ssl:db:6641"},
	} {
		got, err := endpoint.Parse(tt.text, 6640)
		if err != nil || got != tt.want {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", tt.text, got, err, tt.want)
		}
		if tt.string == "" {
			tt.string = tt.text
		}
		if got.String() != tt.string {
			t.Errorf("Parse(%q).String() = %q, want %q", tt.text, got, tt.string)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    `empty: want "unix:PATH", "tcp:HOST[:PORT]" or "ssl:HOST[:PORT]"`,
		"/run/openvswitch/db.sock":            `not a connection method: want "unix:PATH",`,
		"http://127.0.0.1:6640":               "not a connection method",
		"TCP:127.0.0.1":                       "not a connection method",
		" tcp:127.0.0.1":                      "not a connection method",
		"127.0.0.1:6640":                      "not a connection method",
		"punix:/run/db.sock":                  `a server listens there: a client connects to "unix:PATH"`,
		"ptcp:6640":                           `a server listens there: a client connects to "tcp:HOST[:PORT]"`,
		"pssl:6640:127.0.0.1":                 `a server listens there: a client connects to "ssl:HOST[:PORT]"`,
		"unix":                                `the path is missing: want "unix:PATH"`,
		"unix:":                               "the path is missing",
		"unix:/a\x00b":                        "zero byte",
		"unix:/" + fmt.Sprintf("%107d", 0):    "the path has 108 bytes, a socket address holds 107",
		"tcp":                                 `the host is missing: want "tcp:HOST[:PORT]"`,
		"ssl:":                                `the host is missing: want "ssl:HOST[:PORT]"`,
		"tcp::6640":                           "the host is missing",
		"tcp:6640":                            `"6640" is neither an IPv4 address nor the name of a host`,
		"tcp:1.2.3":                           `"1.2.3" is neither`,
		"tcp:1.2.3.256:6640":                  `"1.2.3.256" is neither`,
		"tcp:010.0.0.1:6640":                  `"010.0.0.1" is neither`,
		"tcp:/run/db.sock":                    `"/run/db.sock" is not the name of a host`,
		"tcp:a b:6640":                        `"a b" is not the name of a host`,
		"tcp:bücher.example":                  "is not the name of a host",
		"tcp:::1:6640":                        "too many colons, an IPv6 address stands in square brackets",
		"tcp:127.0.0.1:6640:x":                "too many colons",
		"tcp:[::1":                            "the closing bracket is missing",
		"tcp:[]:6640":                         `"" is not an IPv6 address`,
		"tcp:[127.0.0.1]:6640":                `"127.0.0.1" is not an IPv6 address`,
		"tcp:[db]:6640":                       `"db" is not an IPv6 address`,
		"tcp:[::1]6640":                       `"6640" stands behind the brackets`,
		"tcp:127.0.0.1:":                      `"" is not a port between 1 and 65535`,
		"tcp:127.0.0.1:0":                     `"0" is not a port`,
		"tcp:127.0.0.1:65536":                 `"65536" is not a port`,
		"tcp:127.0.0.1:+1":                    `"+1" is not a port`,
		"tcp:127.0.0.1:ovsdb":                 `"ovsdb" is not a port`,
		"tcp:[::1]:":                          `"" is not a port`,
		"tcp:10.0.0.1:6640,tcp:10.0.0.2:6640": "a list, only one",
		"ssl:[::1]:6640,ssl:[::2]:6640":       "a list, only one",
	} {
		got, err := endpoint.Parse(text, 6640)
		if err == nil || got != (endpoint.Endpoint{}) {
			t.Errorf("Parse(%q) = %+v, %v, want an error", text, got, err)
			continue
		}
		if quoted := fmt.Sprintf("endpoint %q: ", text); !strings.HasPrefix(err.Error(), quoted) || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): got error %s, want one with %q and the endpoint", text, err, want)
		}
	}
}

func TestParseWithoutDefaultPort(t *testing.T) {
	for _, text := range []string{"tcp:127.0.0.1", "ssl:[::1]"} {
		if got, err := endpoint.Parse(text, 0); err == nil || !strings.Contains(err.Error(), "the port is missing") {
			t.Errorf("Parse(%q) = %+v, %v, want an error that says the port is missing", text, got, err)
		}
	}
	if _, err := endpoint.Parse("unix:/db.sock", 0); err != nil {
		t.Error(err)
	}
}

// What Parse takes has all its parts, and String gives it back.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "unix:/run/db.sock", "unix:@abstract", "punix:/x", "tcp:127.0.0.1:6640", "ssl:[fe80::1%eth0]:6640", "tcp:[::ffff:1.2.3.4]", "ssl:db.example.",
		"tcp::", "tcp:[", "tcp:[]", "ptcp:6640:[::1]", "tcp:a,b",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := endpoint.Parse(text, 6640)
		if err != nil {
			if e != (endpoint.Endpoint{}) || !strings.Contains(err.Error(), fmt.Sprintf("%q", text)) {
				t.Errorf("Parse(%q) = %+v, %v, want nothing and an error that quotes the endpoint", text, e, err)
			}
			return
		}
		isPath := e.Scheme == endpoint.Unix
		if (e.Path != "") != isPath || (e.Host == "") != isPath || (e.Port == 0) != isPath || e.Port < 0 || e.Port > 65535 {
			t.Errorf("Parse(%q) = %+v: wrong parts", text, e)
		}
		if again, err := endpoint.Parse(e.String(), 0); err != nil || again != e {
			t.Errorf("Parse(%q) = %+v, but of its string %q %+v, %v", text, e, e, again, err)
		}
	})
}
