//! Compresses the body of an answer as it passes.
//!
//! Called by `response.rs` for bodies that the `compression` plug-in chose. What was put in comes out at once where the
//! source has nothing more for now: a compressor that keeps the end of a stream's message would be late. Invariant: one
//! piece of the source goes in at a time, so memory stays within a piece and the compressor's window.

use super::response::{AnswerError, Content};
use bytes::Bytes;
use http_body::Frame;
use isthmus_plan::plugin::Algorithm;
use std::io::{self, Write};
use std::task::{Context, Poll};

/// Fast settings: a gateway compresses what it has just been given, once.
const GZIP_LEVEL: u32 = 5;
const BROTLI_LEVEL: u32 = 4;
/// 256 KB: larger windows cost memory for each answer.
const BROTLI_WINDOW: u32 = 18;
const ZSTD_LEVEL: i32 = 3;
const ZSTD_WINDOW: u32 = 18;

pub struct Compressor {
    encoder: Option<Encoder>,
    /// Whether something went in and did not come out yet.
    holds: bool,
}

enum Encoder {
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Encoder {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Encoder::Gzip(encoder) => encoder,
            Encoder::Brotli(encoder) => encoder,
            Encoder::Zstd(encoder) => encoder,
        }
    }

    fn taken(&mut self) -> Bytes {
        let written = match self {
            Encoder::Gzip(encoder) => encoder.get_mut(),
            Encoder::Brotli(encoder) => return Bytes::from(std::mem::take(encoder.get_mut())),
            Encoder::Zstd(encoder) => encoder.get_mut(),
        };
        Bytes::from(std::mem::take(written))
    }
}

impl Compressor {
    /// # Errors
    /// When the library cannot start.
    pub fn new(algorithm: Algorithm) -> io::Result<Self> {
        let encoder = match algorithm {
            Algorithm::Gzip => {
                Encoder::Gzip(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(GZIP_LEVEL)))
            }
            Algorithm::Br => {
                Encoder::Brotli(Box::new(brotli::CompressorWriter::new(Vec::new(), 4096, BROTLI_LEVEL, BROTLI_WINDOW)))
            }
            Algorithm::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
                encoder.window_log(ZSTD_WINDOW)?;
                Encoder::Zstd(encoder)
            }
        };
        Ok(Self { encoder: Some(encoder), holds: false })
    }

    /// What comes out for a piece of the source; often nothing yet.
    ///
    /// # Errors
    /// What the library says.
    pub fn put(&mut self, piece: &[u8]) -> io::Result<Bytes> {
        let Some(encoder) = &mut self.encoder else { return Ok(Bytes::new()) };
        encoder.writer().write_all(piece)?;
        self.holds |= !piece.is_empty();
        Ok(encoder.taken())
    }

    /// Everything that went in so far; nothing when it came out before.
    ///
    /// # Errors
    /// What the library says.
    pub fn flush(&mut self) -> io::Result<Bytes> {
        let Some(encoder) = self.encoder.as_mut().filter(|_| self.holds) else { return Ok(Bytes::new()) };
        encoder.writer().flush()?;
        self.holds = false;
        Ok(encoder.taken())
    }

    /// The rest, and the end of the format.
    ///
    /// # Errors
    /// What the library says.
    pub fn finish(&mut self) -> io::Result<Bytes> {
        self.holds = false;
        match self.encoder.take() {
            None => Ok(Bytes::new()),
            Some(Encoder::Gzip(encoder)) => encoder.finish().map(Bytes::from),
            Some(Encoder::Brotli(encoder)) => Ok(Bytes::from(encoder.into_inner())),
            Some(Encoder::Zstd(encoder)) => encoder.finish().map(Bytes::from),
        }
    }

    pub fn is_finished(&self) -> bool {
        self.encoder.is_none()
    }
}

/// A body on its way through a compressor.
pub(super) struct Compressed {
    compressor: Compressor,
    /// Read already, and goes in first.
    front: Option<Bytes>,
    source: Content,
    trailers: Option<Frame<Bytes>>,
}

impl Compressed {
    pub fn new(compressor: Compressor, front: Option<Bytes>, source: Content) -> Self {
        Self { compressor, front, source, trailers: None }
    }

    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        loop {
            if self.compressor.is_finished() {
                return Poll::Ready(self.trailers.take().map(Ok));
            }
            let out = match self.next(context) {
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => self.compressor.finish(),
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(piece) => self.compressor.put(&piece),
                    Err(trailers) => {
                        self.trailers = Some(trailers);
                        self.compressor.finish()
                    }
                },
                Poll::Pending => match self.compressor.flush() {
                    Ok(out) if out.is_empty() => return Poll::Pending,
                    flushed => flushed,
                },
            };
            match out {
                Ok(out) if out.is_empty() => {}
                out => return Poll::Ready(Some(out.map(Frame::data).map_err(AnswerError::Compression))),
            }
        }
    }

    fn next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        match self.front.take() {
            Some(front) => Poll::Ready(Some(Ok(Frame::data(front)))),
            None => self.source.poll(context),
        }
    }

    pub fn is_end(&self) -> bool {
        self.compressor.is_finished() && self.trailers.is_none()
    }

    pub fn ended(&mut self) {
        self.source.ended();
    }
}
