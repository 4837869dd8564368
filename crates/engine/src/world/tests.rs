//! What applying a record changes, and what it leaves alone.

use super::*;
use crate::live::{Batch, BatchRecord};
use serde_json::{json, Value};

fn record(kind: &str, key: &str, body: Value) -> BatchRecord {
    let body = (!body.is_null()).then(|| body.to_string().into());
    BatchRecord { kind: kind.to_owned(), key: key.to_owned(), revision: 1, body }
}

fn app(app_id: u64, key: &str, code: &str) -> BatchRecord {
    let body = json!({"app_id": app_id, "name": "a", "keys": [{"key": key, "secret": "s"}], "codes": [code]});
    record("app", &app_id.to_string(), body)
}

fn apply(world: &mut World, records: Vec<BatchRecord>) {
    world.apply(Batch { store: "s".to_owned(), snapshot: false, revision: world.revision + 1, records });
}

fn reasons(world: &World) -> Vec<&str> {
    world.refused().map(|refused| refused.reason.as_str()).collect()
}

#[test]
fn a_credential_belongs_to_one_app_and_may_move_within_a_batch() {
    let mut world = World::default();
    apply(&mut world, vec![app(1, "k", "c"), app(2, "other", "d")]);
    assert_eq!(world.key("k").map(|credential| credential.caller.app.app_id), Some(1));
    apply(&mut world, vec![app(2, "k", "c"), app(1, "new", "e")]);
    assert_eq!(world.key("k").map(|credential| credential.caller.app.app_id), Some(2));
    assert_eq!(world.code("c").map(|caller| caller.app.app_id), Some(2));
    assert!(world.key("other").is_none());
    assert_eq!(reasons(&world), Vec::<&str>::new());
    apply(&mut world, vec![app(3, "k", "f")]);
    assert_eq!(reasons(&world), vec!["keys[0].key: belongs to another app already"]);
    assert_eq!(world.key("k").map(|credential| credential.caller.app.app_id), Some(2));
    apply(&mut world, vec![record("app", "3", Value::Null), record("app", "2", Value::Null)]);
    assert!(world.key("k").is_none() && world.code("c").is_none());
    assert_eq!(reasons(&world), Vec::<&str>::new());
}

#[test]
fn records_that_cannot_be_served_are_refused_alone_and_named() {
    let mut world = World::default();
    let group = json!({"group_id": "g", "name": "n", "instance_id": "i", "region": "r", "stages": ["RELEASE"]});
    let certificate = json!({"certificate_id": "c", "hosts": [], "chain_pem": "x", "key_pem": "y"});
    apply(
        &mut world,
        vec![
            record("no_such_kind", "x", json!({})),
            record("group", "other", group.clone()),
            record("group", "g", group),
            record("domain", "UPPER", json!({"host": "UPPER", "group_id": "g"})),
            record("domain", "blank", json!({"host": "blank", "group_id": ""})),
            record("certificate", "c", certificate),
            record("grant", "a/b/1", json!({"api_id": "a", "stage": "b", "app_id": 1, "surprise": true})),
        ],
    );
    assert!(world.group("g").is_some());
    assert_eq!(world.refused().count(), 6, "{:?}", reasons(&world));
    assert!(reasons(&world).iter().any(|reason| reason.starts_with("group_id: must not be empty")));
    assert!(reasons(&world).iter().any(|reason| reason.contains("unknown field `surprise`")));
}

#[test]
fn the_digest_is_that_of_the_records_whatever_their_order_and_history() {
    let (mut one, mut other) = (World::default(), World::default());
    apply(&mut one, vec![app(1, "a", "b"), app(2, "c", "d")]);
    apply(&mut other, vec![app(2, "x", "y"), app(3, "e", "f")]);
    apply(&mut other, vec![app(2, "c", "d"), record("app", "3", Value::Null)]);
    assert_ne!(one.digest(), other.digest());
    apply(&mut other, vec![app(1, "a", "b")]);
    assert_eq!(one.digest(), other.digest());
}

#[test]
fn grants_come_and_go_one_by_one() {
    let mut world = World::default();
    let grant = |app_id: u64| json!({"api_id": "a", "stage": "RELEASE", "app_id": app_id, "expires_at": 5});
    apply(&mut world, vec![record("grant", "a/RELEASE/1", grant(1)), record("grant", "a/RELEASE/2", grant(2))]);
    assert_eq!(world.grant("a/RELEASE", 1), Some(Some(5)));
    apply(&mut world, vec![record("grant", "a/RELEASE/1", Value::Null)]);
    assert_eq!((world.grant("a/RELEASE", 1), world.grant("a/RELEASE", 2)), (None, Some(Some(5))));
}
