//! The first bytes of a plain connection: HTTP/2 with prior knowledge announces itself with a fixed preface
//! (RFC 9113 section 3.4), everything else is HTTP/1.1. Called by `serve` before anything is parsed.

use super::Spoken;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Reads until it is clear which it is; the bytes are to be read again by whoever serves the connection.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<(Spoken, Vec<u8>)> {
    let mut front = Vec::with_capacity(1024);
    loop {
        if stream.read_buf(&mut front).await? == 0 {
            return match front.is_empty() {
                true => Err(io::ErrorKind::UnexpectedEof.into()),
                false => Ok((Spoken::Http1, front)),
            };
        }
        if !front.iter().zip(PREFACE).all(|(sent, expected)| sent == expected) {
            return Ok((Spoken::Http1, front));
        }
        if front.len() >= PREFACE.len() {
            return Ok((Spoken::Http2, front));
        }
    }
}
