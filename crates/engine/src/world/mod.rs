//! The plan compiled for serving: what a request looks things up in.
//!
//! All maps are persistent: cloning a world costs a few pointers, and applying a record touches only what depends on
//! it, in a world of ten APIs as in one of a hundred thousand. `apply.rs` changes a world, `routes.rs` finds an API by
//! method and path, `compiled.rs` holds an edition made ready, `credentials.rs` the keys and codes of callers.

mod addresses;
mod apply;
mod certificates;
mod compiled;
mod credentials;
mod domains;
mod instances;
mod plugins;
mod routes;
#[cfg(test)]
mod tests;

pub use addresses::AddressSet;
pub use certificates::ReadyCertificate;
pub use compiled::{path_pieces, CompiledEdition, CompiledParameter, EditionEntry, PathPiece};
pub use credentials::{Caller, KeyCredential};
pub use domains::ReadyDomain;
pub use instances::ReadyInstance;
pub use plugins::ReadyDataset;
pub use routes::{RouteMatch, RouteTable};

use crate::backend::Targets;
use crate::live::Refused;
use crate::plugins::Bound;
use isthmus_plan::{Group, Network, SetDigest, StageVariables, VpcAccess};
use std::sync::Arc;

pub(crate) type Map<K, V> = imbl::GenericHashMap<K, V, foldhash::fast::RandomState, imbl::shared_ptr::DefaultSharedPtr>;

/// Everything an engine serves at one revision.
#[derive(Clone, Default)]
pub struct World {
    pub store: String,
    pub revision: u64,
    groups: Map<Box<str>, Arc<Group>>,
    domains: Map<Box<str>, Arc<ReadyDomain>>,
    instances: Map<Box<str>, Arc<ReadyInstance>>,
    /// By group id: its stages with what each serves.
    tables: Map<Box<str>, Stages>,
    /// Where an edition's record went, by record key: group id and stage.
    edition_places: Map<Box<str>, (Box<str>, Box<str>)>,
    callers: Map<u64, Arc<Caller>>,
    keys: Map<Box<str>, Arc<KeyCredential>>,
    codes: Map<Box<str>, Arc<Caller>>,
    /// By edition key, then by app: when the grant ends (Unix milliseconds).
    grants: Map<Box<str>, Map<u64, Option<i64>>>,
    networks: Map<Box<str>, Arc<Network>>,
    accesses: Map<Box<str>, Arc<Access>>,
    /// By group and stage.
    stage_variables: Map<Box<str>, Arc<StageVariables>>,
    plugins: Map<Box<str>, plugins::KnownPlugin>,
    /// Binding target (`api/<id>/<STAGE>`, `group/…`) → ids of its plug-ins, and the other way round.
    bindings: Map<Box<str>, Map<Box<str>, ()>>,
    plugin_targets: Map<Box<str>, Map<Box<str>, ()>>,
    /// By binding target: what acts there.
    bound: Map<Box<str>, Arc<Bound>>,
    datasets: Map<Box<str>, Arc<ReadyDataset>>,
    certificates: Map<Box<str>, Arc<ReadyCertificate>>,
    /// By group id: the domain for clients that name none.
    default_domains: imbl::GenericOrdMap<Box<str>, Box<str>, imbl::shared_ptr::DefaultSharedPtr>,
    /// Host name or wildcard → certificate id.
    certificate_hosts: Map<Box<str>, Box<str>>,
    refused: Map<RecordName, Refused>,
    digests: Map<RecordName, u128>,
    digest: SetDigest,
}

/// What a group serves in each of its stages.
type Stages = Vec<(Box<str>, Arc<RouteTable>)>;

/// Kind and key as they travelled, so that records of unknown kinds have a name too.
type RecordName = (Box<str>, Box<str>);

/// A VPC access and the revision of its record: a pooled connection belongs to exactly one of them.
pub struct Access {
    pub access: VpcAccess,
    pub revision: u64,
    /// When it has several.
    pub targets: Option<Targets>,
}

impl Access {
    /// Whether its targets are asked how they are.
    pub fn wants_checks(&self) -> bool {
        self.targets.as_ref().is_some_and(|targets| targets.check.is_some())
    }
}

impl World {
    pub fn group(&self, group_id: &str) -> Option<&Arc<Group>> {
        self.groups.get(group_id)
    }

    /// What a group serves in a stage; None when nothing was ever published there.
    pub fn routes(&self, group_id: &str, stage: &str) -> Option<&RouteTable> {
        let stages = self.tables.get(group_id)?;
        stages.iter().find(|(name, _)| **name == *stage).map(|(_, table)| table.as_ref())
    }

    pub fn key(&self, app_key: &str) -> Option<&Arc<KeyCredential>> {
        self.keys.get(app_key)
    }

    pub fn code(&self, app_code: &str) -> Option<&Arc<Caller>> {
        self.codes.get(app_code)
    }

    /// The grant of an app for an edition: None without one, else when it ends (None: never).
    pub fn grant(&self, edition_key: &str, app_id: u64) -> Option<Option<i64>> {
        self.grants.get(edition_key)?.get(&app_id).copied()
    }

    pub fn network(&self, network_id: &str) -> Option<&Arc<Network>> {
        self.networks.get(network_id)
    }

    pub fn networks(&self) -> impl Iterator<Item = &Arc<Network>> {
        self.networks.values()
    }

    pub fn access(&self, name: &str) -> Option<&Arc<Access>> {
        self.accesses.get(name)
    }

    pub fn accesses(&self) -> impl Iterator<Item = &Arc<Access>> {
        self.accesses.values()
    }

    /// The newest revision of an access and its network: what is connected to by an older one is connected no more.
    pub fn access_revision(&self, name: &str) -> Option<u64> {
        let access = self.access(name)?;
        let network = self.network(&access.access.network_id)?;
        Some(access.revision.max(network.revision))
    }

    pub fn stage_variables(&self, group_id: &str, stage: &str) -> Option<&StageVariables> {
        self.stage_variables.get(format!("{group_id}/{stage}").as_str()).map(AsRef::as_ref)
    }

    pub fn refused(&self) -> impl Iterator<Item = &Refused> {
        self.refused.values()
    }

    /// Content hash over all records, refused ones included.
    pub fn digest(&self) -> String {
        self.digest.to_hex()
    }
}
