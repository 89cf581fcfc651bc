// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
)

// libraryDirs are where the dynamic linker looks without being told, on Debian and
// elsewhere; ld.so(8).
var libraryDirs = []string{
	"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib",
}

// libraries adds the shared libraries that a program needs, and its dynamic linker,
// to a set of paths.
func libraries(program string, paths map[string]bool) error {
	file, err := elf.Open(program)
	if err != nil {
		return fmt.Errorf("program %s: %w", program, err)
	}
	defer file.Close()
	for _, p := range file.Progs {
		if p.Type != elf.PT_INTERP {
			continue
		}
		linker := make([]byte, p.Filesz)
		if _, err := p.ReadAt(linker, 0); err != nil {
			return fmt.Errorf("program %s: its dynamic linker: %w", program, err)
		}
		paths[string(linker[:max(len(linker)-1, 0)])] = true // it ends with a zero byte
	}
	names, err := file.ImportedLibraries()
	if err != nil {
		return fmt.Errorf("program %s: %w", program, err)
	}
	for _, n := range names {
		path, err := findLibrary(n)
		if err != nil {
			return fmt.Errorf("program %s: %w", program, err)
		}
		if paths[path] {
			continue
		}
		paths[path] = true
		if err := libraries(path, paths); err != nil {
			return err
		}
	}
	return nil
}

func findLibrary(name string) (string, error) {
	for _, dir := range libraryDirs {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("shared library %s: in none of %v", name, libraryDirs)
}
