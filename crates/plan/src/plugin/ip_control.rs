//! `ipControl`: which addresses may call.

use super::{scalar, Problems, Selector};
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::Deserialize;
use std::net::IpAddr;

/// Lets only some addresses call, or turns some away. Source: vendor page "IP address-based access control plug-in".
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IpControl {
    /// ALLOW: only the addresses of `items` may call. REFUSE: they may not.
    #[serde(rename = "type")]
    pub mode: IpMode,
    /// `XFF:n` takes the caller's address from that entry of `X-Forwarded-For` (0 is the first, -1 the last) instead of
    /// the connection. Only for callers behind a proxy of yours that writes the entry.
    #[serde(default)]
    pub resource: Option<Selector>,
    pub items: Vec<IpItem>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum IpMode {
    #[serde(rename = "ALLOW", alias = "allow")]
    Allow,
    #[serde(rename = "REFUSE", alias = "refuse")]
    Refuse,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IpItem {
    /// Addresses and CIDR blocks, IPv4 and IPv6.
    #[serde(default)]
    pub blocks: Vec<String>,
    /// Id of a data set of the type IP_WHITELIST_CIDR with more blocks.
    #[serde(default)]
    pub blocks_dataset_id: Option<String>,
    /// With ALLOW: the item is about this app alone, and other apps are not bound by it. Ignored with REFUSE.
    #[serde(default, deserialize_with = "scalar::optional")]
    #[schemars(with = "Option<u64>")]
    pub app_id: Option<u64>,
}

impl IpControl {
    pub(super) fn check(&self, problems: &mut Problems) {
        if !matches!(self.resource, None | Some(Selector::ForwardedFor(_))) {
            problems.add("resource", "must be XFF:n, as in XFF:-1");
        }
        if self.items.is_empty() {
            problems.add("items", "must have at least one item");
        }
        for (index, item) in self.items.iter().enumerate() {
            if item.blocks.is_empty() && item.blocks_dataset_id.is_none() {
                problems.add(format!("items[{index}].blocks"), "needs blocks, blocksDatasetId or both");
            }
            for (position, block) in item.blocks.iter().enumerate() {
                if parse_block(block).is_none() {
                    let field = format!("items[{index}].blocks[{position}]");
                    problems.add(field, format!("{block:?} is neither an address nor a CIDR block"));
                }
            }
        }
    }
}

/// An address or a CIDR block; an IPv4 address written as IPv6 (`::ffff:1.2.3.4`) is IPv4.
pub fn parse_block(text: &str) -> Option<IpNet> {
    let text = text.trim();
    match text.parse::<IpAddr>() {
        Ok(address) => Some(IpNet::from(address.to_canonical())),
        Err(_) => text.parse::<IpNet>().ok().map(|block| block.trunc()),
    }
}
