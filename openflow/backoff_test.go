// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"testing"
	"time"
)

func TestDefaultBackoff(t *testing.T) {
	for _, tt := range []struct {
		endpoint           string
		given              ClientOptions
		least, max, absent time.Duration
	}{
		{"tcp:192.0.2.1:6653", ClientOptions{}, DefaultMinBackoff, DefaultMaxBackoff, DefaultMaxBackoff},
		{"unix:/run/openvswitch/br0.mgmt", ClientOptions{}, DefaultMinBackoff, DefaultMaxLocalBackoff, DefaultAbsentBackoff},
		{"unix:/run/openvswitch/br0.mgmt", ClientOptions{MaxBackoff: time.Hour}, DefaultMinBackoff, time.Hour, time.Hour},
		{"unix:/run/openvswitch/br0.mgmt", ClientOptions{MinBackoff: time.Second}, time.Second, time.Second, time.Second},
	} {
		o := tt.given
		o.setDefaults(tt.endpoint)
		if o.MinBackoff != tt.least || o.MaxBackoff != tt.max || o.absentBackoff != tt.absent {
			t.Errorf("%s, %+v: got pauses of %v to %v, %v while nobody listens, want %v to %v, %v",
				tt.endpoint, tt.given, o.MinBackoff, o.MaxBackoff, o.absentBackoff, tt.least, tt.max, tt.absent)
		}
	}
}
