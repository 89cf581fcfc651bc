// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// Dial connects to the server and, for [SSL], does the TLS handshake. The
// context bounds Dial only. When it fails, nothing is left open.
//
// The configuration is for [SSL] only and is not modified. Without one, the
// server's certificate is verified against the system's roots. The name in it
// must be the host unless ServerName says otherwise. A certificate that was not
// accepted is an [*tls.CertificateVerificationError], which wraps the reason,
// such as [x509.UnknownAuthorityError], [x509.CertificateInvalidError] or
// [x509.HostnameError].
//
// A server that speaks TLS 1.3 says what it thinks of the client's certificate
// only after the handshake: its refusal is an error of the first Read or Write.
func (e Endpoint) Dial(ctx context.Context, config *tls.Config) (net.Conn, error) {
	network := "tcp"
	switch e.Scheme {
	case Unix:
		network = "unix"
	case TCP, SSL:
	default:
		return nil, fmt.Errorf("endpoint %q: not a connection method: want %s", e, forms)
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, network, e.address())
	if err != nil {
		return nil, withDeadline(ctx, err)
	}
	if e.Scheme != SSL {
		return conn, nil
	}
	secured, err := e.handshake(ctx, conn, config)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("TLS handshake with %s: %w", e.address(), err)
	}
	return secured, nil
}

// handshake makes a TLS connection of a plain one. It leaves closing that one
// to the caller when it fails.
func (e Endpoint) handshake(ctx context.Context, plain net.Conn, config *tls.Config) (net.Conn, error) {
	if config = config.Clone(); config == nil {
		config = &tls.Config{}
	}
	if config.ServerName == "" {
		// Certificates have addresses without scope.
		config.ServerName, _, _ = strings.Cut(e.Host, "%")
	}
	var request certificateRequest
	if config.GetClientCertificate == nil {
		config.GetClientCertificate = request.answer(config.Certificates)
	}
	conn := tls.Client(plain, config)
	err := conn.HandshakeContext(ctx)
	switch {
	case errors.Is(err, io.EOF):
		return nil, request.explain(fmt.Errorf("connection closed by the server: %w", err))
	case isAlert(err):
		return nil, request.explain(err)
	case err != nil:
		return nil, err
	case request.unmet:
		return &unsureConn{Conn: conn, request: request}, nil
	}
	return conn, nil
}

// withDeadline makes an error of the context's deadline one of package context
// too: package net sets the deadline on the socket, and its error is then
// returned if it comes first.
func withDeadline(ctx context.Context, err error) error {
	deadline, ok := ctx.Deadline()
	if ok && !time.Now().Before(deadline) && !errors.Is(err, context.DeadlineExceeded) && errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("%w: %w", err, context.DeadlineExceeded)
	}
	return err
}

// isAlert reports whether an error is what the peer said before it gave up.
func isAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}
