//! Makes the pictures of the README from the real programs: a server in a folder of its own, students who square, and
//! the full-screen client in a pseudo-terminal, drawn as SVG into `assets/`.
//!
//! `cargo build --workspace && cargo run -p squares --example pictures`

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

const ROWS: u16 = 24;
const COLUMNS: u16 = 92;
/// One cell, in pixels.
const CELL: (f32, f32) = (8.4, 18.0);
const PATIENCE: Duration = Duration::from_secs(20);

fn main() -> anyhow::Result<()> {
    let programs =
        std::env::current_exe()?.parent().and_then(Path::parent).context("no folder of programs")?.to_owned();
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets");
    for (lang, end) in [("ko", ".ko.svg"), ("en", ".svg")] {
        for (view, name) in [
            (View::Join, "join"),
            (View::Room, "room"),
            (View::Light, "light"),
            (View::Chart, "chart"),
            (View::Find, "find"),
            (View::Detail, "detail"),
            (View::Online, "online"),
            (View::Paste, "paste"),
            (View::History, "history"),
            (View::Help, "help"),
        ] {
            let picture = picture(&programs, lang, view)?;
            std::fs::write(assets.join(format!("{name}{end}")), picture)?;
        }
    }
    Ok(())
}

/// What of the room is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum View {
    Join,
    Room,
    /// The room with a light background.
    Light,
    Chart,
    Find,
    Detail,
    Online,
    Paste,
    History,
    Help,
}

impl View {
    fn theme(self) -> &'static str {
        if self == Self::Light { "light" } else { "dark" }
    }
}

/// Ends a program with the scene.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Plays the scene and draws its last frame.
fn picture(programs: &Path, lang: &str, view: View) -> anyhow::Result<String> {
    let folder = tempfile::tempdir()?;
    let names = match lang {
        "ko" => [("20260001", "예시 가람"), ("20260002", "예시 나래"), ("20260003", "예시 다솜")],
        _ => [("20260001", "Sample One"), ("20260002", "Sample Two"), ("20260003", "예시 다솜")],
    };
    let mut server = Running(
        Command::new(programs.join("squares-server"))
            .args(["--listen", "127.0.0.1:7878", "--data"])
            .arg(folder.path().join("data"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("build the programs first: cargo build --workspace")?,
    );
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().context("no output")?).read_line(&mut line)?;
    let address = line.trim().strip_prefix("listening on ").context("the server is not ready")?.to_owned();

    let square = |(id, name): (&str, &str), numbers: &[&str]| -> anyhow::Result<()> {
        let mut command = Command::new(programs.join("squares"));
        command.args(["--server", &address, "--student", id, "--name", name, "--"]).args(numbers).stdout(Stdio::null());
        ensure!(home(&mut command, folder.path()).status()?.success(), "{id} could not square");
        Ok(())
    };
    let stay = |(id, name): (&str, &str)| -> anyhow::Result<Running> {
        let mut command = Command::new(programs.join("squares"));
        command.args(["--server", &address, "--student", id, "--name", name, "--follow"]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Ok(Running(home(&mut command, folder.path()).spawn()?))
    };
    if view == View::Chart {
        for (student, step) in names.into_iter().zip([3, 5, 7]) {
            let numbers: Vec<String> = (-90 / step..=90 / step).map(|at| (at * step).to_string()).collect();
            square(student, &numbers.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
        let mut screen = Screen::open(&programs.join("squares"), &address, Some(names[0]), lang, view, folder.path())?;
        screen.wait_for("7056")?;
        screen.write("\x1b[17~")?;
        screen.wait_for("•")?;
        return Ok(screen.svg());
    }
    square(names[1], &["12", "-5", "1e6", "0.125"])?;
    square(names[2], &["3.14159265358979", "2", "65536", "1,234,567"])?;
    let _others = [stay(names[1])?, stay(names[2])?];

    if view == View::Join {
        let mut screen = Screen::open(&programs.join("squares"), &address, None, lang, view, folder.path())?;
        screen.wait_for(&address)?;
        screen.write("20260001\t")?;
        screen.write(names[0].1)?;
        screen.wait_for(names[0].1)?;
        return Ok(screen.svg());
    }
    let mut screen = Screen::open(&programs.join("squares"), &address, Some(names[0]), lang, view, folder.path())?;
    screen.wait_for("65536")?;
    screen.write("16\r")?;
    screen.wait_for("256")?;
    square(names[1], &["9999999999"])?;
    screen.write("98765432109876543210987654321098765432109876543210\r")?;
    screen.wait_for("= 97")?;
    square(names[2], &["-0.5"])?;
    screen.wait_for("0.25")?;
    screen.write("2.5e3")?;
    screen.wait_for("2.5e3")?;
    screen.wait_for("3")?;
    match view {
        View::Join | View::Room | View::Light | View::Chart => {}
        View::Find => {
            screen.write("\x15/find 25\r")?;
            screen.wait_for("'25'")?;
        }
        View::Detail => {
            // To the number of fifty digits, two above the newest.
            screen.write("\x15\x1b[1;2A\x1b[1;2A\r")?;
            screen.wait_for("98,765,432,109")?;
            screen.write("\x1b[19~")?;
            screen.wait_for("9754610579")?;
        }
        View::Online => {
            screen.write("\x1b[12~")?;
            screen.wait_for("20260003")?;
        }
        View::Paste => {
            screen.write("\x1b[200~1\n1/2\n-2.5\n1,234\n2+3\n１２\n1e3\n\x1b[201~")?;
            screen.wait_for("1/2")?;
        }
        View::History => {
            screen.write("\x12")?;
            screen.write("987")?;
            screen.wait_for("? 987")?;
        }
        View::Help => {
            screen.write("\x15\x1bOP")?;
            screen.wait_for("Ctrl-R")?;
        }
    }
    Ok(screen.svg())
}

/// Keeps a program away from the person's own settings.
fn home<'a>(command: &'a mut Command, folder: &Path) -> &'a mut Command {
    for name in ["HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"] {
        command.env(name, folder);
    }
    command
}

/// The client in a terminal.
struct Screen {
    parser: vt100::Parser,
    light: bool,
    output: mpsc::Receiver<Vec<u8>>,
    input: Box<dyn std::io::Write + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    _terminal: Box<dyn portable_pty::MasterPty + Send>,
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Screen {
    fn open(
        program: &Path,
        server: &str,
        student: Option<(&str, &str)>,
        lang: &str,
        view: View,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let size = PtySize { rows: ROWS, cols: COLUMNS, ..PtySize::default() };
        let pair = native_pty_system().openpty(size)?;
        let mut command = CommandBuilder::new(program);
        command.args(["--server", server, "--lang", lang, "--theme", view.theme()]);
        if let Some((id, name)) = student {
            command.args(["--student", id, "--name", name]);
        }
        for variable in ["HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"] {
            command.env(variable, folder);
        }
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command)?;
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader()?;
        let input = pair.master.take_writer()?;
        let (send, output) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if send.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            light: view == View::Light,
            parser: vt100::Parser::new(ROWS.try_into()?, COLUMNS.try_into()?, 0),
            output,
            input,
            child,
            _terminal: pair.master,
        })
    }

    fn svg(&self) -> String {
        svg(self.parser.screen(), if self.light { LIGHT } else { DARK })
    }

    fn write(&mut self, keys: &str) -> anyhow::Result<()> {
        self.input.write_all(keys.as_bytes())?;
        Ok(self.input.flush()?)
    }

    /// Waits until a text stands on the screen, and the screen rests.
    fn wait_for(&mut self, text: &str) -> anyhow::Result<()> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.output.recv_timeout(Duration::from_millis(300)) {
                Ok(bytes) => self.parser.process(&bytes),
                Err(_) if self.parser.screen().contents().contains(text) => return Ok(()),
                Err(_) => {}
            }
            ensure!(Instant::now() < until, "{text} did not appear:\n{}", self.parser.screen().contents());
        }
    }
}

/// A screen as a picture: runs of cells of the same look, each at its place and of its exact width.
fn svg(screen: &vt100::Screen, own: Own) -> String {
    const MARGIN: f32 = 12.0;
    let (width, height) = (f32::from(COLUMNS) * CELL.0 + 2.0 * MARGIN, f32::from(ROWS) * CELL.1 + 2.0 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" width=\"{width:.0}\" height=\"{height:.0}\" \
         font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,'D2Coding','Noto Sans Mono CJK KR',monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n",
        own.background
    );
    let cursor = screen.cursor_position();
    for row in 0..ROWS {
        let y = MARGIN + f32::from(row) * CELL.1;
        let mut column = 0;
        while column < COLUMNS {
            let start = column;
            let look = Look::of(screen, row, column, cursor, own);
            let wide = screen.cell(row, column).is_some_and(vt100::Cell::is_wide);
            let mut text = String::new();
            // A word ends at a blank: what follows it stands at its own place, whatever the font makes of this one.
            while column < COLUMNS
                && !text.ends_with(' ')
                && Look::of(screen, row, column, cursor, own) == look
                && screen.cell(row, column).is_some_and(vt100::Cell::is_wide) == wide
            {
                let cell = screen.cell(row, column).map(vt100::Cell::contents).unwrap_or_default();
                text.push_str(if cell.is_empty() { " " } else { cell });
                column += if wide { 2 } else { 1 };
            }
            let x = MARGIN + f32::from(start) * CELL.0;
            let length = f32::from(column - start) * CELL.0;
            look.draw(&mut out, &text, (x, y), length);
        }
    }
    out.push_str("</svg>\n");
    out
}

/// The terminal's own colours.
#[derive(Clone, Copy)]
struct Own {
    background: &'static str,
    foreground: &'static str,
}

const DARK: Own = Own { background: "#16181d", foreground: "#d7dae0" };
const LIGHT: Own = Own { background: "#ffffff", foreground: "#1f2328" };

/// How a cell looks.
#[derive(PartialEq)]
struct Look {
    foreground: String,
    background: Option<String>,
    bold: bool,
    underline: bool,
}

impl Look {
    fn of(screen: &vt100::Screen, row: u16, column: u16, cursor: (u16, u16), own: Own) -> Self {
        let Some(cell) = screen.cell(row, column) else {
            return Self { foreground: own.foreground.to_owned(), background: None, bold: false, underline: false };
        };
        let foreground = color(cell.fgcolor()).unwrap_or_else(|| own.foreground.to_owned());
        let background = color(cell.bgcolor());
        let shown_cursor = (row, column) == cursor && !screen.hide_cursor();
        let (foreground, background) = if cell.inverse() || shown_cursor {
            (background.unwrap_or_else(|| own.background.to_owned()), Some(foreground))
        } else {
            (foreground, background)
        };
        Self { foreground, background, bold: cell.bold(), underline: cell.underline() }
    }

    fn draw(&self, out: &mut String, text: &str, (x, y): (f32, f32), length: f32) {
        if let Some(background) = &self.background {
            let height = CELL.1;
            let _ = writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{length:.1}\" height=\"{height}\" fill=\"{background}\"/>"
            );
        }
        if text.trim().is_empty() {
            return;
        }
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        let weight = if self.bold { " font-weight=\"bold\"" } else { "" };
        let line = if self.underline { " text-decoration=\"underline\"" } else { "" };
        let baseline = y + 13.5;
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{baseline:.1}\" textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{weight}{line} xml:space=\"preserve\">{text}</text>",
            self.foreground
        );
    }
}

/// A colour of the terminal as a picture shows it; `None` for the terminal's own.
fn color(color: vt100::Color) -> Option<String> {
    const BASIC: [&str; 16] = [
        "#3b4048", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d7dae0", "#7f848e", "#ef8a92",
        "#b1d196", "#f0d399", "#82c0f5", "#d69be8", "#7bc8d1", "#ffffff",
    ];
    match color {
        vt100::Color::Default => None,
        vt100::Color::Idx(index @ 0..=15) => Some(BASIC[usize::from(index)].to_owned()),
        vt100::Color::Idx(index @ 16..=231) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let index = index - 16;
            Some(format!("#{:02x}{:02x}{:02x}", level(index / 36), level(index / 6 % 6), level(index % 6)))
        }
        vt100::Color::Idx(index) => {
            let grey = 8 + 10 * (index - 232);
            Some(format!("#{grey:02x}{grey:02x}{grey:02x}"))
        }
        vt100::Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
    }
}
