//! The program `squares`: reads the flags, and hands over to the full-screen client or to plain mode.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::CommandFactory as _;
use squares::address::DEFAULT_ADDRESS;
use squares::app::Setup;
use squares::config::{Config, Notify};
use squares::event::Pin;
use squares::flags::{Flags, Subcommand};
use squares::host;
use squares::keys::{Action, Keymap};
use squares::lang::{Lang, system_locale};
use squares::link::{self, KnownHosts, Rootless, Trust};
use squares::plain::{self, Numbers};
use squares::present::{BACKLOG, WallSetup};
use squares::store::settings::{self, Remembered};
use squares::terminal::clipboard::Through;
use squares::terminal::notification::Notifier;
use squares::terminal::{Modes, code_page, is_bare};
use squares::theme::{Appearance, Choice, Depth, Rgb};
use squares::{run, time_zone};

/// What a guest without a terminal is told.
const GUEST_NEEDS_TERMINAL: &str = "a guest needs a terminal; with ssh, add -t and no command: ssh -t USER@HOST";

/// The exit code for bad usage.
const BAD_USAGE: u8 = 2;

fn main() -> ExitCode {
    let flags = match Flags::read() {
        Ok(flags) => flags,
        Err(error) => {
            // Where nobody reads the help or the error, the code says it.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(BAD_USAGE));
        }
    };
    run(flags).unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "squares: {error}");
        ExitCode::from(BAD_USAGE)
    })
}

/// # Errors
/// Bad usage that the flags alone do not show, in a line.
fn run(flags: Flags) -> Result<ExitCode, String> {
    if let Some(Subcommand::Completions(completions)) = &flags.command {
        return Ok(completions.print(Flags::command()).map_or_else(
            |error| {
                let _ = writeln!(io::stderr(), "squares: cannot write the completions: {error}");
                ExitCode::FAILURE
            },
            |()| ExitCode::SUCCESS,
        ));
    }
    if flags.present {
        return present(flags);
    }
    let trust = trust(&flags)?;
    let (typing, seeing) = (io::stdin().is_terminal(), io::stdout().is_terminal());
    if flags.guest {
        // Nothing is read from a pipe, and nothing else is done for whoever has no terminal.
        return if typing && seeing {
            Ok(full_screen(flags, guest_config(), trust))
        } else {
            Err(GUEST_NEEDS_TERMINAL.into())
        };
    }
    if flags.numbers.is_empty() && !flags.json && !flags.follow && typing && seeing {
        let config = Config::read(flags.config.as_deref()).map_err(|error| error.to_string())?;
        return Ok(full_screen(flags, config, trust));
    }
    if let Some(given) = &flags.config {
        // Nothing in it matters here, but who names a file wants to know that it is not there.
        Config::read(Some(given)).map_err(|error| error.to_string())?;
    }
    let student = flags.student.filter(|student| !student.is_empty());
    // Who only wants to see needs none.
    let watches = flags.follow && flags.numbers.is_empty();
    // From a pipe there may come no number at all, which needs none either.
    if student.is_none() && !watches && (typing || !flags.numbers.is_empty()) {
        return Err(plain::NEEDS_STUDENT.to_owned());
    }
    // Somebody who only wants to follow is not asked for numbers on the terminal.
    let only_follow = flags.follow && typing;
    Ok(plain::run(plain::PlainOptions {
        trust,
        known: known(false),
        server: flags.server.unwrap_or_else(|| DEFAULT_ADDRESS.to_owned()),
        student,
        name: flags.name.filter(|name| !name.is_empty()),
        pin: pin(),
        json: flags.json,
        follow: flags.follow,
        numbers: if flags.numbers.is_empty() && !only_follow {
            Numbers::StandardInput
        } else {
            Numbers::These(flags.numbers)
        },
    }))
}

fn full_screen(flags: Flags, config: Config, trust: Option<Trust>) -> ExitCode {
    let guest = flags.guest;
    let state = if guest { None } else { settings::state_folder() };
    let remembered = state.as_deref().map(settings::read).unwrap_or_default();
    let lang = lang(&flags, &config, &remembered);
    let term = variable("TERM");
    let appearance = appearance(&flags, &config, &remembered);
    // A terminal that says that it knows nothing, or does not say what it is, gets lines without a single sequence.
    let bare = cfg!(unix) && is_bare(&term);
    let notify = match flags.notify.or(config.notify).unwrap_or_default() {
        _ if bare => Notify::Off,
        // No desktop is around it.
        Notify::Desktop if is_console(&term) => Notify::Bell,
        notify => notify,
    };
    // Where a server is named, none is hosted.
    let server = flags.server.or_else(|| guest.then(|| DEFAULT_ADDRESS.to_owned()));
    let through = Through::from_environment(variable);
    // GNU screen keeps the Esc key back until the next one while it hands on the mouse.
    let in_screen = through == Through::Screen || through == Through::PerhapsScreen && !variable("STY").is_empty();
    let linear = flags.linear || bare;
    // Lines have no place to click on.
    let mouse = !linear && !flags.no_mouse && config.mouse.unwrap_or(!in_screen);
    let (time_zone, unknown_time_zone) = time_zone::find();
    let setup = Setup {
        lang,
        appearance,
        notify,
        ascii: flags.ascii || code_page::draws_wide(&variable),
        student: flags.student.filter(|student| !student.is_empty()),
        name: flags.name.filter(|name| !name.is_empty()),
        server: server.clone(),
        data: if guest { None } else { host::data_folder() },
        pin: pin(),
        remembered,
        size: (0, 0),
        time_zone,
        unknown_time_zone,
        unread_settings: config.unread,
        keymap: config.keymap,
        mouse,
        in_tmux: !variable("TMUX").is_empty(),
        can_copy: !bare,
        guest,
    };
    let link = link::LinkOptions {
        trust,
        known: known(guest),
        server,
        default_address: DEFAULT_ADDRESS.to_owned(),
        data: None,
        outbox: state.as_deref().map(|state| state.join("outbox")),
        pin: pin(),
        watch: None,
    };
    let modes = Modes {
        mouse,
        focus: notify != Notify::Off,
        title: notify == Notify::Title,
        linear,
        bare,
        xterm: !variable("XTERM_VERSION").is_empty(),
    };
    let may_ask = !is_console(&term) && !modes.linear;
    let notifier = Notifier::from_environment(variable);
    let options = run::RoomOptions { setup, link, modes, may_ask, through, notifier, state };
    run::run(options).unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "squares: cannot use this terminal: {error}");
        ExitCode::FAILURE
    })
}

/// Shows the room on the wall.
///
/// # Errors
/// Where there is no screen, or the settings cannot be used, in a line.
fn present(flags: Flags) -> Result<ExitCode, String> {
    let term = variable("TERM");
    let on_screen = io::stdin().is_terminal() && io::stdout().is_terminal();
    if !on_screen || cfg!(unix) && is_bare(&term) {
        return Err("--present needs a terminal with a screen; --follow prints the results as lines".to_owned());
    }
    let config = Config::read(flags.config.as_deref()).map_err(|error| error.to_string())?;
    let remembered = settings::state_folder().as_deref().map(settings::read).unwrap_or_default();
    let trust = trust(&flags)?;
    let appearance = appearance(&flags, &config, &remembered);
    let lang = lang(&flags, &config, &remembered);
    let server = flags.server.unwrap_or_else(|| DEFAULT_ADDRESS.to_owned());
    let ascii = flags.ascii || code_page::draws_wide(&variable);
    let setup = WallSetup { lang, appearance, ascii, server: server.clone(), tls: trust.is_some() };
    let link = link::LinkOptions {
        trust,
        known: known(false),
        // Named, so that none is hosted: a wall takes no part in the room, and does not hold it open either.
        server: Some(server),
        default_address: DEFAULT_ADDRESS.to_owned(),
        data: None,
        outbox: None,
        pin: None,
        watch: Some(BACKLOG),
    };
    let modes = Modes { xterm: !variable("XTERM_VERSION").is_empty(), ..Modes::default() };
    let options = run::WallOptions { setup, link, modes, may_ask: !is_console(&term) };
    run::present(options).map_err(|error| format!("cannot use this terminal: {error}"))
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// Whether this is the console of Linux, or knows less. It is black, and old ones print a question for the background.
fn is_console(term: &str) -> bool {
    matches!(term, "linux" | "dumb")
}

fn lang(flags: &Flags, config: &Config, remembered: &Remembered) -> Lang {
    let chosen = flags.lang.or(config.lang).or(remembered.lang);
    chosen.unwrap_or_else(|| Lang::from_environment(|name| std::env::var(name).ok(), system_locale))
}

fn appearance(flags: &Flags, config: &Config, remembered: &Remembered) -> Appearance {
    let term = variable("TERM");
    // What is chosen for this run or for this program goes before NO_COLOR, and that before what was chosen once in
    // the room.
    let no_colour = (!variable("NO_COLOR").is_empty()).then_some(Choice::Mono);
    let choice = flags.theme.or(config.theme).or(no_colour).or(remembered.theme).unwrap_or_default();
    let background = if is_console(&term) { Some(Rgb(0, 0, 0)) } else { Rgb::from_environment(&variable("COLORFGBG")) };
    // Windows Terminal names its session to programs in WSL too.
    let is_of_windows = !variable("WT_SESSION").is_empty() || cfg!(windows) && term.is_empty();
    let depth = Depth::of(&variable("COLORTERM"), &term, is_of_windows);
    Appearance { choice, depth, background, names: config.names.unwrap_or_default() }
}

/// Whose certificates to trust, where TLS was asked for.
///
/// # Errors
/// Where the root that was given cannot be used, which is no fault of any server; one line that says why.
fn trust(flags: &Flags) -> Result<Option<Trust>, String> {
    if !flags.tls && flags.tls_ca.is_none() && flags.fingerprint.is_none() {
        return Ok(None);
    }
    let rootless = match &flags.fingerprint {
        Some(fingerprint) => Rootless::Fingerprint(fingerprint.clone()),
        None if flags.guest => Rootless::Never,
        None => Rootless::FirstSeen,
    };
    let trust = Trust { ca: flags.tls_ca.clone(), known: known(flags.guest), rootless };
    trust.check().map_err(|why| format!("{why}; give the certificate that the server's leads to, as PEM"))?;
    Ok(Some(trust))
}

/// What servers showed of themselves before; of a guest's nothing is known, and nothing is kept.
fn known(guest: bool) -> KnownHosts {
    let state = if guest { None } else { settings::state_folder() };
    KnownHosts::at(state.map(|folder| folder.join("known-servers")))
}

/// What a guest has in place of settings: the usual, without the key that would stop the program.
fn guest_config() -> Config {
    let keymap = Keymap::with(&[(Action::Suspend, Vec::new())]).unwrap_or_default();
    Config { keymap, ..Config::default() }
}

/// The PIN is no flag: flags are seen by everybody on the machine.
fn pin() -> Option<Pin> {
    std::env::var("SQUARES_PIN").ok().map(Pin::new).filter(|pin| !pin.text().is_empty())
}
