// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package testpki makes certificate authorities and certificates for tests of
// TLS. They are made in memory; files are written only when asked for.
package testpki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A CA is a certificate authority.
type CA struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	above       [][]byte // certificates of this and the next authorities but the topmost
}

// NewCA makes an authority with a key and a name of its own.
func NewCA() *CA {
	template, key := authorityTemplate(), newKey()
	return &CA{certificate: sign(template, template, key, key), key: key}
}

// NewCA makes an intermediate authority. What it issues comes with the
// certificates that lead to the topmost one.
func (ca *CA) NewCA() *CA {
	key := newKey()
	certificate := sign(authorityTemplate(), ca.certificate, key, ca.key)
	return &CA{certificate: certificate, key: key, above: append([][]byte{certificate.Raw}, ca.above...)}
}

// Pool holds the authority's certificate only.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.certificate)
	return pool
}

// PEM is the authority's certificate.
func (ca *CA) PEM() []byte { return encode("CERTIFICATE", ca.certificate.Raw) }

// Server makes a certificate for servers with these names and addresses as
// subject alternative names; without any, it has no such extension.
func (ca *CA) Server(names ...string) tls.Certificate {
	return ca.issue(serverTemplate(names))
}

// ExpiredServer makes one as Server does whose time was over an hour ago.
func (ca *CA) ExpiredServer(names ...string) tls.Certificate {
	template := serverTemplate(names)
	template.NotAfter = time.Now().Add(-time.Hour)
	return ca.issue(template)
}

// Client makes a certificate for clients, with the common name "client".
func (ca *CA) Client() tls.Certificate { return ca.ClientNamed("client") }

// ClientNamed makes a certificate for clients with a common name.
func (ca *CA) ClientNamed(name string) tls.Certificate {
	template := newTemplate(name)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return ca.issue(template)
}

// Write writes the authority's certificate to a file in the test's own
// directory and returns the file's path.
func (ca *CA) Write(t testing.TB) (cacert string) {
	t.Helper()
	cacert = filepath.Join(t.TempDir(), "cacert.pem")
	write(t, cacert, ca.PEM())
	return cacert
}

// Write writes a private key and its certificates to files in the test's own
// directory and returns the files' paths.
func Write(t testing.TB, pair tls.Certificate) (privateKey, certificate string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	privateKey, certificate = filepath.Join(dir, "privkey.pem"), filepath.Join(dir, "cert.pem")
	write(t, privateKey, encode("PRIVATE KEY", der))
	var chain []byte
	for _, der := range pair.Certificate {
		chain = append(chain, encode("CERTIFICATE", der)...)
	}
	write(t, certificate, chain)
	return privateKey, certificate
}

func (ca *CA) issue(template *x509.Certificate) tls.Certificate {
	key := newKey()
	leaf := sign(template, ca.certificate, key, ca.key)
	return tls.Certificate{Certificate: append([][]byte{leaf.Raw}, ca.above...), PrivateKey: key, Leaf: leaf}
}

func authorityTemplate() *x509.Certificate {
	template := newTemplate("")
	template.Subject.CommonName = "authority " + template.SerialNumber.Text(16)
	template.IsCA = true
	template.KeyUsage = x509.KeyUsageCertSign
	return template
}

func serverTemplate(names []string) *x509.Certificate {
	template := newTemplate("server")
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	return template
}

func newTemplate(name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	must(err)
	return &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Organization: []string{"ovskit test"}, CommonName: name},
		NotBefore:             time.Now().Add(-24 * time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
	}
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	return key
}

func sign(template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) *x509.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	must(err)
	certificate, err := x509.ParseCertificate(der)
	must(err)
	return certificate
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// must panics: no input of a test makes these steps fail.
func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("testpki: %v", err))
	}
}
