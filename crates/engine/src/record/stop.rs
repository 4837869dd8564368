//! The words in which notes and traces tell of a request: its steps, how they ended, where values come from.
//!
//! Used by everyone who notes (`notes.rs`) and by `trace.rs`, which writes the words down. Invariant: a word that was
//! written to a ring once keeps its meaning.

/// A step of a request's life. Those before `Answer` come in this order, and each but a plug-in at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    Message,
    Domain,
    Stage,
    Api,
    Guard,
    Identity,
    Grant,
    Throttle,
    Backend,
    Mapping,
    Attempt,
    PlugIn,
    Answer,
}

impl Stop {
    pub(super) const IN_ORDER: [Stop; 12] = [
        Stop::Message,
        Stop::Domain,
        Stop::Stage,
        Stop::Api,
        Stop::Guard,
        Stop::Identity,
        Stop::Grant,
        Stop::Throttle,
        Stop::Backend,
        Stop::Mapping,
        Stop::Attempt,
        Stop::Answer,
    ];

    pub(super) fn bit(self) -> u16 {
        1 << self as u16
    }

    pub fn word(self) -> &'static str {
        match self {
            Stop::Message => "message",
            Stop::Domain => "domain",
            Stop::Stage => "stage",
            Stop::Api => "api",
            Stop::Guard => "guard",
            Stop::Identity => "identity",
            Stop::Grant => "grant",
            Stop::Throttle => "throttle",
            Stop::PlugIn => "plug-in",
            Stop::Backend => "backend",
            Stop::Mapping => "mapping",
            Stop::Attempt => "attempt",
            Stop::Answer => "answer",
        }
    }
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    Refused,
    /// The answer was made here.
    Answered,
    Skipped,
    /// An attempt after which another one was made, or none could be.
    Failed,
}

impl Verdict {
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Refused => "refused",
            Verdict::Answered => "answered",
            Verdict::Skipped => "skipped",
            Verdict::Failed => "failed",
        }
    }
}

/// Where a value comes from that a client or a backend wrote; it says how it is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// It is ours.
    Own,
    Header,
    Query,
    Path,
    Form,
    Body,
    Claim,
    /// A parameter of the API, wherever it is.
    Parameter,
    AnswerHeader,
    AnswerBody,
}

/// A plug-in as traces and records name it.
#[derive(Debug, Default)]
pub struct About {
    pub plugin_id: Box<str>,
    pub name: Box<str>,
    /// For example `ipControl`.
    pub kind: &'static str,
}
