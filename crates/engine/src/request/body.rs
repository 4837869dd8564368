//! A request's body: streamed to the backend, or read first where something depends on its content.

use super::answer::{Kind, Refusal};
use super::traffic::Traffic;
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The body of a request on its way to the backend, never longer than the limit.
pub enum RequestBody {
    Streaming { incoming: Incoming, left: u64, traffic: Option<Traffic> },
    Read(Option<Bytes>),
}

/// Why a body could not be passed on.
#[derive(Debug)]
pub enum BodyError {
    TooLarge,
    Client(hyper::Error),
}

impl std::fmt::Display for BodyError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BodyError::TooLarge => formatter.write_str("the request body is longer than the limit"),
            BodyError::Client(error) => write!(formatter, "the client's body could not be read: {error}"),
        }
    }
}

impl std::error::Error for BodyError {}

impl RequestBody {
    pub fn new(incoming: Incoming, limit: u64) -> Self {
        if incoming.is_end_stream() {
            return RequestBody::Read(None);
        }
        RequestBody::Streaming { incoming, left: limit, traffic: None }
    }

    pub fn empty() -> Self {
        RequestBody::Read(None)
    }

    pub fn from_bytes(bytes: Bytes) -> Self {
        RequestBody::Read((!bytes.is_empty()).then_some(bytes))
    }

    /// What tells when something of this body last arrived.
    pub fn watch(&mut self) -> Traffic {
        let started = Traffic::start();
        if let RequestBody::Streaming { traffic, .. } = self {
            *traffic = Some(started.clone());
        }
        started
    }

    /// Reads the whole body and keeps it.
    ///
    /// # Errors
    /// `BodyTooLarge` past the limit, `InvalidBody` when the client does not deliver it.
    pub async fn collect(&mut self, limit: u64) -> Result<&[u8], Refusal> {
        if let RequestBody::Streaming { incoming, .. } = self {
            let mut collected = BytesMut::new();
            while let Some(frame) = std::future::poll_fn(|context| Pin::new(&mut *incoming).poll_frame(context)).await {
                let frame = frame.map_err(|error| Refusal::because(Kind::InvalidBody, error.to_string()))?;
                if let Ok(data) = frame.into_data() {
                    if (collected.len() + data.len()) as u64 > limit {
                        return Err(Refusal::new(Kind::BodyTooLarge));
                    }
                    collected.extend_from_slice(&data);
                }
            }
            *self = RequestBody::from_bytes(collected.freeze());
        }
        Ok(self.collected())
    }

    /// A second one, when all of it is here.
    pub fn copy(&self) -> Option<Self> {
        match self {
            RequestBody::Read(bytes) => Some(RequestBody::Read(bytes.clone())),
            RequestBody::Streaming { .. } => None,
        }
    }

    /// What `collect` read.
    pub fn collected(&self) -> &[u8] {
        match self {
            RequestBody::Read(Some(bytes)) => bytes,
            RequestBody::Read(None) | RequestBody::Streaming { .. } => &[],
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            RequestBody::Read(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            RequestBody::Streaming { incoming, left, traffic } => {
                let polled = Pin::new(incoming).poll_frame(context);
                if let Some(traffic) = traffic.as_ref().filter(|_| polled.is_ready()) {
                    traffic.mark();
                }
                polled.map(|frame| frame.map(|frame| within(frame, left)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            RequestBody::Read(bytes) => bytes.is_none(),
            RequestBody::Streaming { incoming, .. } => incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            RequestBody::Read(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            RequestBody::Streaming { incoming, .. } => incoming.size_hint(),
        }
    }
}

fn within(frame: hyper::Result<Frame<Bytes>>, left: &mut u64) -> Result<Frame<Bytes>, BodyError> {
    let frame = frame.map_err(BodyError::Client)?;
    if let Some(data) = frame.data_ref() {
        *left = left.checked_sub(data.len() as u64).ok_or(BodyError::TooLarge)?;
    }
    Ok(frame)
}
