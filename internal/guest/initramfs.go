// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/ovskit/ovskit/internal/guest/internal/wire"
)

// initPackage is the guest's first program.
const initPackage = "github.com/ovskit/ovskit/internal/guest/init"

// portModules are the drivers of the port to the host.
var portModules = []string{"virtio_pci", "virtio_console"}

// build writes the guest's file system.
func (o *Options) build(ctx context.Context, k *kernel, file string) (err error) {
	modules, err := k.order(append(slices.Clone(portModules), o.Modules...))
	if err != nil {
		return err
	}
	paths, err := o.paths()
	if err != nil {
		return err
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	buffered := bufio.NewWriterSize(out, 1<<20)
	a := newArchive(buffered)
	for _, p := range paths {
		if err := addFile(a, p, p); err != nil {
			return err
		}
	}
	inside := make([]string, len(modules))
	for i, m := range modules {
		inside[i] = "/lib/modules/" + filepath.Base(m)
		if err := addFile(a, inside[i], m); err != nil {
			return err
		}
	}
	job, err := json.Marshal(o.job(inside))
	if err != nil {
		return err
	}
	if err := a.add(wire.JobFile, int64(len(job)), bytes.NewReader(job)); err != nil {
		return err
	}
	first := filepath.Join(filepath.Dir(file), "init")
	if err := buildInit(ctx, first); err != nil {
		return err
	}
	if err := addFile(a, "/init", first); err != nil {
		return err
	}
	return errors.Join(a.close(), buffered.Flush())
}

// paths are the paths of the programs with their libraries, and of the other files.
func (o *Options) paths() ([]string, error) {
	all := map[string]bool{}
	for _, name := range o.Programs {
		path, err := exec.LookPath(name)
		if err != nil {
			return nil, err
		}
		all[path] = true
		if err := libraries(path, all); err != nil {
			return nil, err
		}
	}
	for _, f := range o.Files {
		all[f] = true
	}
	return slices.Sorted(maps.Keys(all)), nil
}

// addFile adds a file of the host; of a symbolic link what it leads to.
func addFile(a *archive, name, from string) error {
	file, err := os.Open(from)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: no regular file", from)
	}
	return a.add(name, info.Size(), file)
}

// buildInit compiles the guest's first program, which needs no libraries.
func buildInit(ctx context.Context, file string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", file, initPackage)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w: %s", initPackage, err, out)
	}
	return nil
}
