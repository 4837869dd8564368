//! `isthmus._native`: the face that `python/isthmus/native.py` sees. Everything crosses as text (JSON); no logic here.

use isthmus_connector::remote::{self, Authority, HubConfig, JoinConfig};
use isthmus_engine::live::Live;
use isthmus_engine::record::sampled::Sampled;
use isthmus_engine::settings::EngineSettings;
use isthmus_plan::{Definition, Kind, PluginType, Record};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use std::net::SocketAddr;
use std::sync::Arc;

// Request handling allocates small, short-lived objects on one thread; the system allocator costs twice the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// An engine, started once and stopped once.
#[pyclass]
struct Engine {
    settings: Option<EngineSettings>,
    running: Option<isthmus_engine::Engine>,
    // What is left in it can be taken after the engine's end.
    sampled: Option<Arc<Sampled>>,
}

#[pymethods]
impl Engine {
    /// Raises ValueError naming the field when the settings are not an engine's.
    #[new]
    fn new(settings: &str) -> PyResult<Self> {
        let settings = serde_json::from_str(settings).map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(Self { settings: Some(settings), running: None, sampled: None })
    }

    /// Starts serving and returns the addresses as JSON. Raises OSError when an address is taken.
    fn start(&mut self, python: Python<'_>) -> PyResult<String> {
        let settings = self.settings.take().ok_or_else(|| PyRuntimeError::new_err("the engine was started before"))?;
        let started = python.detach(|| isthmus_engine::Engine::start(settings, Arc::new(Live::default())));
        let running = started.map_err(|error| PyOSError::new_err(error.to_string()))?;
        let addresses =
            serde_json::to_string(&running.addresses).map_err(|error| PyRuntimeError::new_err(error.to_string()));
        self.sampled.clone_from(&running.sampled);
        self.running = Some(running);
        addresses
    }

    /// Drains and returns when every thread has ended.
    fn stop(&mut self, python: Python<'_>) {
        if let Some(running) = self.running.take() {
            python.detach(|| running.stop());
        }
    }

    /// The oldest records of sampled requests, so many at most, as JSON texts.
    fn take_sampled(&self, most: usize) -> Vec<String> {
        self.sampled.as_ref().map_or_else(Vec::new, |sampled| sampled.take(most))
    }

    fn alive(&self) -> bool {
        self.running.as_ref().is_some_and(isthmus_engine::Engine::alive)
    }
}

/// Serves as a connector until SIGTERM or SIGINT, after giving up every right. Raises ValueError for a configuration
/// that cannot be used, OSError when it cannot start.
#[pyfunction]
fn run_connector(python: Python<'_>, config: &str) -> PyResult<()> {
    let config =
        isthmus_connector::Config::from_json(config).map_err(|error| PyValueError::new_err(error.to_string()))?;
    python.detach(|| isthmus_connector::run_until_signal(config)).map_err(|error| PyOSError::new_err(error.to_string()))
}

/// Serves as a remote connector until SIGTERM or SIGINT. Raises ValueError for a configuration that cannot be used,
/// OSError when it cannot start or the hub refuses it for good.
#[pyfunction]
fn run_join(python: Python<'_>, config: &str) -> PyResult<()> {
    let config = JoinConfig::from_json(config).map_err(|error| PyValueError::new_err(error.to_string()))?;
    let served = python.detach(|| remote::run_join(config, isthmus_connector::until_signal()));
    served.map_err(|error| PyOSError::new_err(error.to_string()))
}

/// Serves remote connectors until SIGTERM or SIGINT; `answer` (text to text) is asked on other threads, `listening` gets
/// the address once. Raises ValueError for a configuration that cannot be used, OSError when it cannot start.
#[pyfunction]
fn run_hub(python: Python<'_>, config: &str, answer: Py<PyAny>, listening: Py<PyAny>) -> PyResult<()> {
    let config: HubConfig =
        serde_json::from_str(config).map_err(|error| PyValueError::new_err(format!("hub configuration: {error}")))?;
    let authority: Authority = Arc::new(move |text| {
        Python::attach(|python| {
            let answered = answer.call1(python, (text,)).and_then(|answer| answer.extract::<String>(python));
            answered.map_err(|error| error.value(python).to_string())
        })
    });
    let listening = move |address: SocketAddr| {
        Python::attach(|python| {
            if let Err(error) = listening.call1(python, (address.to_string(),)) {
                error.print(python);
            }
        });
    };
    let served = python.detach(|| remote::run_hub(config, authority, listening, isthmus_connector::until_signal()));
    served.map_err(|error| PyOSError::new_err(error.to_string()))
}

/// Checks one plan record as an engine would. Raises ValueError with the field and the problem.
#[pyfunction]
fn check_record(kind: &str, key: &str, body: &str) -> PyResult<()> {
    let kind = Kind::from_name(kind).ok_or_else(|| PyValueError::new_err(format!("no record kind {kind:?}")))?;
    Record::decode(kind, key, body).map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(())
}

/// Every refusal an engine can give, as a JSON list of {code, status, message, fault, retryable}.
#[pyfunction]
fn refusals() -> PyResult<String> {
    let listed: Vec<_> = isthmus_engine::request::answer::Kind::ALL.iter().map(|kind| kind.listed()).collect();
    serde_json::to_string(&listed).map_err(|error| PyRuntimeError::new_err(error.to_string()))
}

/// Every type of plug-in in the order in which they act, as a JSON list of {type, schema}.
#[pyfunction]
fn plugin_types() -> PyResult<String> {
    let types: Vec<_> = PluginType::ALL
        .iter()
        .map(|known| serde_json::json!({ "type": known.name(), "schema": known.schema() }))
        .collect();
    serde_json::to_string(&types).map_err(|error| PyRuntimeError::new_err(error.to_string()))
}

/// Everything that is wrong with a plug-in's definition, as a JSON list of {field, problem}. Raises ValueError when the
/// type is not one of `plugin_types` or the definition is not JSON.
#[pyfunction]
fn check_plugin(plugin_type: &str, definition: &str) -> PyResult<String> {
    let known = PluginType::from_name(plugin_type)
        .ok_or_else(|| PyValueError::new_err(format!("no plug-in type {plugin_type:?}")))?;
    let body = serde_json::from_str(definition).map_err(|error| PyValueError::new_err(error.to_string()))?;
    let problems = Definition::decode(known, body).err().unwrap_or_default();
    let listed: Vec<_> =
        problems.iter().map(|one| serde_json::json!({ "field": one.field, "problem": one.problem })).collect();
    serde_json::to_string(&listed).map_err(|error| PyRuntimeError::new_err(error.to_string()))
}

#[pyfunction]
fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Engine>()?;
    module.add_function(wrap_pyfunction!(run_connector, module)?)?;
    module.add_function(wrap_pyfunction!(run_join, module)?)?;
    module.add_function(wrap_pyfunction!(run_hub, module)?)?;
    module.add_function(wrap_pyfunction!(check_record, module)?)?;
    module.add_function(wrap_pyfunction!(refusals, module)?)?;
    module.add_function(wrap_pyfunction!(plugin_types, module)?)?;
    module.add_function(wrap_pyfunction!(check_plugin, module)?)?;
    module.add_function(wrap_pyfunction!(version, module)?)?;
    Ok(())
}
