//! The content hash of a set of records, kept up to date one record at a time.
//!
//! The hash of a record is a 128-bit FNV-1a over `kind \0 key \0 body`; the hash of a set is the exclusive-or of its
//! members, so order does not matter and a change costs one subtraction and one addition. It finds a node that
//! serves something else than it should; it does not protect against an attacker, who would need the feed's token.

const OFFSET: u128 = 0x6c62272e07bb014262b821756295c58d;
const PRIME: u128 = 0x0000000001000000000000000000013b;

/// The hash of one record; `body` is the JSON text exactly as it travelled.
pub fn record_digest(kind: &str, key: &str, body: &str) -> u128 {
    [kind.as_bytes(), b"\0", key.as_bytes(), b"\0", body.as_bytes()]
        .iter()
        .flat_map(|part| part.iter())
        .fold(OFFSET, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
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
