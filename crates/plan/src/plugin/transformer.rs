//! `transformer`: changes to the backend request and to the answer.

use super::{scalar, Problems};
use schemars::JsonSchema;
use serde::Deserialize;

/// The request part acts after parameters were mapped, the answer part after `errorMapping`; within each part adding
/// comes first, then putting, then removing. Source: vendor page "Transformer plug-in".
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Transformer {
    /// Added to the backend request unless a parameter of this name is there.
    pub add_request_parameter_if_absent: Vec<RequestParameter>,
    /// Set in the backend request, whatever is there.
    pub put_request_parameter: Vec<RequestParameter>,
    /// Taken out of the backend request.
    pub remove_request_parameter: Vec<RemovedParameter>,
    /// Status of every answer.
    #[serde(deserialize_with = "scalar::optional")]
    #[schemars(with = "Option<u16>", range(min = 200, max = 599))]
    pub set_response_status_code: Option<u16>,
    /// Added to the answer unless it has a header of this name.
    pub add_response_header_if_absent: Vec<ResponseHeader>,
    /// Set in the answer, whatever is there.
    pub put_response_header: Vec<ResponseHeader>,
    /// Taken out of the answer.
    pub remove_response_header: Vec<RemovedHeader>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    #[serde(alias = "Header", alias = "HEADER")]
    Header,
    #[serde(alias = "Query", alias = "QUERY")]
    Query,
    /// A field of an `application/x-www-form-urlencoded` body.
    #[serde(alias = "Form", alias = "FORM")]
    Form,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestParameter {
    pub name: String,
    /// Nothing when it is null or left out.
    #[serde(default, deserialize_with = "scalar::optional")]
    #[schemars(with = "Option<String>")]
    pub value: Option<String>,
    pub location: Place,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemovedParameter {
    pub name: String,
    pub location: Place,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResponseHeader {
    pub name: String,
    /// Nothing when it is null or left out.
    #[serde(default, deserialize_with = "scalar::optional")]
    #[schemars(with = "Option<String>")]
    pub value: Option<String>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemovedHeader {
    pub name: String,
}

impl Transformer {
    pub(super) fn check(&self, problems: &mut Problems) {
        let lists = [
            ("addRequestParameterIfAbsent", &self.add_request_parameter_if_absent),
            ("putRequestParameter", &self.put_request_parameter),
        ];
        for (field, list) in lists {
            for (index, parameter) in list.iter().enumerate() {
                check_parameter(&format!("{field}[{index}]"), &parameter.name, parameter.location, problems);
                check_value(&format!("{field}[{index}]"), parameter, problems);
            }
        }
        for (index, parameter) in self.remove_request_parameter.iter().enumerate() {
            let field = format!("removeRequestParameter[{index}]");
            check_parameter(&field, &parameter.name, parameter.location, problems);
        }
        let headers = [
            ("addResponseHeaderIfAbsent", &self.add_response_header_if_absent),
            ("putResponseHeader", &self.put_response_header),
        ];
        for (field, list) in headers {
            for (index, header) in list.iter().enumerate() {
                let field = format!("{field}[{index}]");
                problems.headers(&format!("{field}.name"), [&header.name]);
                problems.header_value(&format!("{field}.value"), header.value.as_deref());
            }
        }
        for (index, header) in self.remove_response_header.iter().enumerate() {
            problems.headers(&format!("removeResponseHeader[{index}].name"), [&header.name]);
        }
        problems.status("setResponseStatusCode", self.set_response_status_code);
    }

    /// Whether a field of the form is touched, so that the body must be read.
    pub fn reads_form(&self) -> bool {
        let puts = self.add_request_parameter_if_absent.iter().chain(&self.put_request_parameter);
        puts.map(|parameter| parameter.location)
            .chain(self.remove_request_parameter.iter().map(|parameter| parameter.location))
            .any(|place| place == Place::Form)
    }
}

fn check_parameter(field: &str, name: &String, place: Place, problems: &mut Problems) {
    if place == Place::Header {
        problems.headers(&format!("{field}.name"), [name]);
    } else if name.is_empty() {
        problems.add(format!("{field}.name"), "must not be empty");
    }
}

fn check_value(field: &str, parameter: &RequestParameter, problems: &mut Problems) {
    if parameter.location == Place::Header {
        problems.header_value(&format!("{field}.value"), parameter.value.as_deref());
    }
}
