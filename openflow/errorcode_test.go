// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/internal/tier"
	of "github.com/ovskit/ovskit/openflow"
)

// namedErrors are all codes that have names.
func namedErrors() []of.ErrorCode {
	var codes []of.ErrorCode
	add := func(c of.ErrorCode) {
		if !strings.Contains(c.Error(), "error ") {
			codes = append(codes, c)
		}
	}
	for typ := range uint16(18) {
		for code := range uint16(32) {
			add(of.MakeErrorCode(typ, code))
		}
	}
	for _, experimenter := range []uint32{0x2320, 0x4f4e4600} {
		for code := range uint16(5000) {
			add(of.MakeExperimenterErrorCode(experimenter, code))
		}
	}
	return codes
}

// TestErrorsAreOne encodes every error in every version and finds the same constant.
func TestErrorsAreOne(t *testing.T) {
	t.Parallel()
	codes := namedErrors()
	if len(codes) < 180 {
		t.Errorf("%d errors have names, want some 190", len(codes))
	}
	byName := map[string]of.ErrorCode{}
	for _, code := range codes {
		if other, ok := byName[code.Error()]; ok {
			t.Errorf("%v is %#x and %#x", code, uint64(other), uint64(code))
		}
		byName[code.Error()] = code
		for _, v := range versions {
			b, err := of.Encode(v, of.Error{Code: code, Data: []byte("data")}, 1)
			if err != nil {
				t.Fatal(err)
			}
			m, _, err := of.Decode(b)
			if e, ok := m.(of.Error); !ok || e.Code != code || string(e.Data) != "data" {
				t.Errorf("%v in %v is decoded as %+v, error %v", code, v, m, err)
			}
		}
	}
}

func TestErrorNumbers(t *testing.T) {
	onf := func(code uint16) of.ErrorCode { return of.MakeExperimenterErrorCode(0x4f4e4600, code) }
	nx := func(code uint16) of.ErrorCode { return of.MakeExperimenterErrorCode(0x2320, code) }
	for _, tc := range []struct {
		code of.ErrorCode
		want [3]of.ErrorCode // 1.3, 1.4, 1.5
	}{
		{of.ErrOverlap, [3]of.ErrorCode{0x50003, 0x50003, 0x50003}},
		{of.ErrBundleMsgFailed, [3]of.ErrorCode{onf(2313), 0x11000d, 0x11000d}},
		{of.ErrBadSetMask, [3]of.ErrorCode{onf(4250), onf(4250), 0x20010}},
		{of.ErrBadPropertyValue, [3]of.ErrorCode{0xd0004, 0xe0002, 0xe0002}},
		{of.ErrDupProperty, [3]of.ErrorCode{onf(4444), 0xe0004, 0xe0004}},
		{of.ErrUnknownMonitor, [3]of.ErrorCode{nx(8), 0x100003, 0x100003}},
		{of.ErrTLVMapped, [3]of.ErrorCode{nx(20), nx(20), nx(20)}},
	} {
		for i, v := range versions {
			b, err := of.Encode(v, of.Error{Code: tc.code}, 1)
			if err != nil {
				t.Fatal(err)
			}
			// The same number in a message of a version without another number for it.
			b[0] = 1
			m, _, err := of.Decode(b)
			if e, ok := m.(of.Error); !ok || e.Code != tc.want[i] {
				t.Errorf("%v goes out in %v as %#v, error %v; want %#x", tc.code, v, m, err, uint64(tc.want[i]))
			}
		}
	}
}

// TestErrorNamesPrint has Open vSwitch name every error in every version that has it.
func TestErrorNamesPrint(t *testing.T) {
	t.Parallel()
	tier.Need(t, tier.Sandbox)
	// Names that Open vSwitch has its own for, as OpenFlow 1.0 had.
	renamed := strings.NewReplacer("OFPBRC_BAD_STAT", "OFPBRC_BAD_MULTIPART", "OFPBRC_BAD_VENDOR", "OFPBRC_BAD_EXPERIMENTER",
		"OFPBRC_BAD_SUBTYPE", "OFPBRC_BAD_EXP_TYPE", "OFPBAC_BAD_VENDOR_TYPE", "OFPBAC_BAD_EXP_TYPE",
		"OFPBAC_BAD_VENDOR", "OFPBAC_BAD_EXPERIMENTER", "OFPBRC_IS_SECONDARY", "OFPBRC_IS_SLAVE")
	name := regexp.MustCompile(`OFPT_ERROR \(OF1\.\d\) \(xid=0x1\): (\w+)`)
	codes := namedErrors()
	for _, v := range versions {
		var stream []byte
		for _, code := range codes {
			var err error
			if stream, err = of.AppendMessage(stream, v, of.Error{Code: code}, 1); err != nil {
				t.Fatal(err)
			}
		}
		file := filepath.Join(t.TempDir(), "messages")
		if err := os.WriteFile(file, stream, 0o600); err != nil {
			t.Fatal(err)
		}
		out := run(t, "", "ovs-ofctl", "ofp-parse", file)
		printed := map[string]bool{}
		for _, m := range name.FindAllStringSubmatch(renamed.Replace(out), -1) {
			printed[m[1]] = true
		}
		for _, code := range codes {
			if since := errorSince(code); printed[code.Error()] != (v >= since) {
				t.Errorf("%v is an error of Open vSwitch in %v: %t; it exists since %v", code, v, printed[code.Error()], since)
			}
		}
	}
}

// errorSince is the version that an error exists since.
func errorSince(c of.ErrorCode) of.Version {
	switch c {
	case of.ErrCannotSync, of.ErrIsSync, of.ErrQueueFailed, of.ErrBundleMsgVersion, of.ErrMonitorUnknown,
		of.ErrInvalidMonitor, of.ErrBadMonitorCommand, of.ErrBadMonitorTable, of.ErrBadMonitorOut:
		return of.Version14
	case of.ErrMultipartSchedule, of.ErrPipelineFieldsOnly, of.ErrRequestUnknown, of.ErrBadActionMeter, of.ErrUnknownBucket,
		of.ErrBucketExists, of.ErrRoleIDUnsupported, of.ErrRoleIDInUse, of.ErrBadCapabilities, of.ErrBadMaxEntries,
		of.ErrBadTableFeatures, of.ErrBadFeaturesCommand, of.ErrTooManyTables, of.ErrBundleScheduleUnsupported,
		of.ErrBundleFuture, of.ErrBundlePast:
		return of.Version15
	}
	return of.Version13
}

func TestOffending(t *testing.T) {
	encode := func(v of.Version, m of.Message) []byte {
		b, err := of.Encode(v, m, 0x77)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	mod := encode(of.Version14, of.Add(numbered(5)))
	monitor := encode(of.Version14, of.FlowMonitorRequest{})
	for _, tc := range []struct {
		name string
		data []byte
		want string
	}{
		{"whole", mod, "add table=1, priority=5,reg1=0x5 actions=output:1, transaction 0x77"},
		{"with padding", append(encode(of.Version13, of.BarrierRequest{}), 0, 0), "barrier request, transaction 0x77"},
		{"beginning", mod[:64], "flow-mod, transaction 0x77"},
		{"header", monitor[:8], "multipart request, transaction 0x77"},
		{"beginning of a multipart", monitor[:12], "multipart request of type 16, transaction 0x77"},
		{"beginning of an experimenter's", encode(of.Version13, of.Experimenter{ID: 0x2320, Type: 24, Body: []byte("x")})[:16],
			"message 24 of experimenter 0x2320, transaction 0x77"},
		{"unknown type", encode(of.Version15, of.Raw{Type: 77}), "message of type 77, transaction 0x77"},
		{"text", []byte("nobody here speaks this"), ""},
		{"nothing", nil, ""},
		{"length", []byte{4, 0, 0, 7, 0, 0, 0, 1}, ""},
	} {
		o, err := of.Error{Code: of.ErrTableFull, Data: tc.data}.Offending()
		if tc.want == "" {
			if err == nil {
				t.Errorf("%s: %v", tc.name, o)
			}
			continue
		}
		if err != nil || o.String() != tc.want || o.Xid != 0x77 {
			t.Errorf("%s: %v (transaction %#x), error %v; want %s", tc.name, o, o.Xid, err, tc.want)
		}
	}
	err := &of.RequestError{Endpoint: "unix:/br0.mgmt", Err: of.Error{Code: of.ErrTableFull, Data: mod[:64]}}
	if got, want := err.Error(), "switch unix:/br0.mgmt: flow-mod, transaction 0x77: OFPFMFC_TABLE_FULL"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	err.Err = of.ErrTableFull
	if got, want := err.Error(), "switch unix:/br0.mgmt: message: OFPFMFC_TABLE_FULL"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
