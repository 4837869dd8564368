//! Changing a world: one record at a time, touching only what depends on it.
//!
//! A record that cannot be served is noted as refused and changes nothing, except that an edition which was served
//! under the same key becomes broken: to go on serving what was replaced would be a lie.

use super::plugins::Targets;
use super::{Access, Caller, CompiledEdition, EditionEntry, KeyCredential, RouteTable, World};
use crate::backend;
use crate::live::{Batch, BatchRecord, Refused};
use isthmus_plan::{record_digest, App, Edition, Grant, Kind, PlanError, Record, VpcAccess};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Route tables to build anew at the end of a batch: by group and stage, the editions they get (None: removed).
type Routes = BTreeMap<(Box<str>, Box<str>), Vec<(Box<str>, Option<Arc<EditionEntry>>)>>;

/// What a batch leaves to be built anew at its end.
#[derive(Default)]
struct Dirty {
    routes: Routes,
    targets: Targets,
}

impl World {
    pub fn apply(&mut self, batch: Batch) {
        let mut dirty = Dirty::default();
        // First, so that a credential may move from one app to another within a batch, whatever the order.
        for record in batch.records.iter().filter(|record| Kind::from_name(&record.kind) == Some(Kind::App)) {
            record.key.parse().map(|app_id| self.forget_credentials(app_id)).unwrap_or_default();
        }
        for record in batch.records {
            self.apply_record(record, &mut dirty);
        }
        self.rebuild(dirty.routes);
        self.rebind(dirty.targets);
        self.store = batch.store;
        self.revision = batch.revision;
    }

    fn apply_record(&mut self, record: BatchRecord, dirty: &mut Dirty) {
        let name = (record.kind.as_str().into(), record.key.as_str().into());
        if let Some(old) = self.digests.remove(&name) {
            self.digest.toggle(old);
        }
        self.refused.remove(&name);
        let kind = Kind::from_name(&record.kind);
        let Some(body) = record.body else {
            if let Some(kind) = kind {
                self.remove(kind, &record.key, dirty);
            }
            return;
        };
        let digest = record_digest(&record.kind, &record.key, &body);
        self.digest.toggle(digest);
        self.digests.insert(name.clone(), digest);
        let outcome = match kind {
            None => Err(PlanError::new("", "this engine does not know records of this kind; upgrade it")),
            Some(kind) => Record::decode(kind, &record.key, &body)
                .and_then(|decoded| self.put(decoded, record.revision, dirty))
                .inspect_err(|error| self.break_record((kind, &record.key), error, dirty)),
        };
        if let Err(error) = outcome {
            let (kind, key) = (record.kind, record.key);
            self.refused.insert(name, Refused { kind, key, revision: record.revision, reason: error.to_string() });
        }
    }

    fn put(&mut self, record: Record, revision: u64, dirty: &mut Dirty) -> Result<(), PlanError> {
        match record {
            Record::Group(group) => self.put_group(group),
            Record::Domain(domain) => self.put_domain(domain)?,
            Record::Certificate(certificate) => self.put_certificate(&certificate)?,
            Record::Instance(instance) => self.put_instance(instance),
            Record::Edition(edition) => self.put_edition(*edition, dirty)?,
            Record::App(app) => self.put_app(app)?,
            Record::Grant(grant) => self.put_grant(&grant),
            Record::Network(mut network) => {
                network.revision = revision;
                drop(self.networks.insert(network.network_id.as_str().into(), Arc::new(network)));
            }
            Record::VpcAccess(access) => self.put_access(access, revision),
            Record::StageVariables(variables) => {
                drop(self.stage_variables.insert(variables.key().into(), Arc::new(variables)));
            }
            Record::Plugin(plugin) => self.put_plugin(&plugin, &mut dirty.targets)?,
            Record::PluginBinding(binding) => self.put_binding(&binding, &mut dirty.targets),
            Record::Dataset(dataset) => self.put_dataset(&dataset),
        }
        Ok(())
    }

    fn remove(&mut self, kind: Kind, key: &str, dirty: &mut Dirty) {
        match kind {
            Kind::Group => self.remove_group(key),
            Kind::Domain => drop(self.domains.remove(key)),
            Kind::Certificate => self.remove_certificate(key),
            Kind::Instance => drop(self.instances.remove(key)),
            Kind::Edition => self.take_edition(key, None, dirty),
            Kind::App => self.remove_app(key),
            Kind::Grant => self.remove_grant(key),
            Kind::Network => drop(self.networks.remove(key)),
            Kind::VpcAccess => drop(self.accesses.remove(key)),
            Kind::StageVariables => drop(self.stage_variables.remove(key)),
            Kind::Plugin => self.remove_plugin(key, &mut dirty.targets),
            Kind::PluginBinding => self.remove_binding(key, &mut dirty.targets),
            Kind::Dataset => drop(self.datasets.remove(key)),
        }
    }

    fn put_edition(&mut self, edition: Edition, dirty: &mut Dirty) -> Result<(), PlanError> {
        let compiled = CompiledEdition::new(edition)?;
        let key: Box<str> = compiled.edition.record_key().into();
        let place = (compiled.edition.group_id.as_str().into(), compiled.edition.served_as().into());
        if self.edition_places.get(&key).is_some_and(|old| *old != place) {
            self.take_edition(&key, None, dirty);
        }
        self.edition_places.insert(key.clone(), place.clone());
        let entry = Arc::new(EditionEntry::Served(Box::new(compiled)));
        dirty.routes.entry(place).or_default().push((key, Some(entry)));
        Ok(())
    }

    /// Takes an edition out of its table, or puts `instead` there.
    fn take_edition(&mut self, key: &str, instead: Option<Arc<EditionEntry>>, dirty: &mut Dirty) {
        let place =
            if instead.is_some() { self.edition_places.get(key).cloned() } else { self.edition_places.remove(key) };
        if let Some(place) = place {
            dirty.routes.entry(place).or_default().push((key.into(), instead));
        }
    }

    fn break_record(&mut self, (kind, key): (Kind, &str), error: &PlanError, dirty: &mut Dirty) {
        match kind {
            Kind::Edition => self.break_edition(key, error, dirty),
            Kind::Plugin => self.break_plugin(key, &mut dirty.targets),
            _ => {}
        }
    }

    fn break_edition(&mut self, key: &str, error: &PlanError, dirty: &mut Dirty) {
        let Some((group, stage)) = self.edition_places.get(key) else { return };
        let Some(table) = self.routes(group, stage) else { return };
        let (method, path) = match table.editions().get(key).map(Arc::as_ref) {
            Some(EditionEntry::Served(old)) => (old.edition.method.clone(), old.edition.path.clone()),
            Some(EditionEntry::Broken { method, path, .. }) => (method.clone(), path.clone()),
            None => return,
        };
        let broken = EditionEntry::Broken { key: key.into(), method, path, reason: error.to_string().into() };
        self.take_edition(key, Some(Arc::new(broken)), dirty);
    }

    fn rebuild(&mut self, dirty: Routes) {
        for ((group, stage), changes) in dirty {
            let mut stages = self.tables.get(&group).cloned().unwrap_or_default();
            let position = stages.iter().position(|(name, _)| *name == stage);
            let old = position.map(|index| stages.swap_remove(index).1);
            let mut editions = old.map(|table| table.editions().clone()).unwrap_or_default();
            for (key, entry) in changes {
                match entry {
                    Some(entry) => drop(editions.insert(key, entry)),
                    None => drop(editions.remove(&key)),
                }
            }
            if !editions.is_empty() {
                stages.push((stage, Arc::new(RouteTable::build(editions))));
            }
            if stages.is_empty() {
                self.tables.remove(&group);
            } else {
                self.tables.insert(group, stages);
            }
        }
    }

    fn put_access(&mut self, access: VpcAccess, revision: u64) {
        let name: Box<str> = access.name.as_str().into();
        let before = self.accesses.get(&name).and_then(|before| before.targets.as_ref());
        let targets = access.set.as_ref().map(|set| backend::Targets::new(set, before));
        self.accesses.insert(name, Arc::new(Access { access, revision, targets }));
    }

    fn put_app(&mut self, app: App) -> Result<(), PlanError> {
        for (index, pair) in app.keys.iter().enumerate() {
            let owner = self.keys.get(pair.key.as_str()).map(|credential| credential.caller.app.app_id);
            if owner.is_some_and(|owner| owner != app.app_id) {
                return Err(PlanError::new(format!("keys[{index}].key"), "belongs to another app already"));
            }
        }
        for (index, code) in app.codes.iter().enumerate() {
            let owner = self.codes.get(code.reveal()).map(|caller| caller.app.app_id);
            if owner.is_some_and(|owner| owner != app.app_id) {
                return Err(PlanError::new(format!("codes[{index}]"), "belongs to another app already"));
            }
        }
        self.forget_credentials(app.app_id);
        let caller = Arc::new(Caller { app });
        for pair in &caller.app.keys {
            let credential = KeyCredential::new(&pair.key, pair.secret.clone(), Arc::clone(&caller));
            self.keys.insert(pair.key.as_str().into(), Arc::new(credential));
        }
        for code in &caller.app.codes {
            self.codes.insert(code.reveal().into(), Arc::clone(&caller));
        }
        self.callers.insert(caller.app.app_id, caller);
        Ok(())
    }

    fn remove_app(&mut self, key: &str) {
        key.parse().map(|app_id| self.forget_credentials(app_id)).unwrap_or_default();
    }

    fn forget_credentials(&mut self, app_id: u64) {
        let Some(old) = self.callers.remove(&app_id) else { return };
        for pair in &old.app.keys {
            self.keys.remove(pair.key.as_str());
        }
        for code in &old.app.codes {
            self.codes.remove(code.reveal());
        }
    }

    fn put_grant(&mut self, grant: &Grant) {
        let edition_key = format!("{}/{}", grant.api_id, grant.stage);
        let mut apps = self.grants.get(edition_key.as_str()).cloned().unwrap_or_default();
        apps.insert(grant.app_id, grant.expires_at);
        self.grants.insert(edition_key.into(), apps);
    }

    fn remove_grant(&mut self, key: &str) {
        let Some((edition_key, app_id)) = key.rsplit_once('/') else { return };
        let (Some(apps), Ok(app_id)) = (self.grants.get(edition_key), app_id.parse::<u64>()) else { return };
        let mut apps = apps.clone();
        apps.remove(&app_id);
        if apps.is_empty() {
            self.grants.remove(edition_key);
        } else {
            self.grants.insert(edition_key.into(), apps);
        }
    }

    /// Names of the stages in which a group serves something.
    pub fn served_stages(&self, group_id: &str) -> BTreeSet<&str> {
        self.tables.get(group_id).into_iter().flatten().map(|(stage, _)| stage.as_ref()).collect()
    }
}
