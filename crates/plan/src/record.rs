//! One keyed record of the plan: what kind, which key, which content.

use crate::{
    App, Certificate, Dataset, Domain, Edition, Grant, Group, Instance, Network, PlanError, Plugin, PluginBinding,
    StageVariables, VpcAccess,
};
use serde::de::DeserializeOwned;

/// What a record is about. The wire spelling is the snake-case name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Group,
    Domain,
    Certificate,
    Instance,
    Edition,
    App,
    Grant,
    Network,
    VpcAccess,
    StageVariables,
    Plugin,
    PluginBinding,
    Dataset,
}

impl Kind {
    pub const ALL: [Kind; 13] = [
        Kind::Group,
        Kind::Domain,
        Kind::Certificate,
        Kind::Instance,
        Kind::Edition,
        Kind::App,
        Kind::Grant,
        Kind::Network,
        Kind::VpcAccess,
        Kind::StageVariables,
        Kind::Plugin,
        Kind::PluginBinding,
        Kind::Dataset,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Group => "group",
            Kind::Domain => "domain",
            Kind::Certificate => "certificate",
            Kind::Instance => "instance",
            Kind::Edition => "edition",
            Kind::App => "app",
            Kind::Grant => "grant",
            Kind::Network => "network",
            Kind::VpcAccess => "vpc_access",
            Kind::StageVariables => "stage_variables",
            Kind::Plugin => "plugin",
            Kind::PluginBinding => "plugin_binding",
            Kind::Dataset => "dataset",
        }
    }

    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Kind and key together identify a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RecordKey {
    pub kind: Kind,
    pub key: Box<str>,
}

/// A record's content after every check.
#[derive(Debug, Clone)]
pub enum Record {
    Group(Group),
    Domain(Domain),
    Certificate(Certificate),
    Instance(Instance),
    Edition(Box<Edition>),
    App(App),
    Grant(Grant),
    Network(Network),
    VpcAccess(VpcAccess),
    StageVariables(StageVariables),
    Plugin(Box<Plugin>),
    PluginBinding(PluginBinding),
    Dataset(Dataset),
}

impl Record {
    /// Reads and checks one record.
    ///
    /// # Errors
    /// `PlanError` names the field: unknown or missing fields, wrong types, values out of range, or a key that does
    /// not belong to the body.
    pub fn decode(kind: Kind, key: &str, body: &str) -> Result<Record, PlanError> {
        let record = match kind {
            Kind::Group => Record::Group(parse(body)?),
            Kind::Domain => Record::Domain(parse(body)?),
            Kind::Certificate => Record::Certificate(parse(body)?),
            Kind::Instance => Record::Instance(parse(body)?),
            Kind::Edition => Record::Edition(Box::new(parse(body)?)),
            Kind::App => Record::App(parse(body)?),
            Kind::Grant => Record::Grant(parse(body)?),
            Kind::Network => Record::Network(parse(body)?),
            Kind::VpcAccess => Record::VpcAccess(parse(body)?),
            Kind::StageVariables => Record::StageVariables(parse(body)?),
            Kind::Plugin => Record::Plugin(Box::new(parse(body)?)),
            Kind::PluginBinding => Record::PluginBinding(parse(body)?),
            Kind::Dataset => Record::Dataset(parse(body)?),
        };
        record.check()?;
        let own = record.key();
        if own != key {
            return Err(PlanError::new("", format!("the body belongs to the key {own:?}, not to {key:?}")));
        }
        Ok(record)
    }

    /// The key under which this content is stored.
    pub fn key(&self) -> String {
        match self {
            Record::Group(group) => group.group_id.clone(),
            Record::Domain(domain) => domain.host.clone(),
            Record::Certificate(certificate) => certificate.certificate_id.clone(),
            Record::Instance(instance) => instance.instance_id.clone(),
            Record::Edition(edition) => edition.record_key(),
            Record::App(app) => app.app_id.to_string(),
            Record::Grant(grant) => format!("{}/{}/{}", grant.api_id, grant.stage, grant.app_id),
            Record::Network(network) => network.network_id.clone(),
            Record::VpcAccess(access) => access.name.clone(),
            Record::StageVariables(variables) => variables.key(),
            Record::Plugin(plugin) => plugin.plugin_id.clone(),
            Record::PluginBinding(binding) => binding.key(),
            Record::Dataset(dataset) => dataset.dataset_id.clone(),
        }
    }

    fn check(&self) -> Result<(), PlanError> {
        match self {
            Record::Group(group) => group.check(),
            Record::Domain(domain) => domain.check(),
            Record::Certificate(certificate) => certificate.check(),
            Record::Instance(instance) => instance.check(),
            Record::Edition(edition) => edition.check(),
            Record::App(app) => app.check(),
            Record::Grant(grant) => grant.check(),
            Record::Network(network) => network.check(),
            Record::VpcAccess(access) => access.check(),
            Record::StageVariables(variables) => variables.check(),
            Record::Plugin(plugin) => plugin.check(),
            Record::PluginBinding(binding) => binding.check(),
            Record::Dataset(dataset) => dataset.check(),
        }
    }
}

fn parse<T: DeserializeOwned>(body: &str) -> Result<T, PlanError> {
    serde_json::from_str(body).map_err(|error| PlanError::new("", error.to_string()))
}
