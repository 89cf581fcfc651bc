// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"debug/elf"
	"fmt"
	"strings"
)

// order lists the paths of modules and of those that they need, each after what it
// needs itself.
func (k *kernel) order(names []string) (paths []string, err error) {
	if err := k.list(); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var add func(name string) error
	add = func(name string) error {
		name = moduleName(name)
		if seen[name] || k.builtin[name] {
			return nil
		}
		seen[name] = true
		path, ok := k.modules[name]
		if !ok {
			return fmt.Errorf("kernel %s has no module %q", k.image, name)
		}
		needed, err := moduleNeeds(path)
		if err != nil {
			return err
		}
		for _, n := range needed {
			if err := add(n); err != nil {
				return err
			}
		}
		paths = append(paths, path)
		return nil
	}
	for _, n := range names {
		if err := add(n); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// moduleNeeds reads from a module which others it needs: an entry depends=A,B of its
// section .modinfo, whose entries end with a zero byte.
func moduleNeeds(path string) (names []string, err error) {
	file, err := elf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("module %s: %w", path, err)
	}
	defer file.Close()
	section := file.Section(".modinfo")
	if section == nil {
		return nil, fmt.Errorf("module %s: no section .modinfo", path)
	}
	info, err := section.Data()
	if err != nil {
		return nil, fmt.Errorf("module %s: %w", path, err)
	}
	for entry := range strings.SplitSeq(string(info), "\x00") {
		if list, is := strings.CutPrefix(entry, "depends="); is {
			names = append(names, strings.FieldsFunc(list, func(r rune) bool { return r == ',' })...)
		}
	}
	return names, nil
}
