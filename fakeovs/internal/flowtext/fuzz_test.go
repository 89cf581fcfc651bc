// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext_test

import (
	"errors"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/flowtext"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
)

// FuzzParse reads any text as a flow of either kind, and writes what it read in all ways.
func FuzzParse(f *testing.F) {
	for _, text := range append(append([]string{}, flowTexts...), odpTexts...) {
		f.Add(text, uint64(1))
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		var m packet.Key
		for w := range m {
			seed = seed*6364136223846793005 + 1442695040888963407
			m[w] = seed
		}
		write := func(k *packet.Key) {
			for _, o := range []flowtext.ODP{{}, {Verbose: true, VLANs: 2}} {
				o.Format(k, nil)
				o.Format(k, &m)
			}
			flowtext.FormatFlow(k, nil)
			flowtext.FormatMatch(k, &m, nil)
			packet.Compose(k, packet.Filler(3))
		}
		write(&m)
		if k, err := flowtext.ParseFlow(text, nil); err == nil {
			write(&k)
		}
		o := flowtext.ODP{Verbose: true, VLANs: packet.MaxVLANs}
		k, mask, err := o.Parse(text, portNumbers)
		if err != nil {
			return
		}
		write(&k)
		_, _, err = o.Parse(o.Format(&k, nil), nil)
		if err != nil && !errors.As(err, new(*flowtext.SyntaxError)) {
			t.Errorf("flow %q is written as %q: %v", text, o.Format(&k, nil), err)
		}
		o.Format(&k, &mask)
	})
}
