//! Plain mode: numbers from the command line or standard input, their squares on standard output, for scripts and
//! pipes; and `--follow`, which prints everybody's results. Called by `main`.
//!
//! [`run`] owns the outside world: input, output, signals and the clock. `session` is the talk with the
//! server, with whatever losses of connection it takes.

mod catch_up;
mod input;
mod order;
mod output;
mod session;

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use output::Printer;
use session::{End, PlainRun, Tells};

use crate::link::{KnownHosts, Trust};
use crate::pin::Pin;
use crate::{signals, terminal};

/// What is wrong where a number is to be squared for nobody.
pub const NEEDS_STUDENT: &str = "a student id is needed here; give it with --student or in SQUARES_STUDENT";

/// What plain mode is asked to do.
#[derive(Clone)]
pub struct PlainOptions {
    /// The server, or several of one room, as [`read_servers`](crate::address::read_servers) gives them.
    pub server: String,
    /// The student id; none to watch without taking part, which `follow` can.
    pub student: Option<String>,
    /// The name to be shown, where the server has no roster.
    pub name: Option<String>,
    /// The PIN, where one was given.
    pub pin: Option<Pin>,
    /// Whom to trust inside TLS; none: without TLS.
    pub trust: Option<Trust>,
    /// Which servers spoke TLS before: without it, none of them gets a PIN.
    pub known: KnownHosts,
    /// Print results as JSON.
    pub json: bool,
    /// Print everybody's results until interrupted.
    pub follow: bool,
    /// Where the numbers come from.
    pub numbers: Numbers,
}

/// Where the numbers come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Numbers {
    /// These, from the command line.
    These(Vec<String>),
    /// Lines of standard input.
    StandardInput,
}

/// Runs to the end. The exit code is 0 where everything was squared, 1 where a number was refused, and 3 where there
/// is no server or it did not let the student in.
#[must_use]
pub fn run(options: PlainOptions) -> ExitCode {
    let mut output = Printer::new(io::stdout(), io::stderr());
    // What is only worth knowing to somebody who waits has no place among the errors that a script collects. Of a run
    // without an end, somebody reads those later.
    let somebody = io::stderr().is_terminal();
    let tells = Tells {
        waiting: somebody,
        join_throttled: true,
        absence: somebody || options.follow,
        following: somebody && options.follow,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let end = match runtime {
        Ok(runtime) => {
            let end = runtime.block_on(follow_or_finish(options, tells, &mut output));
            // Standard input may be silent for ever, and the thread that reads it ends with the process.
            runtime.shutdown_background();
            // One that asks for a PIN must not leave the terminal blind.
            squares_shared::prompt::call_off();
            end
        }
        Err(error) => End::Failed(format!("cannot start: {error}")),
    };
    match end {
        End::AllSquared | End::Closed | End::Interrupted => ExitCode::SUCCESS,
        End::SomeRefused => ExitCode::from(1),
        End::Nobody => {
            output.complain(&format!("squares: {NEEDS_STUDENT}"));
            ExitCode::from(2)
        }
        End::Unwritable(error) => {
            output.complain(&format!("squares: cannot write to standard output: {error}"));
            ExitCode::from(1)
        }
        End::Failed(why) => {
            output.complain(&format!("squares: {}", output::printable(&why)));
            ExitCode::from(3)
        }
    }
}

async fn follow_or_finish<O: io::Write, E: io::Write>(
    options: PlainOptions,
    tells: Tells,
    output: &mut Printer<O, E>,
) -> End {
    let given = match &options.numbers {
        Numbers::These(numbers) => Ok(input::arguments(numbers.clone())),
        Numbers::StandardInput => input::lines(io::stdin()),
    };
    let given = match given {
        Ok(given) => given,
        Err(error) => return End::Failed(format!("cannot read standard input: {error}")),
    };
    let interrupted = interrupted(options.follow);
    let reader = io::stdout();
    let end = tokio::select! {
        biased;
        () = interrupted => End::Interrupted,
        // Who has read enough should not have to wait for the next result to be rid of us.
        () = terminal::gone(&reader) => End::Closed,
        end = PlainRun::new(options, tells, given, output).run() => end,
    };
    match output.flush() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => End::Unwritable(error),
        _ => end,
    }
}

/// Ends at SIGINT or SIGTERM, where these end a run that is meant to last; a run that has an end of its own is just
/// stopped by them.
async fn interrupted(follow: bool) {
    if follow && let Ok(mut signals) = signals::hear_interrupts() {
        signals.recv().await;
    } else {
        std::future::pending::<()>().await;
    }
}
