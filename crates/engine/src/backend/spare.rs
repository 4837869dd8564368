//! A second one of a request that may be sent twice, kept while the first one is under way.
//!
//! `http` and `http2` keep one where the connection may end before an answer through nobody's fault. It is kept for
//! nearly every call and needed for hardly any: it costs two allocations, and becomes a request only when it is sent.

use crate::request::RequestBody;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Request, Uri};

pub struct Spare {
    method: Method,
    uri: Uri,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: RequestBody,
}

impl Spare {
    /// None when the method says that it may not come twice (RFC 9110, section 9.2.2), or the body is not here.
    pub fn of(request: &Request<RequestBody>) -> Option<Self> {
        let body = request.method().is_idempotent().then(|| request.body().copy()).flatten()?;
        let headers = request.headers();
        let mut copied = Vec::with_capacity(headers.len());
        copied.extend(headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        Some(Self { method: request.method().clone(), uri: request.uri().clone(), headers: copied, body })
    }

    pub fn into_request(self) -> Request<RequestBody> {
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.uri;
        request.headers_mut().reserve(self.headers.len());
        for (name, value) in self.headers {
            request.headers_mut().append(name, value);
        }
        request
    }
}
