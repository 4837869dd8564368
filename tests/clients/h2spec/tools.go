//go:build tools

// Package tools names the program whose version go.mod pins: the conformance tests of HTTP/2, h2spec.
package tools

import _ "github.com/summerwind/h2spec/cmd/h2spec"
