// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// list reads an archive: a line for each entry.
func list(t *testing.T, text []byte) (lines []string) {
	t.Helper()
	const header = 110
	align := func(n int) int { return (n + 3) / 4 * 4 }
	for at := 0; ; {
		if len(text) < at+header || string(text[at:at+6]) != "070701" {
			t.Fatalf("no header at %d of %d", at, len(text))
		}
		var numbers [13]int
		for i := range numbers {
			if _, err := fmt.Sscanf(string(text[at+6+8*i:][:8]), "%08x", &numbers[i]); err != nil {
				t.Fatal(err)
			}
		}
		mode, size, nameSize := numbers[1], numbers[6], numbers[11]
		begin := align(at + header + nameSize)
		if begin+size > len(text) {
			t.Fatalf("%d bytes of contents at %d of %d", size, begin, len(text))
		}
		name := string(text[at+header:][:nameSize])
		lines = append(lines, fmt.Sprintf("%o %q %q", mode, name, text[begin:begin+size]))
		at = align(begin + size)
		if name == "TRAILER!!!\x00" {
			if at != len(text) {
				t.Errorf("%d bytes after the archive's end", len(text)-at)
			}
			return lines
		}
	}
}

func TestArchive(t *testing.T) {
	var b bytes.Buffer
	a := newArchive(&b)
	for _, f := range []struct{ name, text string }{
		{"/init", "first"}, {"/usr/bin/a", ""}, {"/usr/bin/bc", "1234"}, {"usr/lib/d", "x"}, {"/usr/bin/a", "not again"},
	} {
		if err := a.add(f.name, int64(len(f.text)), strings.NewReader(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`100755 "init\x00" "first"`, `40755 "usr\x00" ""`, `40755 "usr/bin\x00" ""`, `100755 "usr/bin/a\x00" ""`,
		`100755 "usr/bin/bc\x00" "1234"`, `40755 "usr/lib\x00" ""`, `100755 "usr/lib/d\x00" "x"`, `0 "TRAILER!!!\x00" ""`,
	}
	if diff := cmp.Diff(want, list(t, b.Bytes())); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func TestArchiveOfAShortFile(t *testing.T) {
	var b bytes.Buffer
	if err := newArchive(&b).add("/short", 10, strings.NewReader("less")); err == nil {
		t.Error("a file that is shorter than its size: no error")
	}
}
