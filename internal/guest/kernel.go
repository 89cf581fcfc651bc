// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/ovskit/ovskit/internal/ovsproc"
)

// DirVariable is the environment variable with the directory of the kernel, in
// place of ovskit/guest in the user's directory for caches.
const DirVariable = "OVSKIT_GUEST"

// emulator is the program that the guest runs in.
const emulator = "qemu-system-x86_64"

// Probe says what keeps guests from being run on this machine.
func Probe() error {
	if runtime.GOARCH != "amd64" {
		return fmt.Errorf("programs for %s do not run in a guest for amd64", runtime.GOARCH)
	}
	if _, err := exec.LookPath(emulator); err != nil {
		return fmt.Errorf("%s is not installed (package qemu-system-x86 on Debian)", emulator)
	}
	if _, err := findKernel(); err != nil {
		return err
	}
	return ovsproc.Installed()
}

// Dir is the directory that the kernel is looked for in: it has boot/vmlinuz-VERSION
// and lib/modules/VERSION.
func Dir() (string, error) {
	if dir := os.Getenv(DirVariable); dir != "" {
		return dir, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "ovskit", "guest"), nil
}

// A kernel is an image and its modules.
type kernel struct {
	image     string            // path
	moduleDir string            // path
	modules   map[string]string // paths by name; see list
	builtin   map[string]bool   // modules that the image has inside
}

// findKernel finds the newest kernel that has its modules.
func findKernel() (*kernel, error) {
	dir, err := Dir()
	if err != nil {
		return nil, fmt.Errorf("kernel of the guest: %w", err)
	}
	images, err := filepath.Glob(filepath.Join(dir, "boot", "vmlinuz-*"))
	if err != nil {
		return nil, err
	}
	var newest *kernel
	var built time.Time
	for _, image := range images {
		modules := filepath.Join(dir, "lib", "modules", strings.TrimPrefix(filepath.Base(image), "vmlinuz-"))
		if _, err := os.Stat(modules); err != nil {
			continue
		}
		info, err := os.Stat(image)
		if err != nil {
			return nil, err
		}
		if newest == nil || info.ModTime().After(built) {
			newest, built = &kernel{image: image, moduleDir: modules}, info.ModTime()
		}
	}
	if newest != nil {
		return newest, nil
	}
	return nil, fmt.Errorf("no kernel with modules in %s (package linux-image-cloud-amd64 on Debian; make test as root fetches it)", dir)
}

// list finds out which modules there are.
func (k *kernel) list() error {
	k.modules, k.builtin = map[string]string{}, map[string]bool{}
	err := filepath.WalkDir(k.moduleDir, func(path string, d fs.DirEntry, err error) error {
		if name, is := strings.CutSuffix(filepath.Base(path), ".ko"); is && d != nil && d.Type().IsRegular() {
			k.modules[moduleName(name)] = path
		}
		return err
	})
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(k.moduleDir, "modules.builtin"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for path := range strings.Lines(string(text)) {
		k.builtin[moduleName(strings.TrimSuffix(filepath.Base(strings.TrimSpace(path)), ".ko"))] = true
	}
	return nil
}

// moduleName is the name by which the kernel knows a module: in its file's name, and
// in speech, there may be a hyphen where that has an underscore.
func moduleName(name string) string { return strings.ReplaceAll(name, "-", "_") }
