//! The content hash of a set of records, kept up to date one record at a time.
//!
//! The hash of a record is the first 128 bits of SHA-256 over `kind \0 key \0 body`; the hash of a set is the
//! exclusive-or of its members, so order does not matter and a change costs one subtraction and one addition. It finds
//! a node that serves something else than it should; it does not protect against an attacker, who would need the feed's
//! token. SHA-256 because the publisher hashes the whole plan at its start, and Python has it in native code.

use ring::digest::{Context, SHA256};

/// The hash of one record; `body` is the JSON text exactly as it travelled.
pub fn record_digest(kind: &str, key: &str, body: &str) -> u128 {
    let mut context = Context::new(&SHA256);
    for part in [kind.as_bytes(), b"\0", key.as_bytes(), b"\0", body.as_bytes()] {
        context.update(part);
    }
    context.finish().as_ref().iter().take(16).fold(0, |hash, byte| (hash << 8) | u128::from(*byte))
}

/// The hash of a whole set of records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SetDigest(u128);

impl SetDigest {
    /// Adds a record that was not in the set, or takes one out that was.
    pub fn toggle(&mut self, record: u128) {
        self.0 ^= record;
    }

    /// 32 lower-case hexadecimal digits.
    pub fn to_hex(self) -> String {
        format!("{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{record_digest, SetDigest};

    /// The same value is in `tests/unit/plane/test_ledger.py`: both languages hash alike.
    #[test]
    fn hashes_a_record_as_the_publisher_does() {
        let mut set = SetDigest::default();
        set.toggle(record_digest("app", "7", r#"{"name":"é"}"#));
        assert_eq!(set.to_hex(), "5c0b41522908b357d4ad5a89b1468a30");
    }

    #[test]
    fn a_record_taken_out_leaves_nothing_behind() {
        let mut set = SetDigest::default();
        set.toggle(record_digest("app", "7", "{}"));
        set.toggle(record_digest("app", "7", "{}"));
        assert_eq!(set, SetDigest::default());
    }
}
