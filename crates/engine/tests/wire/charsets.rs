//! Forms in other charsets than UTF-8: signature, mapping and plug-ins read the same texts.

use crate::support::plugins::{binding, plugin};
use crate::support::{
    app, app_auth, domain, edition, grant, group, http_backend, Answer, Echo, Gateway, APP_KEY, APP_SECRET,
};
use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use ring::hmac;
use serde_json::json;

fn gateway(echo: &Echo) -> Gateway {
    let parameter = json!({"name": "city", "location": "body", "parameter_type": "string", "required": true,
        "constraint": {"max_length": 2}});
    let mapped = json!({"auth": app_auth(), "request_mode": "mapping", "body_format": "form", "parameters": [parameter],
        "mappings": [{"source": {"request": "city"}, "location": "body", "name": "city"}]});
    Gateway::start(vec![
        group(),
        domain(),
        app(),
        grant("api1"),
        edition("api1", "POST", "/a", http_backend(echo.address), mapped),
    ])
}

/// A form of this content type, signed over the texts as UTF-8.
fn send(gateway: &Gateway, content_type: &str, body: &[u8], texts: &str) -> Answer {
    let string = format!("POST\n\n\n{content_type}\n\n/a?{texts}");
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, APP_SECRET.as_bytes()), string.as_bytes());
    let signature = STANDARD.encode(tag.as_ref());
    let headers = [("Content-Type", content_type), ("X-Ca-Key", APP_KEY), ("X-Ca-Signature", &signature)];
    gateway.send("POST", "/a", &headers, body)
}

const FORM: &str = "application/x-www-form-urlencoded";

#[test]
fn a_form_is_read_in_the_charset_of_its_content_type() {
    let echo = Echo::start();
    let gateway = gateway(&echo);
    for (charset, body) in [
        ("; charset=GBK", &b"city=%BA%BC%D6%DD"[..]),
        ("; Charset=\"gb2312\"", b"city=\xba\xbc\xd6\xdd"),
        ("; charset=utf-8", "city=杭州".as_bytes()),
        ("", b"city=%E6%9D%AD%E5%B7%9E"),
        ("; charset=nonsense", b"city=%E6%9D%AD%E5%B7%9E"),
    ] {
        let answer = send(&gateway, &format!("{FORM}{charset}"), body, "city=杭州");
        assert_eq!(answer.status, 200, "{charset}: {answer:?}");
        assert_eq!(answer.seen()["body"], "city=%E6%9D%AD%E5%B7%9E", "backends get UTF-8");
    }
}

#[test]
fn conditions_see_the_same_text() {
    let echo = Echo::start();
    let mut gateway = gateway(&echo);
    let rules =
        json!({"parameters": {"city": "Form:city"}, "rules": [{"condition": "$city = '杭州'", "ifTrue": "DENY"}]});
    gateway.apply(vec![plugin("p1", "accessControl", rules), binding("api", "api1", "p1")]);
    assert_eq!(send(&gateway, &format!("{FORM}; charset=gbk"), b"city=%BA%BC%D6%DD", "city=杭州").code(), "A403AC");
    assert_eq!(send(&gateway, &format!("{FORM}; charset=big5"), b"city=%A4%A4", "city=中").status, 200);
}

#[test]
fn bytes_that_are_no_text_break_nothing() {
    let echo = Echo::start();
    let gateway = gateway(&echo);
    for charset in ["utf-16le", "iso-2022-jp", "replacement", "x-user-defined", "gb18030"] {
        let answer = send(&gateway, &format!("{FORM}; charset={charset}"), b"city=%FF%FE%00&%=%&=&&", "city=a");
        assert_eq!(answer.code(), "A403IS", "{charset}");
    }
}
