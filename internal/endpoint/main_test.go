// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package endpoint_test

import (
	"log"
	"os"
	"path/filepath"
	"testing"

	"github.com/ovskit/ovskit/internal/testpki"
	"go.uber.org/goleak"
)

// systemCA is the only root of the system, as this program sees it.
var systemCA = testpki.NewCA()

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "endpoint")
	if err != nil {
		log.Fatal(err)
	}
	roots := filepath.Join(dir, "roots.pem")
	if err := os.WriteFile(roots, systemCA.PEM(), 0o600); err != nil {
		log.Fatal(err)
	}
	os.Setenv("SSL_CERT_FILE", roots)
	os.Setenv("SSL_CERT_DIR", dir)
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(dir)
		os.Exit(code)
	}))
}
