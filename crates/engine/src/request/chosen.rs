//! Which backend a request goes to, as the steps that choose one hand it on.

use crate::record::Notes;
use crate::world::PathPiece;
use isthmus_plan::{Backend, Target};

/// The backend that a request goes to: the edition's, or what a plug-in put in its place.
#[derive(Clone, Copy)]
pub struct Chosen<'r> {
    pub backend: &'r Backend,
    pub path: &'r [PathPiece],
}

impl Chosen<'_> {
    /// Where the request will go.
    pub fn note(&self, notes: &Notes) {
        if !notes.are_in_full() {
            return;
        }
        match &self.backend.target {
            Target::Mock { status, .. } => notes.written("target", format_args!("a mock that answers {status}")),
            Target::Http { scheme, host, port, .. } => {
                notes.written("target", format_args!("{scheme:?} {host}:{port}"));
            }
            Target::Vpc { access, scheme, .. } => {
                notes.written("target", format_args!("VPC access {access}, {scheme:?}"))
            }
            Target::Function(function) => notes.written("target", format_args!("function {}", function.function)),
            Target::Discovered(found) => notes.written("target", format_args!("discovered over {:?}", found.scheme)),
            Target::Address { .. } => notes.fact("target", "an address that was not filled in"),
        }
        if let Some(method) = &self.backend.method {
            notes.fact("method", method);
        }
        notes.number("timeout in milliseconds", self.backend.timeout_ms);
    }
}
