// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostport_test

import (
	"context"
	"errors"
	"log"
	"net/netip"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/flows/hostport"
)

// The ports that an endpoint publishes are kept from the host's programs, which reach them at 127.0.0.1.
func Example() {
	ctx := context.Background()
	ports, err := hostport.Open(ctx, hostport.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer ports.Close()
	err = ports.Set("web0", []hostport.Mapping{
		{Proto: flows.TCP, At: netip.MustParseAddrPort("192.0.2.1:8080")},
		{Proto: flows.TCP, At: netip.MustParseAddrPort("127.0.0.1:8080"), To: netip.MustParseAddrPort("10.1.0.2:80")},
	})
	if errors.Is(err, hostport.ErrTaken) {
		log.Fatal(err) // ports of endpoint "web0": port 192.0.2.1:8080/tcp: taken by a program of the host
	}
}
