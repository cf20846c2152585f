//! The full screen, also where standard output is no terminal but a pipe to an emulator. Under wine nothing else can be
//! looked at, since its console shows no sequences; `tests/client/wine.rs` runs it there. Its argument is the address
//! at which a room is, or is hosted.

use std::io::{self, Write as _};
use std::process::ExitCode;

use squares::app::Setup;
use squares::lang::Lang;
use squares::link::{KnownHosts, LinkOptions};
use squares::run::{self, RoomOptions};
use squares::store::settings;
use squares::terminal::Modes;
use squares::terminal::clipboard::Through;
use squares::terminal::notification::Notifier;

fn main() -> ExitCode {
    let default_address = std::env::args().nth(1).unwrap_or_else(|| squares::address::DEFAULT_ADDRESS.to_owned());
    let state = settings::state_folder();
    let options = RoomOptions {
        setup: Setup { lang: Lang::En, ..Setup::default() },
        link: LinkOptions {
            server: None,
            default_address,
            data: None,
            outbox: state.as_deref().map(|state| state.join("outbox")),
            pin: None,
            trust: None,
            known: KnownHosts::default(),
            watch: None,
        },
        modes: Modes { mouse: true, ..Modes::default() },
        may_ask: false,
        through: Through::default(),
        notifier: Notifier::default(),
        state,
    };
    run::run(options).unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "screen: {error}");
        ExitCode::FAILURE
    })
}
