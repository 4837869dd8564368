//! JSON Web Keys (RFC 7517), as far as they verify signatures, with the algorithms that each is good for.
//!
//! The key decides the algorithm and the token has no say in it: an RSA key never becomes the secret of an HMAC.

use super::{scalar, Problems};
use crate::Secret;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::Deserialize;

/// A key that verifies tokens. Members with another purpose (`x5c`, `key_ops`) are ignored.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Jwk {
    /// RSA, EC, OKP or oct.
    pub kty: String,
    /// The name by which a token's header chooses the key.
    #[serde(default, deserialize_with = "scalar::optional")]
    #[schemars(with = "Option<String>")]
    pub kid: Option<String>,
    /// `sig`, when it is there.
    #[serde(default, rename = "use")]
    pub key_use: Option<String>,
    /// The only algorithm the key is for; without it, all that fit the key.
    #[serde(default)]
    pub alg: Option<String>,
    /// RSA: the modulus.
    #[serde(default)]
    pub n: Option<String>,
    /// RSA: the exponent.
    #[serde(default)]
    pub e: Option<String>,
    /// EC: P-256 or P-384; OKP: Ed25519.
    #[serde(default)]
    pub crv: Option<String>,
    /// EC and OKP: the point.
    #[serde(default)]
    pub x: Option<String>,
    /// EC: the point's second coordinate.
    #[serde(default)]
    pub y: Option<String>,
    /// oct: the shared secret.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub k: Option<Secret>,
    #[serde(default)]
    #[schemars(skip)]
    d: Option<IgnoredAny>,
}

/// What a key is made of, decoded.
pub enum KeyMaterial {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// An uncompressed point, or the 32 bytes of an Ed25519 key.
    Point(Vec<u8>),
    Shared(Vec<u8>),
}

impl Jwk {
    pub(super) fn check(&self, field: &str, problems: &mut Problems) {
        if let Err((member, problem)) = self.algorithms().and_then(|_| self.material()) {
            problems.add(format!("{field}.{member}"), problem);
        }
        if self.d.is_some() {
            problems
                .add(format!("{field}.d"), "is the private part, which must stay with who makes tokens; leave it out");
        }
        if self.key_use.as_deref().is_some_and(|purpose| purpose != "sig") {
            problems.add(format!("{field}.use"), "must be sig");
        }
    }

    /// Names of the algorithms that this key may verify.
    ///
    /// # Errors
    /// Which member is wrong, and how.
    pub fn algorithms(&self) -> Result<Vec<&'static str>, (&'static str, String)> {
        const RSA: &[&str] = &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
        let fitting: &[&'static str] = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => RSA,
            ("EC", Some("P-256")) => &["ES256"],
            ("EC", Some("P-384")) => &["ES384"],
            ("OKP", Some("Ed25519")) => &["EdDSA"],
            ("oct", _) => &["HS256", "HS384", "HS512"],
            ("EC", _) => return Err(("crv", "must be P-256 or P-384".to_owned())),
            ("OKP", _) => return Err(("crv", "must be Ed25519".to_owned())),
            _ => return Err(("kty", "must be RSA, EC, OKP or oct".to_owned())),
        };
        match &self.alg {
            None => Ok(fitting.to_vec()),
            Some(wanted) => match fitting.iter().find(|name| **name == wanted.as_str()) {
                Some(name) => Ok(vec![name]),
                None => Err(("alg", format!("{wanted:?} does not fit the key; it can be {}", fitting.join(", ")))),
            },
        }
    }

    /// # Errors
    /// Which member is wrong, and how.
    pub fn material(&self) -> Result<KeyMaterial, (&'static str, String)> {
        let wrong = |member, problem: &str| Err((member, problem.to_owned()));
        match self.kty.as_str() {
            "RSA" => {
                let (n, e) = (decode("n", self.n.as_deref())?, decode("e", self.e.as_deref())?);
                let (n, e) = (without_leading_zeros(n), without_leading_zeros(e));
                match n.len() {
                    256..=1024 => Ok(KeyMaterial::Rsa { n, e }),
                    _ => wrong("n", "must have between 2048 and 8192 bits"),
                }
            }
            "EC" => {
                let length = if self.crv.as_deref() == Some("P-384") { 48 } else { 32 };
                let (x, y) = (decode("x", self.x.as_deref())?, decode("y", self.y.as_deref())?);
                if x.len() != length || y.len() != length {
                    return wrong("x", "x and y must be as long as the curve's coordinates");
                }
                Ok(KeyMaterial::Point([&[4], x.as_slice(), y.as_slice()].concat()))
            }
            "OKP" => match decode("x", self.x.as_deref())? {
                x if x.len() == 32 => Ok(KeyMaterial::Point(x)),
                _ => wrong("x", "must have 32 bytes"),
            },
            _ => match decode("k", self.k.as_ref().map(Secret::reveal))? {
                k if k.len() >= 32 => Ok(KeyMaterial::Shared(k)),
                _ => wrong("k", "must have at least 32 bytes"),
            },
        }
    }
}

fn decode(member: &'static str, text: Option<&str>) -> Result<Vec<u8>, (&'static str, String)> {
    let text = text.ok_or_else(|| (member, "is missing".to_owned()))?;
    let decoded = URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
    decoded.map_err(|_| (member, "is not base64url".to_owned()))
}

fn without_leading_zeros(number: Vec<u8>) -> Vec<u8> {
    number.into_iter().skip_while(|byte| *byte == 0).collect()
}
