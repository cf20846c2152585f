//! What TLS costs at the terminal: the same real server without and with it, and the client from exec to the room.
//! Called by `measure`.

use std::time::Duration;

use squares::lang::Lang;
use squares::strings::Strings;
use squares_server::{Config, Server, TlsSource};
use tokio::runtime::Runtime;

use crate::figure::{Figure, ms, quantile};
use crate::process::resident;
use crate::support::Home;
use crate::terminal::Terminal;

/// A room of each kind, entered so often.
pub(crate) fn figures(starts: usize) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (called, tls, flags) in [("plain", None, &[][..]), ("inside TLS", Some(TlsSource::SelfSigned), &["--tls"])] {
        let (home, runtime) = (Home::new(), Runtime::new()?);
        let config = Config { listen: "127.0.0.1:0".into(), tls, ..Config::new(home.path().join("data")) };
        let server = runtime.block_on(Server::start(config))?;
        let address = server.local_addr().to_string();
        let (mut painted, mut joined, mut memory) = (Vec::new(), Vec::new(), Vec::new());
        // The first meets a certificate that is new; the others know it.
        for _ in 0..starts {
            let terminal = Terminal::start(&home, &[&["--server", &address], flags].concat());
            painted.push(terminal.until_shows(Strings::of(Lang::Ko).program)? - terminal.0.started);
            joined.push(terminal.until_in()? - terminal.0.started);
            terminal.0.rest(Duration::from_millis(300));
            memory.push(resident(terminal.pid())?);
        }
        runtime.block_on(server.stop());
        memory.sort_by(f64::total_cmp);
        figures.extend([
            Figure::new(format!("{called}: first paint after exec, p50"), ms(quantile(&mut painted, 0.5)), "ms"),
            Figure::new(format!("{called}: in the room after exec, p50"), ms(quantile(&mut joined, 0.5)), "ms"),
            Figure::new(format!("{called}: resident, ready, p50"), memory[memory.len() / 2], "MiB"),
        ]);
    }
    Ok(figures)
}
