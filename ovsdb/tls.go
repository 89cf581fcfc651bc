// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
)

// TLSFiles name the PEM files of a TLS client, as the options --private-key,
// --certificate and --ca-cert of ovs-vsctl do.
type TLSFiles struct {
	// PrivateKey and Certificate are what the client shows of itself; both
	// or neither are given. Certificates of intermediate authorities may
	// follow the client's own in its file.
	PrivateKey, Certificate string
	// CACert holds the authorities that servers' certificates must come from;
	// empty means those of the system.
	CACert string
	// AnyName accepts a certificate whatever name is in it, if only one of
	// the authorities issued it and its time is not over. This is how the
	// programs of Open vSwitch take certificates, and those that ovs-pki
	// makes cannot be taken otherwise: they have no host's name, but one such
	// as "NAME id:UUID", or none. With it, whoever has a certificate of the
	// authorities that is fit for servers can pose as the server, so they
	// should be of this one purpose.
	AnyName bool
}

// Config reads the files. Errors name the file.
func (f TLSFiles) Config() (*tls.Config, error) {
	config := &tls.Config{}
	if f.PrivateKey != "" || f.Certificate != "" {
		certificate, err := f.certificate()
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	if f.CACert != "" {
		roots, err := readCACert(f.CACert)
		if err != nil {
			return nil, fmt.Errorf("CA certificate %q: %w", f.CACert, err)
		}
		config.RootCAs = roots
	}
	if f.AnyName {
		// There is no switch for the name only: this takes package tls's
		// verification away, and verifyChain is in its place.
		config.InsecureSkipVerify = true
		config.VerifyConnection = func(state tls.ConnectionState) error {
			return verifyChain(state.PeerCertificates, config.RootCAs)
		}
	}
	return config, nil
}

func (f TLSFiles) certificate() (tls.Certificate, error) {
	switch {
	case f.Certificate == "":
		return tls.Certificate{}, fmt.Errorf("private key %q: its certificate is not given", f.PrivateKey)
	case f.PrivateKey == "":
		return tls.Certificate{}, fmt.Errorf("certificate %q: its private key is not given", f.Certificate)
	}
	key, err := os.ReadFile(f.PrivateKey)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("private key: %w", err)
	}
	chain, err := os.ReadFile(f.Certificate)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate: %w", err)
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("private key %q, certificate %q: %w", f.PrivateKey, f.Certificate, err)
	}
	return pair, nil
}

// readCACert reads all certificates of a file. What stands between them is
// ignored: ovs-pki writes each in clear text before.
func readCACert(path string) (*x509.CertPool, error) {
	rest, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool, n := x509.NewCertPool(), 0
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		pool.AddCert(certificate)
		n++
	}
	if n == 0 {
		return nil, errors.New("no certificate in PEM format")
	}
	return pool, nil
}

// verifyChain is the verification of package tls without that of the name.
func verifyChain(chain []*x509.Certificate, roots *x509.CertPool) error {
	options := x509.VerifyOptions{
		Roots:         roots,
		Intermediates: x509.NewCertPool(),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, certificate := range chain[1:] {
		options.Intermediates.AddCert(certificate)
	}
	if _, err := chain[0].Verify(options); err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: chain, Err: err}
	}
	return nil
}
