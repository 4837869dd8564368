//! The connector: one small program that stands where a private network is, and the only thing that ever enters it.
//!
//! An engine asks over a Unix socket for a connection to `ip:port`; the connector checks its own list and the address
//! policy, connects, and hands the connected socket over. It listens on no network, holds no capability while it
//! serves, and reads nothing that passes through the sockets. `address`, `packet` and `protocol` are used by the
//! engine, too, so that both sides agree.

#![forbid(unsafe_code)]

pub mod address;
mod allow;
mod config;
mod dial;
mod lanes;
pub mod packet;
mod privileges;
pub mod protocol;
pub mod remote;
mod serve;

pub use config::{Config, ConfigError, LoopbackMap, RunAs};
pub use dial::{kind_of, leave_from, no_neighbour, source_address};
pub use privileges::give_up_capabilities;
pub use serve::{run, run_until_signal, until_signal, ConnectorError};
