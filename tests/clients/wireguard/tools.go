//go:build tools

// Package tools names the program whose version go.mod pins: WireGuard's own implementation outside the kernel.
package tools

import _ "golang.zx2c4.com/wireguard"
