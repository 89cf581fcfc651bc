// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// greetingTimeout bounds the greeting where the context does not: something else than a switch may never answer.
	greetingTimeout = 10 * time.Second
	// refusalTimeout bounds how long a switch with no version in common may take to read that.
	refusalTimeout = time.Second
)

// greet exchanges hellos and asks for the features.
func (c *Conn) greet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, greetingTimeout)
	defer cancel()
	hello := Hello{}
	for _, v := range c.options.Versions {
		hello.Version, hello.Bitmap = v, hello.Bitmap|1<<v
	}
	b, err := Encode(Version13, hello, 0)
	if err != nil {
		return &ConnError{c.endpoint, err}
	}
	if err := c.write(ctx, hello, b); err != nil {
		return err
	}
	first, err := c.awaitGreeting(ctx)
	if err != nil {
		return err
	}
	switch m := first.(type) {
	case Hello:
		if c.version == 0 {
			reason := fmt.Sprintf("%s spoken there, %s here", m.spoken(), hello.spoken())
			c.refuse(reason)
			return &ConnError{c.endpoint, fmt.Errorf("no version in common: %s: %w", reason, ErrIncompatible)}
		}
	case Error:
		return &ConnError{c.endpoint, fmt.Errorf("refuses the greeting of %s: %w%s", hello.spoken(), m, m.text())}
	default:
		return &ConnError{c.endpoint, fmt.Errorf("begins with a %s, not a greeting", m.describe())}
	}
	c.features, err = fetch[FeaturesReply](ctx, c, FeaturesRequest{})
	return err
}

// awaitGreeting returns the first message of the switch.
func (c *Conn) awaitGreeting(ctx context.Context) (Message, error) {
	select {
	case first := <-c.greeting:
		return first, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("switch %s: waiting for its greeting: %w", c.endpoint, ctx.Err())
	case <-c.done:
		// What came before the end says more.
		select {
		case first := <-c.greeting:
			return first, nil
		default:
			return nil, c.err
		}
	}
}

// refuse tells a switch why it is hung up on. It bypasses the writer, which ends with the connection.
func (c *Conn) refuse(reason string) {
	refusal, err := Encode(Version13, Error{Code: ErrIncompatible, Data: []byte(reason)}, 0)
	if err == nil && c.nc.SetWriteDeadline(time.Now().Add(refusalTimeout)) == nil {
		c.nc.Write(refusal)
	}
}

// highestCommon is the highest of some versions, in ascending order, that the sender of a greeting speaks too, 0 if
// there is none. A greeting without a bitmap counts for all versions up to its own, as with Open vSwitch.
func highestCommon(versions []Version, h Hello) (highest Version) {
	for _, v := range versions {
		if h.Supports(v) {
			highest = v
		}
	}
	return highest
}

// spoken names the versions that a greeting offers.
func (h Hello) spoken() string {
	if h.Bitmap == 0 {
		return "up to " + h.Version.String()
	}
	var names []string
	for v := Version(0); v < 32; v++ {
		if h.Bitmap>>v&1 == 1 {
			names = append(names, v.String())
		}
	}
	return strings.Join(names, ", ")
}

// text is what a refusal of a greeting says besides its code, to be put behind that.
func (e Error) text() string {
	const most = 200
	if !errors.Is(e.Code, ErrIncompatible) || len(e.Data) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%q)", e.Data[:min(most, len(e.Data))])
}
