// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"encoding/json"
	"net"
	"net/netip"
	"reflect"
	"testing"

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
	want := Intents{Bridge: "br0", Owner: "me", FirstZone: 7}
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
	for _, text := range []string{
		`{"Hosts":[]}`,
		`{"Host":{"MAC":"2"}}`,
		`{"Host":{"Address":"10.0.0.1"}}`,
		`{"Endpoints":[{"Mac":"02:00:00:00:00:01","Colour":"red"}]}`,
		`{"Endpoints":[{"Publish":[{"Proto":"tpc"}]}]}`,
		`{"Networks":[{"Egress":{"IPv4":{"Mode":"door"}}}]}`,
		`{"Rules":[{"From":[{}]}]}`,
		`{"Rules":[{"From":[{"Host":true,"Network":"n"}]}]}`,
	} {
		var got Intents
		if err := json.Unmarshal([]byte(text), &got); err == nil {
			t.Errorf("%s: got %+v, want an error", text, got)
		}
	}
}

// What is read from a file is refused or comes back as it was, whatever it is.
func FuzzIntents(f *testing.F) {
	f.Add(`{"Bridge":"br0","Owner":"x","Host":{"MAC":"02:00:00:00:00:01","Addrs":["192.0.2.1/24","2001:db8::1/64"]},` +
		`"Uplink":{"Name":"e","Port":1,"Addrs":["192.0.2.1"]},"Networks":[{"Name":"n","Gateways":["10.1.0.1/24"],` +
		`"Egress":{"IPv4":{"Mode":"uplink","Name":"e"}}}],"Rules":[{"Name":"r","From":[{"Host":true}],"Services":[{"Proto":"tcp","FirstPort":80}]}],` +
		`"Endpoints":[{"Name":"a","Network":"n","Port":2,"MAC":"02:00:00:00:00:02","Addrs":["10.1.0.2"],` +
		`"Publish":[{"Proto":"tcp","HostPort":80,"HostPortEnd":90,"Port":80}],"Limit":{"Kbps":1}}]}`)
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
