//! Who is at the other end: a certificate's subject names the connector and the network it serves; the gateway's
//! authority wrote it, a connector has no say in it.

use x509_cert::der::asn1::{PrintableStringRef, Utf8StringRef};
use x509_cert::der::{Decode, Tag, Tagged};
use x509_cert::Certificate;

/// `CN`, `O` and serial number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub connector_id: String,
    pub network_id: String,
    /// Lower-case hexadecimal.
    pub serial: String,
}

const COMMON_NAME: &str = "2.5.4.3";
const ORGANIZATION: &str = "2.5.4.10";

impl Identity {
    /// # Errors
    /// When the certificate cannot be read or names no connector or network.
    pub fn of(certificate: &[u8]) -> Result<Self, String> {
        let parsed = Certificate::from_der(certificate).map_err(|error| error.to_string())?;
        let content = parsed.tbs_certificate();
        let (mut connector_id, mut network_id) = (None, None);
        for attribute in content.subject().iter() {
            let text = match attribute.value.tag() {
                Tag::Utf8String => {
                    attribute.value.decode_as::<Utf8StringRef<'_>>().map(|text| text.as_str().to_owned())
                }
                _ => attribute.value.decode_as::<PrintableStringRef<'_>>().map(|text| text.as_str().to_owned()),
            };
            match attribute.oid.to_string().as_str() {
                COMMON_NAME => connector_id = text.ok(),
                ORGANIZATION => network_id = text.ok(),
                _ => {}
            }
        }
        let serial = content.serial_number().as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        match (connector_id, network_id) {
            (Some(connector_id), Some(network_id)) => Ok(Self { connector_id, network_id, serial }),
            _ => Err("the certificate names no connector or no network".to_owned()),
        }
    }
}
