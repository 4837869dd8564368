//! The engine through real sockets: every test starts its own gateway on ports that the system chose.
//! One program for all of them, because linking the engine once more costs more than running a file's tests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod access_log;
mod app_codes;
mod backends;
mod backends_discovery;
mod backends_functions;
mod backends_targets;
mod backends_tls;
mod charsets;
mod conformance;
mod domains;
mod hostile_backends;
mod hostile_content;
mod hostile_http1;
mod hostile_http2;
mod hostile_identity;
mod hostile_limits;
mod hostile_messages;
mod hostile_paths;
mod hostile_peers;
mod hostile_tls;
mod large_bodies;
mod metrics;
mod models;
mod network_isolation;
mod networks;
mod nonces;
mod open_id;
mod plugin_access_control;
mod plugin_backend_signature;
mod plugin_basic_auth;
mod plugin_caching;
mod plugin_circuit_breaker;
mod plugin_compression;
mod plugin_cors;
mod plugin_error_mapping;
mod plugin_ip_control;
mod plugin_jwt_auth;
mod plugin_remote_auth;
mod plugin_request_validation;
mod plugin_routing;
mod plugin_traffic_control;
mod plugin_transformer;
mod plugins;
mod protocols_http2;
mod protocols_streams;
mod records;
mod refusals;
mod signature_mistakes;
mod signatures;
mod stage_variables;
mod support;
mod two_way;
