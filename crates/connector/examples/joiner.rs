//! A remote connector without Python, for the tests: its configuration is the first argument.

fn main() {
    let text = std::env::args().nth(1).unwrap_or_default();
    let ended =
        isthmus_connector::remote::JoinConfig::from_json(&text).map_err(|error| error.to_string()).and_then(|config| {
            isthmus_connector::remote::run_join(config, std::future::pending()).map_err(|error| error.to_string())
        });
    if let Err(problem) = ended {
        eprintln!("{problem}");
        std::process::exit(1);
    }
}
