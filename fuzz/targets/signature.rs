//! The string to sign of any request that HTTP lets through. Input: `METHOD target`, header lines, an empty line, the
//! form.

#![no_main]

use hyper::Request;
use isthmus_engine::request::SignedRequest;
use libfuzzer_sys::fuzz_target;

fn read(bytes: &[u8]) -> Option<(Request<()>, &[u8])> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n")?;
    let (head, form) = (bytes.get(..end)?, bytes.get(end + 2..)?);
    let mut lines = head.split(|byte| *byte == b'\n');
    let mut first = lines.next()?.splitn(2, |byte| *byte == b' ');
    let mut request = Request::builder().method(first.next()?).uri(first.next()?);
    for line in lines {
        let mut sides = line.splitn(2, |byte| *byte == b':');
        request = request.header(sides.next()?, sides.next()?);
    }
    Some((request.body(()).ok()?, form))
}

fuzz_target!(|bytes: &[u8]| {
    let Some((request, form)) = read(bytes) else { return };
    let (head, ()) = request.into_parts();
    let shown = SignedRequest::new(&head, form).shown();
    assert!(shown.starts_with(head.method.as_str()) && !shown.contains('\n'));
});
