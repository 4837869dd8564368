//! The engine: a request arrives, and an answer leaves.
//!
//! Read in this order, which is the order of a request's ten stops:
//! `listen` accepts the connection and `connection` speaks HTTP on it; `request` then calls, in one short function, `request::route` (which API),
//! `request::guard` (protocol, sizes), `request::identify` (who), `request::permit` (may they), `request::throttle`
//! (how often), `request::map` (what the backend gets); `backend` sends it and `record` writes down what happened.
//! Between these stops act the `plugins` that are bound to the API, in the one order of `plugins/order.rs`.
//! A refusal is turned into bytes in `request::answer` alone.
//!
//! Beside the path of a request: `live` holds the current plan behind one pointer, `world` is that plan compiled,
//! `follow` keeps it up to date from the control plane, `disk` keeps a copy for a start without one, and `attach`
//! reaches the networks, `probe` tries the way to a backend when somebody asks, `dry_run` imagines requests, and `limits`
//! counts calls. `two_way` has
//! the connections on which devices call and are called.

//! `health` and `metrics` show how the engine does.

#![forbid(unsafe_code)]

pub mod attach;
pub mod backend;
mod callers;
mod certificates;
pub mod connection;
mod day_counts;
pub mod disk;
mod dry_run;
pub mod engine;
pub mod follow;
mod health;
pub mod limits;
pub mod listen;
pub mod live;
mod metrics;
pub mod plugins;
pub mod probe;
pub mod record;
pub mod request;
pub mod settings;
pub mod thread;
mod threads;
mod two_way;
pub mod world;

pub use engine::{Addresses, Engine};
