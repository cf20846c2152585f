//! The terminal bench: the real `squares` in a terminal of its own, fed by a server that sends results at a chosen
//! rate, and what a person at that terminal would notice: how soon it is there, how soon a key is seen, how far the
//! screen is behind a flood, and what it costs. Every figure is taken only where the answer was right: the key stood
//! in the input line, and the last result on the screen.
//!
//! `cargo bench -p squares --bench terminal` prints the table beside the goals; `-- flood idle` measures only those
//! parts. `cargo test` runs a short form of everything, with the same checks.

#[cfg(target_os = "linux")]
mod figure;
#[cfg(target_os = "linux")]
mod frame;
#[cfg(target_os = "linux")]
mod measure;
#[cfg(target_os = "linux")]
mod process;
#[cfg(target_os = "linux")]
mod room;
#[cfg(target_os = "linux")]
#[path = "../../tests/client/support/mod.rs"]
#[allow(clippy::unwrap_used, dead_code, unused_imports, reason = "what the tests share, of which the terminal is used")]
mod support;
#[cfg(target_os = "linux")]
mod terminal;
#[cfg(target_os = "linux")]
mod tls;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    use std::io::Write as _;

    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let full = arguments.iter().any(|argument| argument == "--bench");
    let extent = if full { measure::Extent::full() } else { measure::Extent::short() };
    let parts: Vec<&str> = arguments.iter().map(String::as_str).filter(|argument| !argument.starts_with('-')).collect();
    match measure::all(&extent, &parts) {
        Ok(figures) => {
            let said = if full {
                figure::table(&figures)
            } else {
                // Without optimisation, and beside other tests, the figures themselves say nothing.
                format!("terminal: {} figures taken, every answer right\n", figures.len())
            };
            let _ = std::io::stdout().write_all(said.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "terminal: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What is measured is read from `/proc`.
#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    ExitCode::SUCCESS
}
