// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
)

// bootstrap makes the configuration of who has no certificate of an authority yet: a client takes over that of the first
// server that it connects to, and gives that connection up, as ovs-vswitchd.conf.db(5) describes for bootstrap_ca_cert of
// table SSL. A server takes nobody until then.
func bootstrap(config *tls.Config, file string) {
	config.RootCAs = x509.NewCertPool()
	config.InsecureSkipVerify = true
	config.VerifyConnection = func(state tls.ConnectionState) error {
		if err := takeOver(state.PeerCertificates, file); err != nil {
			return fmt.Errorf("bootstrap CA certificate %q: %w", file, err)
		}
		return fmt.Errorf("CA certificate %q was taken over from this server: connect to it again", file)
	}
}

// takeOver writes the last certificate that a server has shown to a file that must not exist.
func takeOver(chain []*x509.Certificate, file string) error {
	last := chain[len(chain)-1]
	if last.CheckSignature(last.SignatureAlgorithm, last.RawTBSCertificate, last.Signature) != nil {
		if len(chain) == 1 {
			return errors.New("the only certificate that the server shows is not self-signed: it may not show that of its authority")
		}
		return errors.New("the last certificate that the server shows is not self-signed")
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o444)
	if err != nil {
		return err
	}
	err = errors.Join(pem.Encode(f, &pem.Block{Type: "CERTIFICATE", Bytes: last.Raw}), f.Close())
	if err != nil {
		os.Remove(file)
	}
	return err
}
