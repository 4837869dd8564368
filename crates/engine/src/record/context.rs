//! Where a request stands in a distributed trace: the ids of its spans, and the header that tells the backend of them.
//!
//! Only requests that are sampled have one: those whose caller has sampled them, and of those that come without a
//! trace some by chance. Everybody else's headers go through untouched. Source: W3C Trace Context, level 2.

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Serialize, Serializer};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
const SAMPLED: u8 = 1;

/// Ids of one request's spans. No id is 0, but for the parent of a trace that begins here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TraceContext {
    #[serde(serialize_with = "hex32")]
    pub trace_id: u128,
    #[serde(serialize_with = "hex16")]
    pub parent: u64,
    /// The gateway's span of the whole request.
    #[serde(serialize_with = "hex16")]
    pub span: u64,
    /// The gateway's span of the call of the backend.
    #[serde(serialize_with = "hex16")]
    pub backend_span: u64,
}

impl TraceContext {
    /// The context of a request that is sampled; a trace that begins here has the request's id for its own.
    pub fn of(headers: &HeaderMap, request_id: u128, by_chance: impl FnOnce() -> bool) -> Option<Self> {
        let (trace_id, parent) = match parent(headers) {
            Some((_, _, flags)) if flags & SAMPLED == 0 => return None,
            Some((trace_id, parent, _)) => (trace_id, parent),
            None if by_chance() => (request_id, 0),
            None => return None,
        };
        Some(Self { trace_id, parent, span: fastrand::u64(1..), backend_span: fastrand::u64(1..) })
    }

    /// Tells the backend that the gateway's call of it is what its own spans belong to.
    pub fn put(&self, headers: &mut HeaderMap) {
        let text = format!("00-{:032x}-{:016x}-01", self.trace_id, self.backend_span);
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(TRACEPARENT, value);
        }
        if self.parent == 0 {
            // The state of a trace that was none.
            headers.remove(TRACESTATE);
        }
    }

    pub fn to_bytes(self) -> [u8; 40] {
        let mut bytes = [0; 40];
        let parts = self.trace_id.to_be_bytes().into_iter();
        let parts = parts.chain([self.parent, self.span, self.backend_span].into_iter().flat_map(u64::to_be_bytes));
        bytes.iter_mut().zip(parts).for_each(|(place, byte)| *place = byte);
        bytes
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (trace_id, rest) = bytes.split_first_chunk()?;
        let (parent, rest) = rest.split_first_chunk()?;
        let (span, rest) = rest.split_first_chunk()?;
        Some(Self {
            trace_id: u128::from_be_bytes(*trace_id),
            parent: u64::from_be_bytes(*parent),
            span: u64::from_be_bytes(*span),
            backend_span: u64::from_be_bytes(*rest.first_chunk()?),
        })
    }
}

/// Trace, parent and flags of the caller; None when there is no header, more than one, or one that does not hold.
fn parent(headers: &HeaderMap) -> Option<(u128, u64, u8)> {
    let mut given = headers.get_all(TRACEPARENT).iter();
    let text = given.next()?.to_str().ok()?;
    if given.next().is_some() {
        return None;
    }
    let mut parts = text.split('-');
    let version = u8::try_from(hex(parts.next()?, 2)?).ok()?;
    let trace_id = hex(parts.next()?, 32).filter(|id| *id != 0)?;
    let parent = u64::try_from(hex(parts.next()?, 16)?).ok().filter(|id| *id != 0)?;
    let flags = u8::try_from(hex(parts.next()?, 2)?).ok()?;
    // Later versions may have more to say behind this.
    let fits = match version {
        0 => parts.next().is_none(),
        u8::MAX => false,
        _ => true,
    };
    fits.then_some((trace_id, parent, flags))
}

/// So many lower-case digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let plain = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    u128::from_str_radix(text, 16).ok().filter(|_| plain)
}

fn hex32<S: Serializer>(id: &u128, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{id:032x}"))
}

fn hex16<S: Serializer>(id: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{id:016x}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

    use super::*;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(TRACEPARENT, HeaderValue::from_str(value).unwrap());
        }
        headers.insert(TRACESTATE, HeaderValue::from_static("vendor=1"));
        headers
    }

    #[test]
    fn a_sampled_trace_goes_on_with_a_span_of_ours() {
        let mut sent = headers(&[GIVEN]);
        let context = TraceContext::of(&sent, 7, || panic!("the caller has decided")).unwrap();
        assert_eq!(
            (context.trace_id, context.parent),
            (0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736, 0x00f0_67aa_0ba9_02b7)
        );
        context.put(&mut sent);
        let expected = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{:016x}-01", context.backend_span);
        assert_eq!(sent[TRACEPARENT], *expected);
        assert_eq!(sent[TRACESTATE], "vendor=1");
        assert_eq!(TraceContext::from_bytes(&context.to_bytes()), Some(context));
    }

    #[test]
    fn a_trace_that_is_not_sampled_is_left_alone() {
        assert_eq!(TraceContext::of(&headers(&[&GIVEN.replace("-01", "-00")]), 7, || true), None);
        assert_eq!(TraceContext::of(&HeaderMap::new(), 7, || false), None);
    }

    #[test]
    fn a_parent_that_does_not_hold_is_none() {
        let wrong = [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        ];
        for text in wrong {
            let mut sent = headers(&[text]);
            let begun = TraceContext::of(&sent, 7, || true).unwrap();
            assert_eq!((begun.trace_id, begun.parent), (7, 0), "{text}");
            begun.put(&mut sent);
            assert!(!sent.contains_key(TRACESTATE));
        }
        assert!(TraceContext::of(&headers(&[GIVEN, GIVEN]), 7, || false).is_none(), "twice");
        let later = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more";
        assert!(TraceContext::of(&headers(&[later]), 7, || false).is_some(), "a later version");
    }
}
