//! The connector's configuration, read once from JSON; every problem names its field.

use serde::Deserialize;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// What a connector is told at its start.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Path of the Unix socket at which engines ask.
    pub socket: PathBuf,
    /// Mode of the socket's file, as text: `"0660"`, or `"0666"` when the directory already keeps others out.
    #[serde(default = "default_mode")]
    pub mode: String,
    /// The addresses that may be reached, each `ip:port`. Either this or `allow_file`.
    #[serde(default)]
    pub allow: Option<Vec<SocketAddr>>,
    /// A file with the same as a JSON list. Read again when it changes; replace it by renaming.
    #[serde(default)]
    pub allow_file: Option<PathBuf>,
    /// Source addresses, used in turn. Empty: the kernel chooses.
    #[serde(default)]
    pub egress: Vec<IpAddr>,
    /// How long one connection may take, in milliseconds.
    #[serde(default = "default_connect_timeout_ms")]
    pub connect_timeout_ms: u64,
    /// The user that a connector started as root becomes.
    #[serde(default)]
    pub run_as: RunAs,
    /// For a laboratory without network namespaces: every address becomes one of this machine's loopback addresses.
    #[serde(default)]
    pub loopback_map: Option<LoopbackMap>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunAs {
    pub uid: u32,
    pub gid: u32,
}

impl Default for RunAs {
    /// `nobody`
    fn default() -> Self {
        Self { uid: 65534, gid: 65534 }
    }
}

/// `a.b.c.d:port` becomes `127.net.c.d:(port + port_offset)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoopbackMap {
    pub net: u8,
    #[serde(default)]
    pub port_offset: u16,
}

impl LoopbackMap {
    pub fn ip(self, address: IpAddr) -> IpAddr {
        match address {
            IpAddr::V4(v4) => {
                let [_, _, c, d] = v4.octets();
                IpAddr::V4(Ipv4Addr::new(127, self.net, c, d))
            }
            IpAddr::V6(_) => address,
        }
    }

    pub fn address(self, address: SocketAddr) -> SocketAddr {
        SocketAddr::new(self.ip(address.ip()), address.port().saturating_add(self.port_offset))
    }
}

/// The field and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(pub String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connector configuration: {}", self.0)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// # Errors
    /// The field and the problem.
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        let config: Self = serde_json::from_str(text).map_err(|error| ConfigError(error.to_string()))?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.allow.is_some() == self.allow_file.is_some() {
            return Err(ConfigError("give either allow (a list) or allow_file (a path)".to_owned()));
        }
        if self.connect_timeout_ms == 0 {
            return Err(ConfigError("connect_timeout_ms must be at least 1".to_owned()));
        }
        if self.run_as.uid == 0 {
            return Err(ConfigError("run_as.uid must not be 0: a connector never serves as root".to_owned()));
        }
        self.file_mode().map(|_| ())
    }

    /// # Errors
    /// When `mode` is not an octal file mode.
    pub fn file_mode(&self) -> Result<u32, ConfigError> {
        u32::from_str_radix(&self.mode, 8)
            .ok()
            .filter(|mode| *mode <= 0o777)
            .ok_or_else(|| ConfigError(format!("mode {:?} is not an octal file mode such as \"0660\"", self.mode)))
    }
}

fn default_mode() -> String {
    "0660".to_owned()
}

fn default_connect_timeout_ms() -> u64 {
    5000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Config::from_json(text).unwrap_err().to_string()
    }

    #[test]
    fn reads_a_full_configuration() {
        let config = Config::from_json(
            r#"{"socket": "/run/a.sock", "mode": "0666", "allow": ["10.0.0.11:80"], "egress": ["10.0.0.250"],
                "connect_timeout_ms": 900, "run_as": {"uid": 1000, "gid": 1000}}"#,
        )
        .unwrap();
        assert_eq!(config.file_mode(), Ok(0o666));
        assert_eq!(config.allow, Some(vec!["10.0.0.11:80".parse().unwrap()]));
        assert_eq!(config.run_as, RunAs { uid: 1000, gid: 1000 });
    }

    #[test]
    fn names_the_field_that_is_wrong() {
        assert!(problem(r#"{"socket": "/s"}"#).contains("either allow"));
        assert!(problem(r#"{"socket": "/s", "allow": [], "allow_file": "/f"}"#).contains("either allow"));
        assert!(problem(r#"{"socket": "/s", "allow": ["shop:80"]}"#).contains("invalid socket address"));
        assert!(problem(r#"{"socket": "/s", "allow": [], "mode": "9"}"#).contains("mode \"9\""));
        assert!(problem(r#"{"socket": "/s", "allow": [], "run_as": {"uid": 0, "gid": 0}}"#).contains("run_as.uid"));
        assert!(problem(r#"{"socket": "/s", "allow": [], "sokcet": 1}"#).contains("unknown field `sokcet`"));
    }
}
