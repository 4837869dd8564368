//! The remote connector: a network that the gateway cannot enter comes to it.
//!
//! `join` runs in the network and dials out only; `hub` runs beside the engines and takes what they ask over the same
//! Unix socket and protocol as a local connector, so an engine cannot tell them apart. Between both ends every
//! connection is TLS 1.3 with certificates on both sides: one for `control`, and warm ones (tunnels) of which each
//! carries one connection to a backend at a time, so that no backend can hold up another. `frame` is their language.

mod frame;
mod hub;
mod identity;
mod join;
mod kept;
mod pool;
mod tls;
mod watch;

pub use hub::{run_hub, Authority, HubConfig};
pub use join::{run_join, JoinConfig};
