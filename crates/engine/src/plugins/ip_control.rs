//! `ipControl` at work. The address is that of the connection unless the plug-in names an entry of `X-Forwarded-For`.
//!
//! An item with an app waits until the app is known; everything else acts before anyone is identified. Invariant: an
//! address that cannot be told is turned away.

use super::facts::forwarded_for;
use super::Step;
use crate::request::answer::{Kind, Refusal};
use crate::world::AddressSet;
use hyper::http::request::Parts;
use isthmus_plan::plugin::{parse_block, IpControl as Definition, IpMode, Selector};
use isthmus_plan::{PlanError, Plugin};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

pub struct IpControl {
    mode: IpMode,
    /// Which entry of `X-Forwarded-For`.
    forwarded: Option<i32>,
    for_all: Blocks,
    for_apps: HashMap<u64, Blocks>,
}

#[derive(Default)]
struct Blocks {
    inline: AddressSet,
    datasets: Vec<Box<str>>,
    any: bool,
}

impl IpControl {
    pub fn compile(_: &Plugin, definition: &Definition) -> Result<Self, PlanError> {
        let forwarded = match definition.resource {
            Some(Selector::ForwardedFor(entry)) => Some(entry),
            _ => None,
        };
        let (mut for_all, mut for_apps) = (Blocks::default(), HashMap::<u64, Blocks>::new());
        for item in &definition.items {
            let blocks = match item.app_id.filter(|_| definition.mode == IpMode::Allow) {
                Some(app_id) => for_apps.entry(app_id).or_default(),
                None => &mut for_all,
            };
            blocks.any = true;
            blocks.datasets.extend(item.blocks_dataset_id.as_deref().map(Box::from));
            for block in item.blocks.iter().filter_map(|text| parse_block(text)) {
                blocks.inline.insert(block, None);
            }
        }
        Ok(Self { mode: definition.mode, forwarded, for_all, for_apps })
    }

    /// Whether it can decide only when the app is known.
    pub fn is_about_apps(&self) -> bool {
        !self.for_apps.is_empty()
    }

    /// # Errors
    /// `IpDenied`.
    pub fn check(&self, step: &Step<'_, '_>, head: &Parts) -> Result<(), Refusal> {
        let notes = &step.entry.notes;
        notes.rule(if self.mode == IpMode::Allow { "ALLOW" } else { "REFUSE" });
        if let Some(entry) = self.forwarded {
            notes.number("entry of X-Forwarded-For", entry);
        }
        let address = match self.forwarded {
            None => Some(step.peer.address.ip()),
            Some(entry) => forwarded_for(&head.headers, entry).and_then(parse_address),
        };
        let Some(address) = address else {
            return Err(Refusal::new(Kind::IpDenied).with_detail("no address at this place of X-Forwarded-For"));
        };
        notes.number("address", address);
        let passes = match self.mode {
            IpMode::Allow => self.allows(step, address),
            IpMode::Refuse => self.for_all.is_known(step) && !self.for_all.contain(step, address),
        };
        if passes {
            Ok(())
        } else {
            Err(Refusal::new(Kind::IpDenied).with_detail(format!("the address is {address}")))
        }
    }

    /// An item with an app binds that app alone; who is no app is bound by every item.
    fn allows(&self, step: &Step<'_, '_>, address: IpAddr) -> bool {
        if self.for_all.contain(step, address) {
            return true;
        }
        let Some(caller) = step.passage.caller else { return false };
        match self.for_apps.get(&caller.app.app_id) {
            Some(own) => own.contain(step, address),
            None => !self.for_all.any,
        }
    }
}

impl Blocks {
    fn contain(&self, step: &Step<'_, '_>, address: IpAddr) -> bool {
        let now = step.now.unix_ms();
        self.inline.contains(address, now)
            || self.datasets.iter().any(|id| step.world.dataset(id).is_some_and(|set| set.has_address(address, now)))
    }

    /// A data set that is not there can tell of no address that it is not refused.
    fn is_known(&self, step: &Step<'_, '_>) -> bool {
        self.datasets.iter().all(|id| step.world.dataset(id).is_some())
    }
}

/// Proxies write addresses, some with a port or in brackets.
fn parse_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()))
}
