//! Plug-ins, what they are bound to, and the data sets they look into.

use super::{AddressSet, CompiledEdition, Map, World};
use crate::plugins::{Bound, Compiled, Plugins};
use crate::record::About;
use isthmus_plan::plugin::parse_block;
use isthmus_plan::{Dataset, PlanError, Plugin, PluginBinding};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

/// API ids or group ids with scope and stage, as in the key of a binding's record without its plug-in.
pub(super) type Targets = BTreeSet<Box<str>>;

/// A plug-in at this engine; one that cannot be run is known as such.
#[derive(Clone)]
pub(super) struct KnownPlugin {
    name: Box<str>,
    ready: Option<Compiled>,
}

/// A data set made ready: values and when each ends (Unix milliseconds, None: never).
pub struct ReadyDataset {
    values: std::collections::HashMap<Box<str>, Option<i64>, foldhash::fast::RandomState>,
    /// The same as addresses, when that is what they are.
    addresses: AddressSet,
}

impl ReadyDataset {
    fn new(dataset: &Dataset) -> Self {
        let items = dataset.items.iter().map(|item| (item.value.as_str().into(), item.expires_at));
        let mut addresses = AddressSet::default();
        for item in dataset.items.iter().filter(|_| dataset.is_of_blocks()) {
            if let Some(block) = parse_block(&item.value) {
                addresses.insert(block, item.expires_at);
            }
        }
        Self { values: items.collect(), addresses }
    }

    /// Whether a block that is in force has the address.
    pub fn has_address(&self, address: IpAddr, now: i64) -> bool {
        self.addresses.contains(address, now)
    }

    /// `now` in Unix milliseconds.
    pub fn contains(&self, value: &str, now: i64) -> bool {
        self.values.get(value).is_some_and(|end| end.is_none_or(|end| end > now))
    }

    /// The values in force.
    pub fn values(&self, now: i64) -> impl Iterator<Item = &str> {
        let current = move |end: &Option<i64>| end.is_none_or(|end| end > now);
        self.values.iter().filter(move |(_, end)| current(end)).map(|(value, _)| value.as_ref())
    }
}

impl World {
    /// What acts on an edition's requests.
    pub fn plugins(&self, edition: &CompiledEdition) -> Plugins<'_> {
        if self.bound.is_empty() {
            return Plugins::default();
        }
        Plugins {
            api: self.bound.get(&edition.api_target).map(AsRef::as_ref),
            group: self.bound.get(&edition.group_target).map(AsRef::as_ref),
        }
    }

    pub fn dataset(&self, dataset_id: &str) -> Option<&Arc<ReadyDataset>> {
        self.datasets.get(dataset_id)
    }

    pub(super) fn put_dataset(&mut self, dataset: &Dataset) {
        self.datasets.insert(dataset.dataset_id.as_str().into(), Arc::new(ReadyDataset::new(dataset)));
    }

    pub(super) fn put_plugin(&mut self, plugin: &Plugin, targets: &mut Targets) -> Result<(), PlanError> {
        let ready = Compiled::new(plugin)?;
        let known = KnownPlugin { name: plugin.name.as_str().into(), ready: Some(ready) };
        self.plugins.insert(plugin.plugin_id.as_str().into(), known);
        self.touch(&plugin.plugin_id, targets);
        Ok(())
    }

    /// A new definition that cannot be run replaces the old one: what it was bound to refuses.
    pub(super) fn break_plugin(&mut self, plugin_id: &str, targets: &mut Targets) {
        let name = self.plugins.get(plugin_id).map_or_else(|| plugin_id.into(), |known| known.name.clone());
        self.plugins.insert(plugin_id.into(), KnownPlugin { name, ready: None });
        self.touch(plugin_id, targets);
    }

    pub(super) fn remove_plugin(&mut self, plugin_id: &str, targets: &mut Targets) {
        self.plugins.remove(plugin_id);
        self.touch(plugin_id, targets);
    }

    fn touch(&self, plugin_id: &str, targets: &mut Targets) {
        targets.extend(self.plugin_targets.get(plugin_id).into_iter().flat_map(|map| map.keys().cloned()));
    }

    pub(super) fn put_binding(&mut self, binding: &PluginBinding, targets: &mut Targets) {
        if let Some((target, plugin_id)) = binding.key().rsplit_once('/') {
            let put = |map: &mut Map<Box<str>, Map<Box<str>, ()>>, one: &str, other: &str| {
                let mut members = map.get(one).cloned().unwrap_or_default();
                members.insert(other.into(), ());
                map.insert(one.into(), members);
            };
            put(&mut self.bindings, target, plugin_id);
            put(&mut self.plugin_targets, plugin_id, target);
            targets.insert(target.into());
        }
    }

    pub(super) fn remove_binding(&mut self, key: &str, targets: &mut Targets) {
        let Some((target, plugin_id)) = key.rsplit_once('/') else { return };
        let take = |map: &mut Map<Box<str>, Map<Box<str>, ()>>, one: &str, other: &str| {
            let Some(mut members) = map.get(one).cloned() else { return };
            members.remove(other);
            if members.is_empty() {
                map.remove(one);
            } else {
                map.insert(one.into(), members);
            }
        };
        take(&mut self.bindings, target, plugin_id);
        take(&mut self.plugin_targets, plugin_id, target);
        targets.insert(target.into());
    }

    /// Gathers anew what each of the targets has.
    pub(super) fn rebind(&mut self, targets: Targets) {
        for target in targets {
            let Some(members) = self.bindings.get(&target) else {
                self.bound.remove(&target);
                continue;
            };
            let mut bound = Bound::default();
            for plugin_id in members.keys() {
                match self.plugins.get(plugin_id) {
                    Some(KnownPlugin { ready: Some(ready), .. }) => bound.add(ready),
                    known => {
                        let name = known.map_or(plugin_id, |known| &known.name).clone();
                        bound.broken = Some(About { plugin_id: plugin_id.clone(), name, kind: "" });
                    }
                }
            }
            self.bound.insert(target, Arc::new(bound));
        }
    }
}
