//! Squares of huge numbers beside GMP, the fastest there is, where a C compiler and GMP's header are installed
//! (`libgmp-dev`): from text to text, and the multiplication alone. Both must give the same digits.
//!
//! `cargo bench -p squares-shared --bench gmp` prints the table; `cargo test` checks a short form of it.

use std::{
    error::Error,
    fmt::Write as _,
    io::{self, Write as _},
    path::Path,
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use squares_shared::number::Number;

/// The program that does the same with GMP: reads how often and the number, and tells two times and the square.
const PROGRAM: &str = include_str!("square.c");

/// Digits of the number that is squared, and how often that is done.
const LONG: [(usize, u32); 4] = [(1_000, 20_000), (10_000, 1_000), (100_000, 60), (1_000_000, 6)];
const SHORT: [(usize, u32); 2] = [(1_000, 2), (20_000, 1)];

/// What one way took for a number, in seconds, and the square that it found.
struct Taken {
    text_to_text: f64,
    multiplied: f64,
    square: String,
}

fn main() -> ExitCode {
    let lengths: &[_] = if std::env::args().any(|argument| argument == "--bench") { &LONG } else { &SHORT };
    match compare(lengths) {
        Ok(table) => {
            let _ = io::stdout().write_all(table.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "gmp: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(lengths: &[(usize, u32)]) -> Result<String, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let program = folder.path().join("square");
    let has_gmp = compile(&program)?;
    let mut table = String::from(
        "| digits | text to text µs | GMP µs | ratio | multiplied µs | GMP µs | ratio |\n| --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for &(length, times) in lengths {
        let text = pattern(length);
        let ours = ours(&text, times)?;
        assert!(ours.square.len() >= 2 * length - 1, "a square of {length} digits has about twice as many");
        write!(table, "| {length} | {:.1} |", ours.text_to_text * 1e6)?;
        if has_gmp {
            let gmp = theirs(&program, &text, times)?;
            if gmp.square != ours.square {
                return Err(format!("the squares of {length} digits differ").into());
            }
            let [whole, alone] = [ours.text_to_text / gmp.text_to_text, ours.multiplied / gmp.multiplied];
            let [ours, theirs] = [ours.multiplied * 1e6, gmp.multiplied * 1e6];
            writeln!(table, " {:.1} | {whole:.2} | {ours:.1} | {theirs:.1} | {alone:.2} |", gmp.text_to_text * 1e6)?;
        } else {
            writeln!(table, " – | – | {:.1} | – | – |", ours.multiplied * 1e6)?;
        }
    }
    Ok(table)
}

/// Compiles the program; `false` where the machine has no C compiler, or no GMP.
fn compile(program: &Path) -> io::Result<bool> {
    let mut command = Command::new("cc");
    command.args(["-O2", "-x", "c", "-", "-lgmp", "-o"]).arg(program);
    let started = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut compiler = match started {
        Ok(compiler) => compiler,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if let Some(mut source) = compiler.stdin.take() {
        source.write_all(PROGRAM.as_bytes())?;
    }
    Ok(compiler.wait()?.success())
}

fn ours(text: &str, times: u32) -> Result<Taken, Box<dyn Error>> {
    let parse = || Number::parse(text, text.len());
    let number = parse()?;
    let mut square = String::new();
    let text_to_text = each(times, || {
        if let Ok(number) = parse() {
            square = number.square().to_string();
        }
    });
    let multiplied = each(times, || drop(number.square()));
    Ok(Taken { text_to_text, multiplied, square })
}

fn each(times: u32, mut work: impl FnMut()) -> f64 {
    let begin = Instant::now();
    (0..times).for_each(|_| work());
    begin.elapsed().checked_div(times).unwrap_or(Duration::ZERO).as_secs_f64()
}

fn theirs(program: &Path, text: &str, times: u32) -> Result<Taken, Box<dyn Error>> {
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        writeln!(input, "{times} {text}")?;
    }
    let output = child.wait_with_output()?;
    let said = String::from_utf8(output.stdout)?;
    let mut fields = said.split_whitespace();
    let mut field = || fields.next().ok_or("the program that uses GMP said nothing");
    Ok(Taken { text_to_text: field()?.parse()?, multiplied: field()?.parse()?, square: field()?.to_owned() })
}

/// A number of `length` digits without any pattern, the same in every run.
fn pattern(length: usize) -> String {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut digit = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    (0..length).map(|place| char::from(b'0' + if place == 0 { 7 } else { (digit() % 10) as u8 })).collect()
}
