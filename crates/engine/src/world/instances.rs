//! Instances made ready: who may connect, how often, and with which TLS.

use super::{AddressSet, World};
use isthmus_plan::plugin::parse_block;
use isthmus_plan::{AccessList, AccessMode, Group, Instance, IpVersion};
use std::net::IpAddr;
use std::sync::Arc;

pub struct ReadyInstance {
    pub instance: Instance,
    four: Option<ReadyList>,
    six: Option<ReadyList>,
}

struct ReadyList {
    mode: AccessMode,
    addresses: AddressSet,
}

impl ReadyInstance {
    fn new(instance: Instance) -> Self {
        let list = |version| instance.access.iter().find(|list| list.version == version).and_then(ReadyList::new);
        let (four, six) = (list(IpVersion::Ipv4), list(IpVersion::Ipv6));
        Self { instance, four, six }
    }

    /// Whether the access lists let an address call. A list binds addresses of its own version of IP only.
    pub fn admits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let list = if address.is_ipv4() { &self.four } else { &self.six };
        list.as_ref().is_none_or(|list| list.addresses.contains(address, 0) == (list.mode == AccessMode::White))
    }
}

impl ReadyList {
    fn new(list: &AccessList) -> Option<Self> {
        let mut addresses = AddressSet::default();
        for block in list.blocks.iter().filter_map(|text| parse_block(text)) {
            addresses.insert(block, None);
        }
        (!list.blocks.is_empty()).then_some(Self { mode: list.mode, addresses })
    }
}

impl World {
    /// The instance of a group; None when nothing is said of it, and so nothing restricts it.
    pub fn instance(&self, group: &Group) -> Option<&Arc<ReadyInstance>> {
        // Most gateways say nothing of any: then nothing is looked up.
        if self.instances.is_empty() {
            return None;
        }
        self.instances.get(group.instance_id.as_str())
    }

    pub(super) fn put_instance(&mut self, instance: Instance) {
        self.instances.insert(instance.instance_id.as_str().into(), Arc::new(ReadyInstance::new(instance)));
    }
}
