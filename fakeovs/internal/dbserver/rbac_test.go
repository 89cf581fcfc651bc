// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"crypto/tls"
	"net"
	"path/filepath"
	"testing"

	"github.com/ovskit/ovskit/internal/testpki"
)

const rbacSchema = "testdata/rbac.ovsschema"

// rbacSetup has the role "tester" write to table Own in rows that it has made, to table Open in all rows and all columns but
// the name, and to table Fixed change values only.
const rbacSetup = `[
	{"op":"insert","table":"RBAC_Permission","uuid-name":"own","row":{"table":"Own","insert_delete":true,
		"authorization":["set",["creator","owners","ids:host:x","ids","name:",":"]],"update":["set",["name","value","ids"]]}},
	{"op":"insert","table":"RBAC_Permission","uuid-name":"open","row":{"table":"Open","insert_delete":true,
		"authorization":"","update":"value"}},
	{"op":"insert","table":"RBAC_Permission","uuid-name":"fixed","row":{"table":"Fixed","insert_delete":false,
		"authorization":"","update":["set",["value","role"]]}},
	{"op":"insert","table":"RBAC_Role","uuid":"00000000-0000-0000-0000-00000000000a","row":{"name":"tester","permissions":["map",[
		["Own",["named-uuid","own"]],["Open",["named-uuid","open"]],["Fixed",["named-uuid","fixed"]],
		["Root",["uuid","00000000-0000-0000-0000-000000000001"]]]]}},
	{"op":"insert","table":"Fixed","row":{"name":"f"}},
	{"op":"insert","table":"Own","row":{"name":"foreign","creator":"somebody"}}]`

// rbacRequests are transactions of a client in the role "tester", one after the other.
var rbacRequests = []string{
	`[{"op":"insert","table":"Closed","row":{}}]`,
	`[{"op":"delete","table":"Closed","where":[]}]`,
	`[{"op":"update","table":"Closed","where":[],"row":{}}]`,
	`[{"op":"mutate","table":"Root","where":[],"mutations":[]}]`,
	`[{"op":"select","table":"Closed","where":[]},{"op":"comment","comment":"c"}]`,
	`[{"op":"insert","table":"Own","row":{"creator":"other","name":"a"}}]`,
	`[{"op":"insert","table":"Own","row":{"owners":"client","name":"a"}}]`,
	`[{"op":"insert","table":"Own","row":{"name":"client"}}]`,
	`[{"op":"insert","table":"Own","uuid":"00000000-0000-0000-0000-000000000011","row":{"creator":"client","name":"a"}}]`,
	`[{"op":"insert","table":"Own","uuid":"00000000-0000-0000-0000-000000000012","row":{"ids":["map",[["host","client"]]],"name":"b"}}]`,
	`[{"op":"insert","table":"Own","row":{"ids":["map",[["host:x","client"]]],"name":"c"}}]`,
	`[{"op":"insert","table":"Own","row":{"ids":["map",[["ids","client"]]],"name":"d"}}]`,
	`[{"op":"update","table":"Own","where":[["name","==","a"]],"row":{"value":1}}]`,
	`[{"op":"update","table":"Own","where":[["name","==","a"]],"row":{"value":2,"creator":"client"}}]`,
	`[{"op":"update","table":"Own","where":[],"row":{"value":1}}]`,
	`[{"op":"update","table":"Own","where":[["name","==","none"]],"row":{"creator":"x"}}]`,
	`[{"op":"mutate","table":"Own","where":[["name","==","b"]],"mutations":[["value","+=",1],["ids","insert",["map",[["k","v"]]]]]}]`,
	`[{"op":"mutate","table":"Own","where":[["name","==","b"]],"mutations":[["value","+=",1],["owners","insert","x"]]}]`,
	`[{"op":"mutate","table":"Own","where":[["name","==","b"]],"mutations":[]}]`,
	`[{"op":"delete","table":"Own","where":[["name","==","foreign"]]}]`,
	`[{"op":"delete","table":"Own","where":[]}]`,
	`[{"op":"delete","table":"Own","where":[["name","==","a"]]}]`,
	`[{"op":"insert","table":"Open","uuid":"00000000-0000-0000-0000-000000000021","row":{"name":"o"}},
		{"op":"update","table":"Open","where":[],"row":{"value":3}},{"op":"mutate","table":"Open","where":[],"mutations":[["value","-=",1]]}]`,
	`[{"op":"update","table":"Open","where":[],"row":{"name":"p"}}]`,
	`[{"op":"insert","table":"Fixed","row":{}}]`,
	`[{"op":"update","table":"Fixed","where":[],"row":{"value":7}}]`,
	`[{"op":"delete","table":"Fixed","where":[["name","==","f"]]}]`,
	`[{"op":"delete","table":"Fixed","where":[["name","==","none"]]}]`,
	`[{"op":"insert","table":"RBAC_Role","row":{"name":"tester"}}]`,
	`[{"op":"update","table":"Own","where":[],"row":{"none":1}}]`,
	`[{"op":"mutate","table":"Closed","where":[],"mutations":[["name","+=",1]]}]`,
}

// TestRoles has clients of remotes that have a role write what that may, and no more: one that has shown a certificate
// and one that has no name. The answers are those of an ovsdb-server.
func TestRoles(t *testing.T) {
	ca := testpki.NewCA()
	key, certificate := testpki.Write(t, ca.Server())
	real := startRealWithArgs(t, []string{
		"--remote=db:rbac,Root,connections", "--private-key=" + key, "--certificate=" + certificate, "--ca-cert=" + ca.Write(t),
	}, rbacSchema)
	conn, err := net.Dial("unix", real)
	if err != nil {
		t.Fatal(err)
	}
	theirs := rbacAnswers(t, newClient(t, conn), ca)

	s := startServerWith(t, Options{}, rbacSchema)
	r, err := s.OpenRemotes(RemotesOptions{Targets: []string{"db:rbac,Root,connections"}, TLS: func() (server, client *tls.Config, err error) {
		return &tls.Config{
			Certificates: []tls.Certificate{ca.Server()}, ClientCAs: ca.Pool(), ClientAuth: tls.RequireAndVerifyClientCert,
		}, nil, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	ours := rbacAnswers(t, connect(t, s), ca)
	for i := range theirs {
		if ours[i] != theirs[i] {
			t.Errorf("answer %d:\n got %s\nwant %s", i, ours[i], theirs[i])
		}
	}
}

// rbacAnswers sets up a server by a client without a role and returns what others are answered that have one.
func rbacAnswers(t *testing.T, admin *client, ca *testpki.CA) (answers []string) {
	t.Helper()
	transact := func(c *client, ops string) any {
		return c.mustCall("transact", append([]any{"rbac"}, parse(t, ops).([]any)...)...)
	}
	transact(admin, rbacSetup)
	path := filepath.Join(t.TempDir(), "s")
	transact(admin, `[{"op":"insert","table":"Connection","uuid-name":"s","row":{"target":"pssl:0:127.0.0.1","role":"tester"}},
		{"op":"insert","table":"Connection","uuid-name":"u","row":{"target":"punix:`+path+`","role":"tester"}},
		{"op":"insert","table":"Connection","uuid-name":"n","row":{"target":"punix:`+path+`2","role":"none"}},
		{"op":"insert","table":"Root","row":{"connections":["set",[["named-uuid","s"],["named-uuid","u"],["named-uuid","n"]]]}}]`)
	named, nameless, roleless := dialTLS(t, boundPort(t, admin), ca.Client()), dialUntilThere(t, path), dialUntilThere(t, path+"2")
	ask := func(c *client, method string, params ...any) {
		result, failure, _ := c.call(method, params...)
		answers = append(answers, jsonText(result)+" "+jsonText(failure))
	}
	for _, ops := range rbacRequests {
		for _, c := range []*client{named, nameless, roleless} {
			ask(c, "transact", append([]any{"rbac"}, parse(t, ops).([]any)...)...)
		}
	}
	for _, c := range []*client{named, nameless} {
		ask(c, "convert", "rbac", parse(t, `{"name":"rbac","tables":{}}`))
		ask(c, "lock", "l")
	}
	// What clients may follows what the database says by now, but which role a remote has does not.
	transact(admin, `[{"op":"update","table":"Connection","where":[],"row":{"role":"other"}}]`)
	ask(named, "transact", "rbac", parse(t, `{"op":"update","table":"Fixed","where":[],"row":{"value":8}}`))
	transact(admin, `[{"op":"update","table":"RBAC_Permission","where":[["table","==","Fixed"]],"row":{"update":["set",[]]}}]`)
	ask(named, "transact", "rbac", parse(t, `{"op":"update","table":"Fixed","where":[],"row":{"value":9}}`))
	return answers
}

// boundPort waits for a server to say which port it has chosen.
func boundPort(t *testing.T, admin *client) string {
	t.Helper()
	wait := parse(t, `{"op":"wait","table":"Connection","columns":["status"],"until":"!=","rows":[{"status":["map",[]]}],
		"where":[["target","==","pssl:0:127.0.0.1"]]}`)
	for {
		got := admin.mustCall("transact", "rbac", wait,
			parse(t, `{"op":"select","table":"Connection","columns":["status"],"where":[["target","==","pssl:0:127.0.0.1"]]}`))
		row := got.([]any)[1].(map[string]any)["rows"].([]any)[0].(map[string]any)
		for _, pair := range row["status"].([]any)[1].([]any) {
			if p := pair.([]any); p[0] == "bound_port" {
				return p[1].(string)
			}
		}
	}
}

func dialTLS(t *testing.T, port string, pair tls.Certificate) *client {
	t.Helper()
	conn, err := tls.Dial("tcp", "127.0.0.1:"+port, &tls.Config{Certificates: []tls.Certificate{pair}, InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, conn)
}

func dialUntilThere(t *testing.T, path string) *client {
	for {
		if c := tryUnix(t, path); c != nil {
			return c
		}
	}
}
