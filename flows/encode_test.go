// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// fill gives every field that v has some value.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Interface().(type) {
	case net.HardwareAddr:
		v.Set(reflect.ValueOf(net.HardwareAddr{2, 0, 0, 0, 0, 1}))
		return
	case netip.Addr:
		v.Set(reflect.ValueOf(netip.MustParseAddr("10.0.0.1")))
		return
	case netip.Prefix:
		v.Set(reflect.ValueOf(netip.MustParsePrefix("10.0.0.0/24")))
		return
	case Egress:
		v.Set(reflect.ValueOf(PerFamily(Via("eth0"), Routed())))
		return
	case HostAccess:
		v.Set(reflect.ValueOf(ToHost | FromHost))
		return
	case Selector:
		v.Set(reflect.ValueOf(EndpointNamed("x")))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0))
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"a": "b", "c": ""}))
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(6)
	case reflect.Int, reflect.Int64:
		v.SetInt(6)
	default:
		t.Fatalf("no value for a %s", v.Type())
	}
}

// Every field of every object comes back, those too that will be added.
func TestIntentsRoundTrip(t *testing.T) {
	want := Intents{Bridge: "br0", Owner: "me", FirstZone: 7, Process: 8}
	for _, o := range []Object{&Host{}, &Uplink{}, &Address{}, &Network{}, &Rule{}, &Endpoint{}} {
		v := reflect.ValueOf(o).Elem()
		fill(t, v)
		want.Objects = append(want.Objects, v.Interface().(Object))
	}
	r := &want.Objects[4]
	rule := (*r).(Rule)
	rule.From = []Selector{
		EndpointNamed("x"), Labelled(map[string]string{"a": "b", "c": "d=e"}), InNetwork("n"),
		Within(netip.MustParsePrefix("fd00::/64")), TheHost(), Outside(),
	}
	*r = rule
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Intents
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	exported := cmp.Exporter(func(reflect.Type) bool { return true })
	compareAddrs := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	comparePrefixes := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
	if d := cmp.Diff(want, got, exported, compareAddrs, comparePrefixes); d != "" {
		t.Errorf("(-want +got):\n%s\nof %s", d, text)
	}
}

func TestIntentsRefused(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{`{"hosts":[]}`, "line 1: hosts: no such key"},
		{`{"bridge":"br0"}`, "version 0, this program knows version 1"},
		{`{"version":2}`, "version 2, this program knows version 1"},
		{`{"Version":1}`, `line 1: Version: no such key (it is "version")`},
		{"{\"host\":\n{\"mac\":\"2\"}}", "line 2: host.mac: address 2: invalid MAC address"},
		{`{"host":{"address":"10.0.0.1"}}`, "line 1: host.address: no such key"},
		{`{"host":{"addrs":["10.0.0.1"]}}`, `line 1: host.addrs[0]: netip.ParsePrefix("10.0.0.1"): no '/'`},
		{"{\"endpoints\":[\n{},\n{\"mac\":\"02:00:00:00:00:01\",\n\"colour\":\"red\"}]}", "line 4: endpoints[1].colour: no such key"},
		{`{"endpoints":[{"publish":[{"proto":"tpc"}]}]}`, `line 1: endpoints[0].publish[0].proto: protocol "tpc" is neither tcp, `},
		{`{"endpoints":[{"publish":[{"hostPort":65536}]}]}`, "line 1: endpoints[0].publish[0].hostPort: want a number from 0 to 65535, got 65536"},
		{`{"networks":[{"egress":{"ipv4":{"mode":"door"}}}]}`, `line 1: networks[0].egress: way out "door" is neither uplink, address nor routed`},
		{`{"networks":[{"egress":{"ipv4":{"mode":"uplink"}}}]}`, `line 1: networks[0].egress: way out "uplink": uplink and address have a name`},
		{`{"networks":[{"egress":{"ipv6":{"mode":"routed","name":"x"}}}]}`, `line 1: networks[0].egress: way out "routed": uplink and address have a name`},
		{`{"networks":[{"host":["to"]}]}`, `line 1: networks[0].host: host access "to" is neither toHost nor fromHost`},
		{`{"networks":[{"host":3}]}`, "line 1: networks[0].host: want an array, got 3"},
		{`{"rules":[{"from":[{}]}]}`, "line 1: rules[0].from[0]: a selector selects by 0 things instead of one"},
		{`{"rules":[{"to":[{"host":true,"network":"n"}]}]}`, "line 1: rules[0].to[0]: a selector selects by 2 things instead of one"},
	} {
		var got Intents
		err := json.Unmarshal([]byte(test.text), &got)
		if err == nil || !strings.Contains(err.Error(), test.want) || !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %+v, %v; want %s", test.text, got, err, test.want)
		}
	}
}

// The page on the format names every key of every object, and its example is one.
func TestIntentsPage(t *testing.T) {
	page, err := os.ReadFile("../docs/intents.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []any{
		encoded{}, Host{}, Uplink{}, Address{}, Network{}, encodedEgress{}, encodedWay{}, Rule{}, encodedSelector{}, Service{}, Endpoint{},
		PortMapping{}, Limit{},
	} {
		for i := range reflect.TypeOf(of).NumField() {
			f := reflect.TypeOf(of).Field(i)
			key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if key == "" || unicode.IsUpper(rune(key[0])) {
				t.Errorf("%T: field %s has the key %q in JSON, want one that begins with a small letter", of, f.Name, key)
			} else if !strings.Contains(string(page), "| `"+key+"` |") {
				t.Errorf("docs/intents.md: no row for the key %q of %T", key, of)
			}
		}
	}
	_, example, _ := strings.Cut(string(page), "```json\n")
	example, _, ok := strings.Cut(example, "```")
	if !ok {
		t.Fatal("docs/intents.md has no example")
	}
	var i Intents
	if err := json.Unmarshal([]byte(example), &i); err != nil {
		t.Fatal(err)
	}
	if _, err := i.state(kept{}); err != nil {
		t.Error(err)
	}
	kinds := map[reflect.Type]bool{}
	for _, o := range i.Objects {
		kinds[reflect.TypeOf(o)] = true
	}
	if len(kinds) != 6 {
		t.Errorf("the example has %d kinds of objects, want all 6", len(kinds))
	}
}

// What is read from a file is refused or comes back as it was, whatever it is.
func FuzzIntents(f *testing.F) {
	f.Add(`{"version":1,"bridge":"br0","owner":"x","host":{"mac":"02:00:00:00:00:01","addrs":["192.0.2.1/24","2001:db8::1/64"]},` +
		`"uplink":{"name":"e","port":1,"addrs":["192.0.2.1"]},"networks":[{"name":"n","gateways":["10.1.0.1/24"],"host":["toHost"],` +
		`"egress":{"ipv4":{"mode":"uplink","name":"e"}}}],"rules":[{"name":"r","from":[{"host":true}],"services":[{"proto":"tcp","firstPort":80}]}],` +
		`"endpoints":[{"name":"a","network":"n","port":2,"mac":"02:00:00:00:00:02","addrs":["10.1.0.2"],` +
		`"publish":[{"proto":"tcp","hostPort":80,"hostPortEnd":90,"port":80}],"limit":{"kbps":1}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var i Intents
		if json.Unmarshal([]byte(text), &i) != nil {
			return
		}
		s, err := i.state(kept{})
		if err != nil {
			return
		}
		declared := Intents{i.Bridge, i.Owner, i.FirstZone, i.Process, s.objects()}
		first, err := json.Marshal(declared)
		if err != nil {
			t.Fatal(err)
		}
		var again Intents
		if err := json.Unmarshal(first, &again); err != nil {
			t.Fatalf("%v in %s", err, first)
		}
		second, err := json.Marshal(again)
		if err != nil || string(first) != string(second) {
			t.Errorf("got %s, %v; want %s", second, err, first)
		}
		again.Needs()
	})
}
