// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
)

// A certificateRequest notes whether the server asked for a certificate that
// the client does not have. What the server says then depends on its version
// and maker, "handshake failure" being usual, or it just hangs up.
type certificateRequest struct {
	unmet bool
}

// answer chooses a certificate as package tls does.
func (r *certificateRequest) answer(have []tls.Certificate) func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		for i := range have {
			if info.SupportsCertificate(&have[i]) == nil {
				return &have[i], nil
			}
		}
		r.unmet = true
		return &tls.Certificate{}, nil
	}
}

// explain adds to an error that the request may be its reason.
func (r certificateRequest) explain(err error) error {
	if !r.unmet {
		return err
	}
	return fmt.Errorf("%w (the server asks for a client certificate and none that it accepts is configured)", err)
}

// An unsureConn is a TLS connection whose server asked for a certificate, got
// none, and has not yet said whether it minds.
type unsureConn struct {
	*tls.Conn
	request certificateRequest
	heard   atomic.Bool // it does not
}

func (c *unsureConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.heard.Store(true)
	}
	return n, c.explain(err)
}

func (c *unsureConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	return n, c.explain(err)
}

// explain leaves alone what the client itself brought about, and an orderly end.
func (c *unsureConn) explain(err error) error {
	var timeout net.Error
	switch {
	case err == nil, err == io.EOF, c.heard.Load(), errors.Is(err, net.ErrClosed):
		return err
	case errors.As(err, &timeout) && timeout.Timeout():
		return err
	}
	return c.request.explain(err)
}
