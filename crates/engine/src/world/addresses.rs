//! Sets of addresses and CIDR blocks, each perhaps until a time: one walk of at most 32 or 128 steps finds an address,
//! however many blocks there are.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use isthmus_plan::plugin::parse_block;
use prefix_trie::PrefixMap;
use std::net::IpAddr;

/// Values are when a block ends (Unix milliseconds), None for never.
#[derive(Default)]
pub struct AddressSet {
    four: PrefixMap<Ipv4Net, Option<i64>>,
    six: PrefixMap<Ipv6Net, Option<i64>>,
}

impl AddressSet {
    /// # Errors
    /// A text that is neither an address nor a block.
    pub fn of(blocks: &[String]) -> Result<Self, String> {
        let mut set = Self::default();
        for text in blocks {
            set.insert(parse_block(text).ok_or_else(|| text.clone())?, None);
        }
        Ok(set)
    }

    /// The same block twice: the later end counts.
    pub fn insert(&mut self, block: IpNet, end: Option<i64>) {
        let later = |old: Option<&Option<i64>>| match (old.copied(), end) {
            (Some(Some(old)), Some(end)) => Some(old.max(end)),
            (Some(None), _) => None,
            (_, end) => end,
        };
        match block {
            IpNet::V4(block) => drop(self.four.insert(block, later(self.four.get(&block)))),
            IpNet::V6(block) => drop(self.six.insert(block, later(self.six.get(&block)))),
        }
    }

    /// `now` in Unix milliseconds. A narrow block that has ended hides no wide one that has not.
    pub fn contains(&self, address: IpAddr, now: i64) -> bool {
        let in_force = |end: &Option<i64>| end.is_none_or(|end| end > now);
        match address.to_canonical() {
            IpAddr::V4(address) => self.four.cover(&Ipv4Net::from(address)).any(|(_, end)| in_force(end)),
            IpAddr::V6(address) => self.six.cover(&Ipv6Net::from(address)).any(|(_, end)| in_force(end)),
        }
    }
}
