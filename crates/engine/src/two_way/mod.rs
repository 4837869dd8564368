//! Two-way connections: a device calls APIs over one WebSocket and gets notices over it.
//!
//! `open` takes the handshake (called by `request::steps`), `channel` is the connection after it, `message` its words
//! and calls. A call goes through `request::serve` like any other, with the device in its `Peer`. `devices` knows which
//! channel a registered device is on; `roles` is what `REGISTER`, `UNREGISTER` and `NOTIFY` APIs do.
//! Invariant: a notice reaches only a device whose registration, in this group and stage, was answered 200.

mod channel;
mod devices;
mod message;
mod open;
mod roles;

pub use channel::Channel;
pub use devices::{Device, Devices};
pub use open::open;
pub use roles::{answered, instead, is_management};

use hyper::header::HeaderName;

/// Names the device to the backend when it registers, and to this gateway when it is to get a notice.
pub const DEVICE_ID: HeaderName = HeaderName::from_static("x-ca-deviceid");
