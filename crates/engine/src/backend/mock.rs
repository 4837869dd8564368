//! A mock backend: the answer stands in the edition.

use super::ResponseBody;
use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use isthmus_plan::MockHeader;

pub fn answer(status: u16, headers: &[MockHeader], body: &str) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::full(Bytes::copy_from_slice(body.as_bytes())));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    for header in headers {
        // The publisher refuses names and values that are none; what is not one is left out.
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(header.name.as_bytes()), HeaderValue::from_str(&header.value))
        {
            response.headers_mut().append(name, value);
        }
    }
    response
}
