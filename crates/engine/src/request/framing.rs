//! Before stop 3: where a request's body ends must be plain to everyone who reads it. Called once, by `steps`.
//!
//! The HTTP library takes some spellings of `Transfer-Encoding` that another reader on the way would not, or would read
//! as another length; those are refused here, and the refusal closes the connection.

use super::answer::{Kind, Refusal};
use hyper::header::{HeaderMap, TRANSFER_ENCODING};

/// Source: RFC 9112 section 6.1; one coding, the one that every reader knows.
///
/// # Errors
/// `InvalidHeader` for any `Transfer-Encoding` but a single `chunked`.
pub fn check(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let Some(coding) = codings.next() else { return Ok(()) };
    if codings.next().is_some() || !coding.as_bytes().eq_ignore_ascii_case(b"chunked") {
        return Err(Refusal::because(Kind::InvalidHeader, "`Transfer-Encoding` must be `chunked`, once")
            .by("Transfer-Encoding"));
    }
    Ok(())
}
