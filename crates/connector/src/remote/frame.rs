//! What hub and connector say to each other: JSON texts, each behind its length (four bytes, big endian).

use crate::protocol::PACKET_LIMIT;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io;
use std::net::IpAddr;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The first text on a connection, and what follows on the one for control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum ToHub {
    /// Without a certificate: a one-time token for one. `request` is a PKCS #10 request as PEM.
    Enrol {
        token: String,
        request: String,
        name: String,
    },
    /// This connection is for control.
    Control {
        about: About,
    },
    /// This connection waits for a backend; from here on `protocol::Request` and `protocol::Reply` are spoken, and
    /// behind a reply of success the backend's own bytes.
    Tunnel,
    /// A new certificate for the same connector.
    Renew {
        request: String,
    },
    Pong,
    /// No further tunnels will come; those in use end by themselves.
    Leaving,
}

/// What a connector says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    pub version: String,
    /// The addresses that backends see.
    pub egress: Vec<IpAddr>,
    pub allow_count: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum ToConnector {
    /// Control is accepted; tunnels may come.
    Welcome {
        connector_id: String,
    },
    /// PEM, and after how many seconds to ask for the next one.
    Certificate {
        certificate: String,
        authority: String,
        renew_after_s: u64,
    },
    Refused {
        problem: String,
    },
    /// Requests wait: this many tunnels beyond the usual are wanted.
    More {
        count: usize,
    },
    Ping,
}

/// # Errors
/// When the connection breaks.
pub async fn write(stream: &mut (impl AsyncWrite + Unpin), text: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_vec(text).map_err(io::Error::other)?;
    let length = u32::try_from(text.len()).map_err(io::Error::other)?;
    let mut bytes = length.to_be_bytes().to_vec();
    bytes.extend_from_slice(&text);
    stream.write_all(&bytes).await?;
    stream.flush().await
}

/// Reads exactly one text and nothing behind it.
///
/// # Errors
/// When the connection ends or breaks, or the text is too long or none of this language.
pub async fn read<T: DeserializeOwned>(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<T> {
    let length = usize::try_from(stream.read_u32().await?).map_err(io::Error::other)?;
    if length > PACKET_LIMIT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a text of {length} bytes is too long")));
    }
    let mut text = vec![0; length];
    stream.read_exact(&mut text).await?;
    serde_json::from_slice(&text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_text_arrives_as_it_was_sent_and_leaves_what_is_behind_it() {
        let mut bytes = Vec::new();
        write(&mut bytes, &ToHub::Tunnel).await.unwrap();
        bytes.extend_from_slice(b"GET /");
        let mut rest = bytes.as_slice();
        assert_eq!(read::<ToHub>(&mut rest).await.unwrap(), ToHub::Tunnel);
        assert_eq!(rest, b"GET /");
    }

    #[tokio::test]
    async fn texts_that_are_too_long_or_unknown_are_refused() {
        for bytes in [&b"\xff\xff\xff\xff"[..], b"\0\0\0\x02{}", b"\0\0\0\x05nope", b"\0\0\0\x01"] {
            assert!(read::<ToHub>(&mut &*bytes).await.is_err(), "{bytes:?}");
        }
    }
}
