//! The load bench: the real `squares-server` as a process of its own, a crowd of clients, and its cost for each line that
//! it delivers, beside a floor (the bare system calls) and, where it is installed, Redis. Every line that any client gets is
//! checked: none may be missing, doubled or out of order.
//!
//! `cargo bench -p squares-server --bench load` prints the table; `-- --clients 1000,10000` chooses how many clients.
//! `cargo test` runs a short form of everything, with the same checks.

mod crowd;
mod floor;
mod measure;
mod phases;
mod process;
mod redis;
mod table;

use std::process::ExitCode;

/// What is asked on the command line.
struct Asked {
    /// Clients in the phases that have many, one table for each.
    clients: Vec<usize>,
    /// How long each phase is watched, in seconds.
    seconds: f64,
    /// How often everything is run.
    runs: usize,
}

impl Asked {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut asked = Self { clients: vec![20], seconds: 0.2, runs: 1 };
        let mut chosen = None;
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            let wrong = |error: &dyn std::fmt::Display| error.to_string();
            match &*argument {
                "--bench" => (asked.clients, asked.seconds) = (vec![1000], 4.0),
                "--clients" => {
                    let many = value()?.split(',').map(str::parse).collect::<Result<Vec<usize>, _>>();
                    chosen = Some(many.map_err(|error| wrong(&error))?);
                }
                "--seconds" => asked.seconds = value()?.parse().map_err(|error| wrong(&error))?,
                "--runs" => asked.runs = value()?.parse().map_err(|error| wrong(&error))?,
                // What `cargo test` hands to every test program, such as a filter, chooses nothing here.
                _ => {}
            }
        }
        asked.clients = chosen.unwrap_or(asked.clients);
        Ok(asked)
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.peek().is_some_and(|first| first == floor::MODE) {
        return floor::serve(arguments.skip(1));
    }
    let outcome = Asked::read(arguments).map_err(Into::into).and_then(|asked| phases::run(&asked));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            table::say(&format!("load: {error}"));
            ExitCode::FAILURE
        }
    }
}
