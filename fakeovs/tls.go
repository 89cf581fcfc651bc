// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/dbserver"
)

// TLSFiles name the PEM files of a server, as the options --private-key, --certificate, --ca-cert and --peer-ca-cert of
// ovsdb-server(1) do. Each is a path, or "db:DATABASE,TABLE,COLUMN" for the path that the column holds at the time.
type TLSFiles struct {
	// PrivateKey and Certificate are what the server shows of itself.
	PrivateKey, Certificate string
	// CACert holds the authorities that clients must have a certificate of; if it is empty they need none.
	CACert string
	// BootstrapCACert says that CACert need not exist: then the server takes over that of the first server that it connects
	// to, by an "ssl:" remote, connects again and trusts it from then on (--bootstrap-ca-cert).
	BootstrapCACert bool
	// PeerCACert holds certificates that are shown with the server's own: those of its authority, for clients that do not
	// know it yet and take it over from the server (--bootstrap-ca-cert).
	PeerCACert string
}

func (f TLSFiles) inDatabase() bool {
	for _, name := range []string{f.PrivateKey, f.Certificate, f.CACert, f.PeerCACert} {
		if strings.HasPrefix(name, "db:") {
			return true
		}
	}
	return false
}

// config reads the files. If there are none it is empty.
func (f TLSFiles) config() (*tls.Config, error) {
	config := &tls.Config{}
	if f.PrivateKey != "" || f.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(f.Certificate, f.PrivateKey)
		if err != nil {
			return nil, fmt.Errorf("private key %q, certificate %q: %w", f.PrivateKey, f.Certificate, err)
		}
		if f.PeerCACert != "" {
			more, err := readCertificates(f.PeerCACert)
			if err != nil {
				return nil, err
			}
			for _, c := range more {
				pair.Certificate = append(pair.Certificate, c.Raw)
			}
		}
		config.Certificates = []tls.Certificate{pair}
	}
	if f.CACert == "" {
		return config, nil
	}
	authorities, err := readCertificates(f.CACert)
	if f.BootstrapCACert && errors.Is(err, fs.ErrNotExist) {
		bootstrap(config, f.CACert)
		return config, nil
	}
	if err != nil {
		return nil, err
	}
	config.RootCAs = x509.NewCertPool()
	for _, c := range authorities {
		config.RootCAs.AddCert(c)
	}
	// The name is not looked at, only whose certificate it is.
	config.InsecureSkipVerify = true
	config.VerifyConnection = func(state tls.ConnectionState) error { return verifyServer(state.PeerCertificates, config.RootCAs) }
	return config, nil
}

// readCertificates reads all certificates of a file, at least one. What stands between them is ignored: ovs-pki(8) writes
// each in clear text before.
func readCertificates(file string) ([]*x509.Certificate, error) {
	rest, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("CA certificate: %w", err)
	}
	var all []*x509.Certificate
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("CA certificate %q: %w", file, err)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("CA certificate %q: no certificate in PEM format", file)
	}
	return all, nil
}

// remoteTLS is what TLS connections of remotes need: by the options, else by the database.
func (o *OVS) remoteTLS() (server, client *tls.Config, err error) {
	config := o.tls
	switch {
	case config != nil:
	case o.tlsFiles != (TLSFiles{}):
		files, err := o.resolve(o.tlsFiles)
		if err == nil {
			config, err = files.config()
		}
		if err != nil {
			return nil, nil, err
		}
	default:
		if config, err = tlsOf(o.switchDB()); err != nil {
			return nil, nil, fmt.Errorf("table SSL: %w", err)
		}
	}
	server, client = bothSides(config)
	return server, client, nil
}

// checkTLSFiles looks whether there are the columns, and the files whose paths do not come from the database.
func (o *OVS) checkTLSFiles() error {
	if o.tls != nil {
		return nil
	}
	files, err := o.resolve(o.tlsFiles)
	if err == nil && !o.tlsFiles.inDatabase() {
		_, err = files.config()
	}
	return err
}

// resolve puts paths in the place of columns.
func (o *OVS) resolve(files TLSFiles) (TLSFiles, error) {
	for _, name := range []*string{&files.PrivateKey, &files.Certificate, &files.CACert, &files.PeerCACert} {
		path, err := o.server.StringOf(*name)
		if err != nil {
			return files, err
		}
		*name = path
	}
	return files, nil
}

// tlsOf reads the files that table SSL of a switch's database names: ovs-vswitchd.conf.db(5).
func tlsOf(db *dbserver.Database) (*tls.Config, error) {
	if db == nil {
		return nil, errors.New("there is no database Open_vSwitch")
	}
	s := db.Snapshot("Open_vSwitch", "SSL")
	for _, root := range s.Rows("Open_vSwitch") {
		if row := s["SSL"][root.Get("ssl").String()]; row != nil {
			return TLSFiles{
				PrivateKey: row.Get("private_key").String(), Certificate: row.Get("certificate").String(),
				CACert: row.Get("ca_cert").String(), BootstrapCACert: row.Get("bootstrap_ca_cert").Bool(),
			}.config()
		}
	}
	return nil, errors.New("there is no row")
}

func verifyServer(chain []*x509.Certificate, roots *x509.CertPool) error {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between})
	return err
}

// bothSides makes the configurations of a TLS server and of a client. Like the programs of Open vSwitch, the client takes
// a certificate whatever name is in it if its configuration says so, and the server knows no names at all.
func bothSides(config *tls.Config) (server, client *tls.Config) {
	server = config.Clone()
	server.InsecureSkipVerify, server.VerifyConnection = false, nil // of the client's side
	if server.ClientCAs == nil && server.RootCAs != nil {
		server.ClientCAs, server.ClientAuth = server.RootCAs, tls.RequireAndVerifyClientCert
	}
	return server, config
}
