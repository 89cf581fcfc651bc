// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "testing"

func TestHighestCommon(t *testing.T) {
	for _, tc := range []struct {
		versions []Version
		hello    Hello
		want     Version
	}{
		{[]Version{4, 5, 6}, Hello{Version: 6, Bitmap: 0x7e}, 6},
		{[]Version{4, 5, 6}, Hello{Version: 6, Bitmap: 1<<5 | 1<<1}, 5},
		{[]Version{4, 6}, Hello{Version: 5, Bitmap: 1<<5 | 1<<4}, 4},
		{[]Version{4, 6}, Hello{Version: 5}, 4},
		{[]Version{5}, Hello{Version: 6}, 5},
		{[]Version{5, 6}, Hello{Version: 4}, 0},
		{[]Version{5}, Hello{Version: 6, Bitmap: 1 << 6}, 0},
		{[]Version{4}, Hello{Version: 0xff, Bitmap: 1 << 31}, 0},
	} {
		if got := highestCommon(tc.versions, tc.hello); got != tc.want {
			t.Errorf("%v and %+v have %v in common, want %v", tc.versions, tc.hello, got, tc.want)
		}
	}
}
