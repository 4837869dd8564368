"""Clients of published APIs, as source code: one method for each API, signed calls, nothing but the standard library.

`methods` says what a client offers, `python`, `javascript`, `go` and `java` write it, `archive` packs it; `runtime/` has
the part that is the same in every client of a language. Called by `isthmus.operations.sdks` and, for the download, by
the control plane. Invariant: whatever the names and texts of an API are, they end up in literals and comments that they
cannot leave.
"""
