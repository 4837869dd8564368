//! The body of an answer: the gateway's own bytes, or the backend's as they arrive.
//!
//! It also carries what ends with the answer: the upstream connection, which goes back to its pool when the backend's
//! body was read to its end, and the record's entry.

use super::pool::TargetPool;
use crate::record::Entry;
use crate::request::RequestBody;
use crate::thread::Thread;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use tokio::time::{Instant, Sleep};

pub struct ResponseBody {
    content: Content,
    carried: Option<(Rc<Thread>, Box<Entry>)>,
}

enum Content {
    Own(Option<Bytes>),
    Upstream(Box<Upstream>),
}

/// A backend's answer on its way.
pub struct Upstream {
    pub incoming: Incoming,
    pub connection: Option<(Rc<TargetPool>, SendRequest<RequestBody>)>,
    /// When the exchange must have ended (`ServiceTimeout` covers the body too).
    pub deadline: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Upstream {
    pub fn new(incoming: Incoming, pool: Rc<TargetPool>, sender: SendRequest<RequestBody>, deadline: Instant) -> Self {
        Self { incoming, connection: Some((pool, sender)), deadline, timer: None }
    }

    /// The connection may be used again only after its answer was read to the end.
    fn ended(&mut self) {
        if let Some((pool, sender)) = self.connection.take() {
            pool.give_back(sender);
        }
    }

    fn expired(&mut self, context: &mut Context<'_>) -> bool {
        let deadline = self.deadline;
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        timer.as_mut().poll(context).is_ready()
    }
}

/// Why an answer broke off after its head was sent.
#[derive(Debug)]
pub enum AnswerError {
    Backend(hyper::Error),
    Timeout,
}

impl std::fmt::Display for AnswerError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AnswerError::Backend(error) => write!(formatter, "the backend's answer broke off: {error}"),
            AnswerError::Timeout => formatter.write_str("the backend's answer did not end in time"),
        }
    }
}

impl std::error::Error for AnswerError {}

impl ResponseBody {
    pub fn empty() -> Self {
        Self { content: Content::Own(None), carried: None }
    }

    pub fn full(bytes: Bytes) -> Self {
        Self { content: Content::Own((!bytes.is_empty()).then_some(bytes)), carried: None }
    }

    pub fn upstream(mut upstream: Upstream) -> Self {
        if upstream.incoming.is_end_stream() {
            upstream.ended();
            return Self::empty();
        }
        Self { content: Content::Upstream(Box::new(upstream)), carried: None }
    }

    /// The record's entry, to be finished with this body.
    pub fn carry(&mut self, thread: Rc<Thread>, entry: Box<Entry>) {
        self.carried = Some((thread, entry));
    }

    fn sent(&mut self, bytes: usize) {
        if let Some((_, entry)) = &mut self.carried {
            entry.response_bytes += bytes as u64;
        }
    }

    fn completed(&mut self) {
        if let Some((_, entry)) = &mut self.carried {
            entry.completed = true;
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = AnswerError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        let body = self.get_mut();
        let polled = match &mut body.content {
            Content::Own(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Content::Upstream(upstream) => match Pin::new(&mut upstream.incoming).poll_frame(context) {
                Poll::Ready(frame) => Poll::Ready(frame.map(|frame| frame.map_err(AnswerError::Backend))),
                Poll::Pending if upstream.expired(context) => Poll::Ready(Some(Err(AnswerError::Timeout))),
                Poll::Pending => Poll::Pending,
            },
        };
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            let length = frame.data_ref().map_or(0, Bytes::len);
            body.sent(length);
        }
        if matches!(polled, Poll::Ready(None)) || body.is_end_stream() {
            body.completed();
            if let Content::Upstream(upstream) = &mut body.content {
                upstream.ended();
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Own(bytes) => bytes.is_none(),
            Content::Upstream(upstream) => upstream.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Own(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Content::Upstream(upstream) => upstream.incoming.size_hint(),
        }
    }
}

/// The answer is over, sent or not: the only place that sees both is the end of its body.
impl Drop for ResponseBody {
    fn drop(&mut self) {
        if let Some((thread, mut entry)) = self.carried.take() {
            entry.completed |= self.is_end_stream();
            thread.recorder.finish(entry);
        }
    }
}
