// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// A message is a JSON-RPC 1.0 message from the server: a request, a
// notification or a response. Its parts point into the bytes it was read from
// and are nil where the message has none or null.
type message struct {
	id, method, params, result, err json.RawMessage
}

func parseMessage(data []byte) (message, error) {
	var m message
	s := scanner{data: data}
	err := s.object(func(key string) error {
		value, err := s.raw()
		if err != nil {
			return err
		}
		if string(value) == "null" {
			value = nil
		}
		switch key {
		case "id":
			m.id = value
		case "method":
			m.method = value
		case "params":
			m.params = value
		case "result":
			m.result = value
		case "error":
			m.err = value
		}
		return nil
	})
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return message{}, fmt.Errorf("malformed message: %w: %w", err, ErrProtocol)
	}
	return m, nil
}

// rawJSON is a param that is in JSON already.
type rawJSON []byte

// encodeParams makes the params of a request out of values that always have
// a JSON form.
func encodeParams(params ...any) json.RawMessage {
	out := []byte{'['}
	for i, p := range params {
		if i > 0 {
			out = append(out, ',')
		}
		switch p := p.(type) {
		case string:
			out = appendString(out, p)
		case rawJSON:
			out = append(out, p...)
		case uint64:
			out = strconv.AppendUint(out, p, 10)
		}
	}
	return append(out, ']')
}

// encodeRequest makes a request, or a notification without answer if id is 0.
func encodeRequest(id uint64, method string, params json.RawMessage) []byte {
	out := make([]byte, 0, len(params)+len(method)+48)
	out = append(out, `{"id":`...)
	if id == 0 {
		out = append(out, "null"...)
	} else {
		out = strconv.AppendUint(out, id, 10)
	}
	out = append(out, `,"method":`...)
	out = appendString(out, method)
	out = append(out, `,"params":`...)
	out = append(out, params...)
	return append(out, '}')
}

// encodeResponse answers the server's request; one of result and errorName is
// given.
func encodeResponse(id, result json.RawMessage, errorName string) []byte {
	out := append([]byte(`{"id":`), id...)
	if errorName != "" {
		out = append(out, `,"result":null,"error":`...)
		out = appendString(out, errorName)
	} else {
		out = append(out, `,"result":`...)
		out = append(out, result...)
		out = append(out, `,"error":null`...)
	}
	return append(out, '}')
}

// parseServerError reads the error of a response, which servers send as a
// string or as an object.
func parseServerError(method string, data json.RawMessage) *ServerError {
	e := &ServerError{Method: method}
	if json.Unmarshal(data, &e.Name) == nil {
		return e
	}
	var object struct{ Error, Details string }
	if json.Unmarshal(data, &object) == nil && object.Error != "" {
		e.Name, e.Details = object.Error, object.Details
		return e
	}
	e.Name = excerpt(data)
	return e
}
