// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/ovskit/ovskit/internal/linkstate"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// journalVersion begins every journal: a program that does not know it leaves
// the uplink alone.
const journalVersion = "1 "

// maxJournal bounds what a journal is unpacked to, in bytes.
const maxJournal = 8 << 20

// A journal is all that is needed to go on with an adoption or a release, or to
// take it back. No step has to be noted: all can be repeated.
type journal struct {
	State State  `json:"state"`
	Owner string `json:"owner,omitempty"`
	Netns string `json:"netns,omitempty"`
	// Boot is the start of the machine in which it was written. Nothing that is
	// said here of the kernel is true in another.
	Boot string `json:"boot"`
	// At is when Moved was listed, since Boot.
	At time.Duration `json:"at"`

	Device      string `json:"device"`
	DeviceIndex int    `json:"index"`
	MAC         string `json:"mac"`
	MTU         int    `json:"mtu"`
	// Up and Promisc say whether the NIC was up, and received everything.
	Up      bool `json:"up"`
	Promisc bool `json:"promisc"`
	// Silenced says whether the kernel's IP stack is kept away from the NIC, and
	// IPSettings how to undo that.
	Silenced   bool   `json:"silenced"`
	IPSettings string `json:"ipSettings,omitempty"`

	// OwnIndex is the index of the bridge's own port, OwnMTU its MTU, and OwnUp
	// whether it was up.
	OwnIndex int  `json:"ownIndex"`
	OwnMTU   int  `json:"ownMTU"`
	OwnUp    bool `json:"ownUp"`
	// Hwaddr and MTURequest are what the bridge was configured with.
	Hwaddr     *string `json:"hwaddr,omitempty"`
	MTURequest *int64  `json:"mtuRequest,omitempty"`

	// MovedSize is the size of what follows that is Moved.
	MovedSize int `json:"movedSize"`
	// Moved is what is moved, as objects of the NIC; Own is what the bridge's own
	// port had before.
	Moved []linkstate.Object `json:"-"`
	Own   []linkstate.Object `json:"-"`
}

// encode makes text: the version, then in base64 and compressed the fields in
// JSON, a line feed, Moved and Own.
func (j *journal) encode() (string, error) {
	moved := linkstate.Encode(j.Moved)
	j.MovedSize = len(moved)
	fields, err := json.Marshal(j)
	if err != nil {
		return "", err
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return "", err
	}
	for _, part := range [][]byte{fields, {'\n'}, moved, linkstate.Encode(j.Own)} {
		if _, err := w.Write(part); err != nil {
			return "", err
		}
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return journalVersion + base64.RawStdEncoding.EncodeToString(packed.Bytes()), nil
}

func decodeJournal(text string) (*journal, error) {
	j, err := unpackJournal(text)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return j, nil
}

func unpackJournal(text string) (*journal, error) {
	body, ok := strings.CutPrefix(text, journalVersion)
	if !ok {
		return nil, errors.New("of another version")
	}
	packed, err := base64.RawStdEncoding.DecodeString(body)
	if err != nil {
		return nil, err
	}
	unpacked, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxJournal))
	if err != nil {
		return nil, err
	}
	fields, objects, _ := bytes.Cut(unpacked, []byte{'\n'})
	j := &journal{}
	if err := json.Unmarshal(fields, j); err != nil {
		return nil, err
	}
	switch {
	case j.State != Adopting && j.State != Adopted && j.State != Releasing:
		return nil, fmt.Errorf("state %q: not known", j.State)
	case j.Device == "":
		return nil, errors.New("names no device")
	case j.MovedSize < 0 || j.MovedSize > len(objects):
		return nil, errors.New("too short")
	}
	if j.Moved, err = linkstate.Decode(objects[:j.MovedSize]); err != nil {
		return nil, err
	}
	if j.Own, err = linkstate.Decode(objects[j.MovedSize:]); err != nil {
		return nil, err
	}
	return j, nil
}

// uplink describes what a journal of a bridge is about.
func (j *journal) uplink(db *vswitch.DB, bridge string) *Uplink {
	u := &Uplink{Bridge: bridge, Device: j.Device, State: j.State, SwitchNetns: j.Netns, Owner: j.Owner}
	u.MAC, _ = net.ParseMAC(j.MAC)
	if iface, ok := db.Interface(j.Device); ok && iface.OFPort != nil && *iface.OFPort > 0 {
		u.OFPort = uint32(*iface.OFPort)
	}
	return u
}
