"""The hub: where remote connectors come in, with its own authority and its own list of who may.

Runs beside the engines (`isthmus connector hub`), needs no control plane to serve, and gives engines a local socket for
each network, exactly like a connector that stands there. `authority` writes certificates, `register` remembers tokens
and connectors, `service` brings both to the Rust side (`crates/connector/src/remote/`).
"""
