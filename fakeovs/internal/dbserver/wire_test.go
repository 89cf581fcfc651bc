// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// raw sends a text and then an echo, and returns all that comes back before the echo's answer, or before the end of the
// connection.
func (c *client) raw(text string) string {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, text); err != nil && !isEnd(err) {
		c.t.Fatalf("send %s: %v", text, err)
	}
	c.id++
	probe := fmt.Sprintf(`{"id":"probe %d","method":"echo","params":[]}`, c.id)
	if _, err := io.WriteString(c.conn, probe); err != nil && !isEnd(err) {
		c.t.Fatalf("send an echo: %v", err)
	}
	var got []string
	for {
		frame, err := c.r.next()
		if isEnd(err) {
			return strings.Join(append(got, "end"), "\n")
		}
		if err != nil {
			c.t.Fatalf("receive: %v", err)
		}
		v, err := parseJSON(frame)
		if err != nil {
			c.t.Fatalf("receive %s: %v", frame, err)
		}
		m := v.(map[string]any)
		if m["id"] == fmt.Sprintf("probe %d", c.id) {
			return strings.Join(got, "\n")
		}
		got = append(got, canonical(m))
	}
}

func isEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe)
}

// echo is the message that has a value echoed.
func echo(value string) string { return `{"id":1,"method":"echo","params":[` + value + `]}` }

var messages = []string{
	// Numbers.
	echo(`0,-0,0.0,-0.0e5,1,-1,1.0,10e-1,1e3,1E+3,1e-3,0.1,1.5,123456789012345678,9223372036854775807,-9223372036854775808`),
	echo(`9223372036854775808,-9223372036854775809,18446744073709551615,18446744073709551616,18446744073709551619,1e18,1e19,1e20`),
	echo(`100000000000000000000e-2,12345678901234567890.0,0.1234567890123456789012345,1.00000000000000000000000001`), echo(`1e-320`),
	echo(`123456789.125,1e15,1e16,123456789012345.6,1234567890123456.7,0.0001,0.00001,1e100,1e-100,1.7976931348623e308`),
	echo(`2.2250738585073e-308`), echo(`1e-400`), echo(`0e99999999`), echo(`0e999999999`), echo(`1e309`), echo(`-1e309`),
	echo(`01`), echo(`-`), echo(`1.`), echo(`.5`), echo(`+1`), echo(`1e`), echo(`1e+`), echo(`1-2`), echo(`1.2.3`), echo(`0x10`),
	echo(`NaN`), echo(`Infinity`), echo(`--1`), echo(`1e5e5`), echo(`-01`),
	// Strings.
	echo(`"","a","\"\\\/\b\f\n\r\t","\u00e9\u20ac\ud83d\ude00","\u007f\u0001\u001f","é😀"`),
	echo("\"\x7f\""), echo("\"\xff\xc0\x80\xed\xa0\x80\""), echo(`"\udc00"`), echo(`"\udfff"`), echo(`"\ud800"`), echo(`"\ud800x"`),
	echo(`"\ud800\ud800"`), echo(`"\ud83d\u0041"`), echo(`"\u0000"`), echo(`"\u12"`), echo(`"\u12g4"`), echo(`"\x"`), echo(`"\U0041"`),
	echo("\"\x01\""), echo("\"\n\""), echo("\"\t\""), echo(`"\'"`),
	// Words and structure.
	echo(`null,true,false,[],{},[[]],{"":{"a":[]}}`), echo(`nul`), echo(`nulls`), echo(`True`), echo(`TRUE`), echo(`nan`),
	echo(`{"a":1,"a":2}`), echo(`{"a":1,}`), echo(`[1,]`), echo(`[,1]`), echo(`{"a"}`), echo(`{"a":}`), echo(`{a:1}`), echo(`{1:1}`),
	echo(`[1 2]`), echo(`[1}`), echo(`{"a":1]`), echo(`'a'`), echo(`/* */ 1`), echo("\ufeff1"), echo("\v1"), echo("\f"), echo("\u00a0"),
	echo(strings.Repeat("[", 998) + strings.Repeat("]", 998)), echo(strings.Repeat("[", 999) + strings.Repeat("]", 999)),
	echo(strings.Repeat(`{"a":`, 998) + "1" + strings.Repeat("}", 998)), echo(strings.Repeat(`{"a":`, 999) + "1" + strings.Repeat("}", 999)),
	// Messages in pieces and together.
	" \t\r\n" + echo(`1`) + "\n\n" + echo(`2`) + echo(`3`), echo(`1`) + "x", echo(`1`) + "]", echo(`1`) + `"`, echo(`1`) + ",", echo(`1`) + "1",
	`{bad`, `{"id":1,,`, `{"id" 1`, `{"id":tru1`, `{"method":"echo","params":[}`, "GET / HTTP/1.0\r\n\r\n", "\x00", "\x16\x03\x01", "x", "1", "null",
	`["echo"]`, `[]`, `{}`, `"echo"`,
	// Messages that are none.
	`{"id":1,"method":"echo"}`, `{"id":1,"method":"echo","params":null}`, `{"id":1,"method":"echo","params":{}}`, `{"id":1,"method":"echo","params":"x"}`,
	`{"id":1,"method":1,"params":[]}`, `{"id":1,"method":null,"params":[]}`, `{"id":1,"params":[]}`, `{"method":"echo","params":[]}`,
	`{"id":null,"method":"echo","params":[]}`, `{"id":null,"method":"nope","params":[]}`, `{"id":null,"method":"transact","params":["test"]}`,
	`{"id":1,"method":"echo","params":[],"jsonrpc":"2.0"}`, `{"id":1,"method":"echo","params":[],"result":null,"error":null}`,
	`{"id":1,"method":"echo","params":[],"result":1}`, `{"id":1,"method":"echo","params":[],"error":1}`, `{"id":1,"method":"echo","params":[],"error":false}`,
	`{"id":1,"result":[],"error":null}`, `{"id":"echo","result":[],"error":null}`, `{"id":"echo","result":[]}`, `{"id":"echo","error":"x","result":null}`,
	`{"id":"echo","result":[],"error":null,"params":[]}`, `{"id":"echo","result":[],"error":null,"method":"x"}`, `{"id":"echo","result":[],"error":1}`,
	`{"id":"echo","result":[],"params":null}`, `{"id":"echo","result":[],"method":null}`, `{"id":"echo","result":[],"extra":null}`, `{"result":[]}`,
	// Ids.
	`{"id":0,"method":"echo","params":[1]}`, `{"id":-1.5,"method":"echo","params":[1]}`, `{"id":"","method":"echo","params":[1]}`,
	`{"id":false,"method":"echo","params":[1]}`, `{"id":[],"method":"echo","params":[1]}`, `{"id":{"a":null},"method":"echo","params":[1]}`,
	// Methods.
	`{"id":1,"method":"","params":[]}`, `{"id":1,"method":"nope","params":[1]}`, `{"id":1,"method":"Echo","params":[]}`, `{"id":1,"method":"cancel","params":[1]}`,
	`{"id":1,"method":"list_dbs","params":[]}`, `{"id":1,"method":"list_dbs","params":[1,"x"]}`,
	`{"id":1,"method":"get_schema","params":[]}`, `{"id":1,"method":"get_schema","params":[1]}`, `{"id":1,"method":"get_schema","params":["x"]}`,
	`{"id":1,"method":"get_schema","params":["test","more"]}`, `{"id":1,"method":"get_schema","params":["_Server"]}`,
	`{"id":1,"method":"get_server_id","params":[]}`, `{"id":1,"method":"get_server_id","params":["x"]}`,
	`{"id":1,"method":"set_db_change_aware","params":[]}`, `{"id":1,"method":"set_db_change_aware","params":[1]}`,
	`{"id":1,"method":"set_db_change_aware","params":[true,true]}`, `{"id":1,"method":"set_db_change_aware","params":[true]}`,
	`{"id":1,"method":"set_db_change_aware","params":[false]}`,
	`{"id":1,"method":"lock","params":[]}`, `{"id":1,"method":"lock","params":["a","b"]}`, `{"id":1,"method":"lock","params":["a b"]}`, `{"id":1,"method":"steal","params":[3]}`,
	`{"id":1,"method":"unlock","params":["never"]}`, `{"id":1,"method":"unlock","params":[null]}`,
	`{"id":1,"method":"transact","params":[]}`, `{"id":1,"method":"transact","params":[1]}`, `{"id":1,"method":"transact","params":["x"]}`, `{"id":1,"method":"transact","params":["test"]}`,
	`{"id":1,"method":"transact","params":["test",1,"x",null]}`, `{"id":1,"method":"transact","params":["_Server"]}`,
	`{"id":1,"method":"monitor_cancel","params":[]}`, `{"id":1,"method":"monitor_cancel","params":[1,2]}`, `{"id":1,"method":"monitor_cancel","params":[1]}`,
	`{"id":1,"method":"monitor_cond_change","params":[]}`, `{"id":1,"method":"monitor_cond_change","params":[1,2,3]}`,
	`{"id":1,"method":"monitor","params":[]}`, `{"id":1,"method":"monitor","params":["x",null,{}]}`, `{"id":1,"method":"monitor","params":["test",null,[]]}`,
	`{"id":1,"method":"monitor","params":["test",null,{},"ignored"]}`, `{"id":1,"method":"monitor_cond","params":["test",null,{},"not ignored"]}`,
	`{"id":1,"method":"monitor_cond_since","params":["test",null,{}]}`,
	`{"id":1,"method":"convert","params":[]}`, `{"id":1,"method":"convert","params":["nope",{}]}`, `{"id":1,"method":"convert","params":["test"]}`,
	`{"id":1,"method":"convert","params":["test",{}]}`, `{"id":1,"method":"convert","params":["test",{"name":"other","tables":{}}]}`,
	`{"id":1,"method":"convert","params":["test",{"name":"test","tables":{"t":{"columns":{}}}}]}`, `{"id":1,"method":"convert","params":["test",1]}`,
	// What gets into a database, or does not.
	`{"id":1,"method":"transact","params":["test",{"op":"insert","table":"single","row":{"x":1.0}},{"op":"abort"}]}`,
	"{\"id\":1,\"method\":\"transact\",\"params\":[\"test\",{\"op\":\"insert\",\"table\":\"root\",\"row\":{\"s\":\"a\xff\"}}]}",
	"{\"id\":1,\"method\":\"transact\",\"params\":[\"test\",{\"op\":\"insert\",\"table\":\"root\",\"row\":{\"s\":\"\xe2\x82\"}}]}",
	"{\"id\":1,\"method\":\"transact\",\"params\":[\"test\",{\"op\":\"insert\",\"table\":\"root\",\"row\":{\"s\":\"é\xf0\x9f\x98x\"}}]}",
	"{\"id\":1,\"method\":\"transact\",\"params\":[\"test\",{\"op\":\"insert\",\"table\":\"root\",\"row\":{\"s\":\"\xc3\xa9\xf4\x90\x80\x80\"}}]}",
	`{"id":1,"method":"transact","params":["test",{"op":"insert","table":"root","row":{"s":"\udc00"}}]}`,
	`{"id":1,"method":"transact","params":["test",{"op":"select","table":"root","where":[["s","==","\udc00\udc01"]]}]}`,
	`{"id":1,"method":"transact","params":["test",{"op":"select","table":"root","where":[["strs","includes",["set",["a","a"]]]]}]}`,
	`{"id":1,"method":"transact","params":["test",{"op":"select","table":"root","where":[["ints","includes",["set",[1,1.0]]]]}]}`,
	`{"id":1,"method":"transact","params":["test",{"op":"select","table":"root","where":[["reals","includes",["set",[1e1,10]]]]}]}`,
	`{"id":1,"method":"transact","params":["test",{"op":"select","table":"root","where":[["map","includes",["map",[["a","b"],["a","b"]]]]]}]}`,
	`{"id":1,"method":"transact","params":["test",{"op":"comment","comment":"a","comment":"b","op":"nope"}]}`,
	`{"id":1,"method":"transact","params":["test",{"op":"comment","comment":"a","x":1,"y":2,"z":3}]}`,
	`{"id":1,"method":"transact","params":["test",{"op":"comment","comment":"a","x":1,"y":2}]}`,
}

// TestMessagesAsRealServer sends both servers the same bytes, right and wrong, each time on a new connection.
func TestMessagesAsRealServer(t *testing.T) {
	connectReal, fake := startReal(t), startServer(t, Options{})
	socket := listen(t, fake)
	for _, text := range append(messages, echo(strings.Join(numbers(), ","))) {
		real, ours := connectReal(), dial(t, socket)
		want, got := real.raw(text), ours.raw(text)
		real.conn.Close()
		ours.conn.Close()
		if got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", short(text), short(got), short(want))
		}
	}
}

// numbers are the texts of reals of all sizes.
func numbers() (texts []string) {
	g := newGenerator(1)
	for range 300 {
		f := math.Float64frombits(g.Uint64())
		if math.IsNaN(f) || math.IsInf(f, 0) || math.Abs(f) < smallestNormal {
			continue
		}
		texts = append(texts, strconv.FormatFloat(f, 'g', -1, 64),
			strconv.FormatFloat(math.Ldexp(g.Float64(), g.IntN(80)-10), 'g', g.IntN(20), 64))
	}
	return texts
}

func short(s string) string {
	if len(s) > 1000 {
		return s[:500] + "..." + s[len(s)-500:]
	}
	return s
}
