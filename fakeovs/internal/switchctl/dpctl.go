// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
)

// dpctlCall is a call of a command that ovs-dpctl(8) has as well: with options before its arguments, mostly with the name
// of a datapath as the first argument, and with errors in its output.
type dpctlCall struct {
	t          Target
	args       []string
	verbosity  int
	statistics bool
	// names says whether ports are written by name, nil that the verbosity does.
	names *bool
	out   strings.Builder
}

// The reasons that stand behind complaints, as strerror(3) has them.
const (
	invalid      = "Invalid argument"
	noDevice     = "No such device"
	noFamily     = "Address family not supported by protocol"
	notFound     = "No such file or directory"
	notPermitted = "Operation not permitted"
)

// errComplained ends a call whose output says what is wrong.
var errComplained = errors.New("complained")

func (c *dpctlCall) printf(format string, args ...any) { fmt.Fprintf(&c.out, format, args...) }

// complain says what is wrong, and why if the reason is not empty.
func (c *dpctlCall) complain(what, reason string) error {
	if reason != "" {
		reason = " (" + reason + ")"
	}
	c.printf("ovs-vswitchd: %s%s\n", what, reason)
	return errComplained
}

// dpctl makes a command.
func (t Target) dpctl(name, usage string, least, most int, run func(*dpctlCall) error) ctlserver.Command {
	return ctlserver.Command{
		Name: "dpctl/" + name, Usage: usage, Min: least, Max: most,
		Run: func(args []string) (string, error) {
			c := &dpctlCall{t: t, args: args}
			err := c.options()
			if err == nil {
				err = run(c)
			}
			if err != nil {
				return "", errors.New(c.out.String())
			}
			return c.out.String(), nil
		},
	}
}

// options takes the options off the arguments.
func (c *dpctlCall) options() error {
	for len(c.args) > 0 && len(c.args[0]) > 1 && c.args[0][0] == '-' {
		switch arg := c.args[0]; arg {
		case "--statistics":
			c.statistics = true
		case "--more":
			c.verbosity++
		case "--names", "--no-names":
			names := arg == "--names"
			c.names = &names
		case "--clear", "--may-create":
		default:
			if strings.HasPrefix(arg, "--") {
				c.printf("Unrecognized option %s", arg)
				return errComplained
			}
			for _, o := range []byte(arg[1:]) {
				switch o {
				case 'm':
					c.verbosity++
				case 's':
					c.statistics = true
				default:
					c.printf("Unrecognized option -%c", o)
					return errComplained
				}
			}
		}
		c.args = c.args[1:]
	}
	return nil
}

// byName reports whether ports are written by name.
func (c *dpctlCall) byName() bool {
	if c.names != nil {
		return *c.names
	}
	return c.verbosity > 0
}

// datapath returns a datapath by the argument that names it; nil if there is none.
func (t Target) datapath(arg string) *datapath {
	if !strings.Contains(arg, "@") {
		arg = "system@" + arg
	}
	all := t.datapaths()
	at := slices.IndexFunc(all, func(d *datapath) bool { return d.name() == arg })
	if at < 0 {
		return nil
	}
	return all[at]
}

// named reports whether the first argument names a datapath.
func (c *dpctlCall) named() bool { return len(c.args) > 0 && c.t.datapath(c.args[0]) != nil }

// open returns the datapath that a command is about: the named one, or the only one. With as many arguments as the command
// takes, not counting what follows a datapath in other ways, it must be named. The arguments keep their places.
func (c *dpctlCall) open(words int) (*datapath, error) {
	if c.named() {
		return c.t.datapath(c.args[0]), nil
	}
	if len(c.args)+1 == words {
		return nil, c.complain("datapath not found", invalid)
	}
	switch all := c.t.datapaths(); len(all) {
	case 0:
		_ = c.complain("no datapaths exist", "")
	case 1:
		return all[0], nil
	default:
		_ = c.complain("multiple datapaths, specify one", "")
	}
	return nil, c.complain("datapath not found", invalid)
}

// last is the last argument.
func (c *dpctlCall) last() string { return c.args[len(c.args)-1] }
