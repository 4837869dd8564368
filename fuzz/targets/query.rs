//! Queries and forms, in every charset: as many texts as there are named pairs.
//! Input: a content type, a line feed, the form.

#![no_main]

use hyper::header::{HeaderMap, HeaderValue, CONTENT_TYPE};
use isthmus_engine::request::form;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let (content_type, text) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(content_type) {
        headers.insert(CONTENT_TYPE, value);
    }
    let charset = form::charset(&headers);
    let texts = form::texts(text, charset);
    assert_eq!(texts.len(), form::pairs(text, true).len());
    assert_eq!(texts.len(), form::pairs(text, false).len());
    assert_eq!(texts.len(), form::signed_pairs(text, charset).len());
});
