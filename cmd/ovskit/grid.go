// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A grid prints tables with columns that have these titles. A title that begins with > is that of numbers, which stand at
// the right of their column.
type grid []string

// print prints a table that has rows.
func (g grid) print(w io.Writer, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	titles := make([]string, len(g))
	widths := make([]int, len(g))
	for i, title := range g {
		titles[i] = strings.TrimPrefix(title, ">")
		for _, row := range append([][]string{titles}, rows...) {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	for _, row := range append([][]string{titles}, rows...) {
		var line strings.Builder
		for i, text := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text))
			if strings.HasPrefix(g[i], ">") {
				text = pad + text
			} else {
				text += pad
			}
			line.WriteString(text + "  ")
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}
