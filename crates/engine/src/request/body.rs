//! A request's body: streamed to the backend, or read first where something depends on its content.

use super::answer::{Kind, Refusal};
use super::pace::Pace;
use super::traffic::Traffic;
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// The body of a request on its way to the backend, never longer than the limit.
pub enum RequestBody {
    Streaming(Streaming),
    Read(Option<Bytes>),
}

/// A body as the client sends it.
pub struct Streaming {
    incoming: Incoming,
    received: u64,
    limit: u64,
    pace: Pace,
    /// Of a stream, which may be silent for longer than a body.
    traffic: Option<Traffic>,
}

/// Why a body could not be passed on.
#[derive(Debug)]
pub enum BodyError {
    TooLarge,
    TooSlow,
    Client(hyper::Error),
}

impl BodyError {
    pub fn refusal(&self) -> Refusal {
        match self {
            BodyError::TooLarge => Refusal::new(Kind::BodyTooLarge).by("request_body_limit"),
            BodyError::TooSlow => Refusal::because(Kind::InvalidBody, "it was sent too slowly").by("client_timeout"),
            BodyError::Client(error) => {
                let refusal = Refusal::because(Kind::InvalidBody, "it was not sent to its end");
                refusal.by("Content-Length").with_detail(error.to_string())
            }
        }
    }
}

impl std::fmt::Display for BodyError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BodyError::TooLarge => formatter.write_str("the request body is longer than the limit"),
            BodyError::TooSlow => formatter.write_str("the client sends its body too slowly"),
            BodyError::Client(error) => write!(formatter, "the client's body could not be read: {error}"),
        }
    }
}

impl std::error::Error for BodyError {}

impl RequestBody {
    /// At most `limit` bytes; the client may keep silent for `silence`.
    pub fn new(incoming: Incoming, limit: u64, silence: Duration) -> Self {
        if incoming.is_end_stream() {
            return RequestBody::Read(None);
        }
        RequestBody::Streaming(Streaming { incoming, received: 0, limit, pace: Pace::new(silence), traffic: None })
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
        if let RequestBody::Streaming(streaming) = self {
            streaming.traffic = Some(started.clone());
        }
        started
    }

    /// Reads the whole body and keeps it.
    ///
    /// # Errors
    /// `BodyTooLarge` past the limit, `InvalidBody` when the client does not deliver it.
    pub async fn collect(&mut self, limit: u64) -> Result<&[u8], Refusal> {
        if let RequestBody::Streaming(streaming) = self {
            let mut collected = BytesMut::new();
            while let Some(frame) = std::future::poll_fn(|context| streaming.poll(context)).await {
                let frame = frame.map_err(|error| error.refusal())?;
                if let Ok(data) = frame.into_data() {
                    if (collected.len() + data.len()) as u64 > limit {
                        return Err(Refusal::new(Kind::BodyTooLarge)
                            .by("request_body_limit")
                            .telling("bytes allowed", limit));
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
            RequestBody::Streaming(_) => None,
        }
    }

    /// What `collect` read.
    pub fn collected(&self) -> &[u8] {
        match self {
            RequestBody::Read(Some(bytes)) => bytes,
            RequestBody::Read(None) | RequestBody::Streaming(_) => &[],
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            RequestBody::Read(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            RequestBody::Streaming(streaming) => streaming.poll(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            RequestBody::Read(bytes) => bytes.is_none(),
            RequestBody::Streaming(streaming) => streaming.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            RequestBody::Read(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            RequestBody::Streaming(streaming) => streaming.incoming.size_hint(),
        }
    }
}

impl Streaming {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match Pin::new(&mut self.incoming).poll_frame(context) {
            Poll::Pending => match &self.traffic {
                None if self.pace.is_too_slow(self.received, context) => Poll::Ready(Some(Err(BodyError::TooSlow))),
                _ => Poll::Pending,
            },
            Poll::Ready(frame) => {
                match &self.traffic {
                    Some(traffic) => traffic.mark(),
                    None => self.pace.arrived(),
                }
                Poll::Ready(frame.map(|frame| self.counted(frame)))
            }
        }
    }

    fn counted(&mut self, frame: hyper::Result<Frame<Bytes>>) -> Result<Frame<Bytes>, BodyError> {
        let frame = frame.map_err(BodyError::Client)?;
        self.received += frame.data_ref().map_or(0, |data| data.len() as u64);
        if self.received > self.limit {
            return Err(BodyError::TooLarge);
        }
        Ok(frame)
    }
}
