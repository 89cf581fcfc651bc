// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"

	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// A TLS is what ovs-vswitchd secures connections to and from controllers with: table
// SSL, ovs-vswitchd.conf.db(5). It belongs to the switch, not to a bridge. The files
// are PEM files on the switch's machine, which it reads again when they change.
type TLS struct {
	// PrivateKey and Certificate are the paths of the switch's own.
	PrivateKey, Certificate string
	// CACert is the path of the certificate of the authority that controllers'
	// certificates must be signed by.
	CACert string
	// Bootstrap makes the switch write the authority that the first controller
	// shows to CACert, if there is no such file, and trust it from then on.
	Bootstrap bool
}

// SetTLS sets what ovs-vswitchd secures connections with, and returns when it has
// been told. The zero TLS takes it away. It is taken back when SetTLS fails.
func SetTLS(ctx context.Context, db *vswitch.DB, t TLS) error {
	if err := setTLS(ctx, db, t); err != nil {
		return fmt.Errorf("set TLS of the switch: %w", err)
	}
	return nil
}

// GetTLS returns what ovs-vswitchd is told to secure connections with, the zero TLS
// if it is told nothing.
func GetTLS(ctx context.Context, db *vswitch.DB) (TLS, error) {
	row, err := readTLS(ctx, db)
	if err != nil {
		return TLS{}, fmt.Errorf("TLS of the switch: %w", err)
	}
	return TLS{
		PrivateKey: row.PrivateKey, Certificate: row.Certificate, CACert: row.CACert, Bootstrap: row.BootstrapCACert,
	}, nil
}

func (t *TLS) check() error {
	for _, file := range []struct{ name, path string }{
		{"private key", t.PrivateKey}, {"certificate", t.Certificate}, {"authority's certificate", t.CACert},
	} {
		if file.path == "" && *t != (TLS{}) {
			return fmt.Errorf("%s: no path is given", file.name)
		}
	}
	return nil
}

func setTLS(ctx context.Context, db *vswitch.DB, t TLS) error {
	if err := t.check(); err != nil {
		return err
	}
	for {
		before, err := readTLS(ctx, db)
		if err != nil {
			return err
		}
		now := *before
		now.PrivateKey, now.Certificate, now.CACert, now.BootstrapCACert = t.PrivateKey, t.Certificate, t.CACert, t.Bootstrap
		_, err = db.Apply(ctx, tlsOps(before, &now)...)
		switch {
		case err == nil:
			return nil
		case mayHaveHappened(err):
			back := &change{undo: func(ctx context.Context, run runner) error {
				there, err := readTLS(ctx, db)
				if err == nil {
					_, err = run(ctx, tlsOps(there, before)...)
				}
				return err
			}}
			return errors.Join(err, takeBack(ctx, db, err, back))
		case !errors.Is(err, ovsdb.ErrTimedOut):
			return err
		case db.Root() == nil:
			return errors.New("the database has no row in table Open_vSwitch")
		}
	}
}

// tlsOps makes the row what it is to be, if it still is what was read. There is none
// if the private key is empty.
func tlsOps(there, now *vswitch.SSL) []ovsdb.Operation {
	var reference *string
	if there.UUID != "" {
		reference = &there.UUID
	}
	ops := []ovsdb.Operation{
		ovsdb.Wait(vswitch.TableOpenVSwitch, ovsdb.WaitOptions{Rows: []ovsdb.Row{{"ssl": reference}}}),
	}
	if now.PrivateKey == "" {
		return append(ops, ovsdb.Update(vswitch.TableOpenVSwitch, ovsdb.Row{"ssl": (*string)(nil)}))
	}
	columns := ovsdb.Fields(now, "private_key", "certificate", "ca_cert", "bootstrap_ca_cert", "external_ids")
	if reference != nil {
		return append(ops, ovsdb.Update(vswitch.TableSSL, columns, ovsdb.ByUUID(*reference)))
	}
	return append(ops,
		ovsdb.Insert(vswitch.TableSSL, columns).Named("ssl_row"),
		ovsdb.Update(vswitch.TableOpenVSwitch, ovsdb.Row{"ssl": vswitch.Optional("ssl_row")}))
}

// readTLS reads the row, a zero one if there is none.
func readTLS(ctx context.Context, db *vswitch.DB) (*vswitch.SSL, error) {
	// The server removes a row to which Open_vSwitch does not refer.
	results, err := db.Client().Transact(ctx, ovsdb.Select(vswitch.TableSSL, nil))
	if err != nil {
		return nil, err
	}
	rows, err := ovsdb.RowsAs[vswitch.SSL](results[0].Rows)
	if err != nil || len(rows) == 0 {
		return &vswitch.SSL{}, err
	}
	return rows[0], nil
}
