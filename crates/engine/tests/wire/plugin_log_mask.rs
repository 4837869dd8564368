//! `logMask` through a real socket: what the record of a request shows. Its policies are tested beside the code.

use crate::records::Recording;
use crate::support::docs::example;
use crate::support::plugins::{binding, plugin};
use crate::support::{domain, edition, group, http_backend, Echo};
use serde_json::json;

#[test]
fn the_record_shows_of_the_query_what_the_policies_keep_and_the_backend_gets_it_whole() {
    let echo = Echo::start();
    let records = vec![
        group(),
        domain(),
        edition("api1", "GET", "/masked", http_backend(echo.address), json!({})),
        edition("api2", "GET", "/plain", http_backend(echo.address), json!({})),
        plugin("p1", "logMask", example("logMask")),
        binding("api", "api1", "p1"),
    ];
    let recording = Recording::start("log-mask", records);
    let query = "phone=13800001111&a=1&phone=99";
    let masked = recording.gateway.get(&format!("/masked?{query}"), &[]);
    assert_eq!(masked.seen()["target"], format!("/backend?{query}"));
    assert_eq!(recording.of(&masked).query, "phone=138********&a=1&phone=99");
    let plain = recording.gateway.get(&format!("/plain?{query}"), &[]);
    assert_eq!(recording.of(&plain).query, query);
}
