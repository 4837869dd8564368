//! A connector on its own: `connector '{"socket": …}'`, for work on the connector without Python.

use isthmus_connector::{run_until_signal, Config};

fn main() {
    let text = std::env::args().next_back().unwrap_or_default();
    let outcome = Config::from_json(&text)
        .map_err(|error| error.to_string())
        .and_then(|config| run_until_signal(config).map_err(|error| error.to_string()));
    if let Err(problem) = outcome {
        eprintln!("{problem}");
        std::process::exit(2);
    }
}
