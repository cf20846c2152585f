//! What each message of the server means for a run of plain mode.

use std::io;
use std::time::{Duration, Instant};

use squares_shared::message::{ErrorCode, ErrorMessage, FromClient, FromServer, Limits, SquareResult, Welcome};

use super::{End, Over, PATIENCE, Session, Up};
use crate::conversation::Continues;
use crate::event::Lost;
use crate::plain::catch_up::{CatchUp, Next};
use crate::plain::order::Answer;
use crate::plain::output::{as_json, as_text};

impl<O: io::Write, E: io::Write> Session<'_, O, E> {
    /// What a message means; the inner error ends the connection, the outer one the run.
    pub(super) fn message(&mut self, up: &mut Up, message: FromServer, raw: &str) -> Result<Result<(), Over>, End> {
        match message {
            FromServer::Result(result) if up.joined => self.result(up, &result, raw)?,
            FromServer::Welcome(_) if up.joined => {
                return Ok(Err(Lost::NotSquares("it let in whom nobody had asked it to".into()).into()));
            }
            FromServer::Welcome(welcome) => return Ok(self.welcome(up, &welcome)),
            FromServer::History(_) => return self.page(up, raw),
            FromServer::Error(error) => return self.error(up, error),
            FromServer::Bye { .. } => return Ok(Err(Lost::Shutdown.into())),
            _ => {}
        }
        Ok(Ok(()))
    }

    fn welcome(&mut self, up: &mut Up, welcome: &Welcome) -> Result<(), Over> {
        up.joined = true;
        self.was_in = true;
        self.in_since = Some(Instant::now());
        self.note_return();
        if std::mem::take(&mut self.tells.following) {
            let (server, online) = (&self.server, welcome.online.count);
            self.output.complain(&format!("squares: following {server}, {online} online; Ctrl-C ends it"));
        }
        match self.cursor.joined(&up.hello, welcome) {
            Continues::Hole(printed, _) if self.options.follow => {
                self.cursor.rewind(printed);
                fetch(up, CatchUp::new(printed, welcome.latest))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn prints(&self, result: &SquareResult) -> bool {
        self.options.follow || self.is_mine(result)
    }

    fn is_mine(&self, result: &SquareResult) -> bool {
        self.options.student.as_ref() == Some(&result.student)
    }

    fn result(&mut self, up: &Up, result: &SquareResult, raw: &str) -> Result<(), End> {
        let id = result.id.as_ref().filter(|_| self.is_mine(result));
        let mine = id.filter(|id| self.window.finish(id).is_some());
        if mine.is_some() {
            self.went_forward();
        }
        if self.options.follow {
            if let Some(id) = mine {
                self.order.answer(id, Answer::Line(String::new()));
            }
            if up.catch_up.is_none() && self.cursor.take(result.seq) {
                let line = if self.options.json { as_json(raw) } else { as_text(result, true) };
                self.output.line(&line)?;
            }
        } else if let Some(id) = mine {
            let line = if self.options.json { as_json(raw) } else { as_text(result, false) };
            self.order.answer(id, Answer::Line(line));
        }
        Ok(())
    }

    fn page(&mut self, up: &mut Up, raw: &str) -> Result<Result<(), Over>, End> {
        let Some(mut catch_up) = up.catch_up.take() else { return Ok(Ok(())) };
        match catch_up.take(raw) {
            Ok(Next::Ask(request)) => {
                up.connection.say(&FromClient::History(request));
                up.connection.flush();
                up.catch_up = Some(catch_up);
            }
            Ok(Next::Print(found, upto)) => {
                for fetched in found {
                    let json = self.options.json;
                    let line = if json { as_json(&fetched.line) } else { as_text(&fetched.result, true) };
                    self.output.line(&line)?;
                }
                self.cursor.rewind(upto);
                return Ok(fetch(up, catch_up));
            }
            Err(nonsense) => return Ok(Err(Lost::NotSquares(nonsense).into())),
        }
        Ok(Ok(()))
    }

    fn error(&mut self, up: &mut Up, error: ErrorMessage) -> Result<Result<(), Over>, End> {
        let passing = matches!(error.code, ErrorCode::RateLimited | ErrorCode::StorageUnavailable);
        if let Some(id) = error.id.as_ref().filter(|id| self.window.contains(id)) {
            let now = Instant::now();
            match error.code {
                ErrorCode::RateLimited => {
                    if std::mem::take(&mut self.tells.waiting) {
                        let Limits { rate, burst, digit_rate, .. } = up.hello.limits;
                        let digits = match digit_rate {
                            0 => String::new(),
                            digit_rate => format!(", and {digit_rate} digits a second"),
                        };
                        self.output.complain(&format!(
                            "squares: this server takes {rate} {} a second from a student, after {burst} at once{digits}; the rest follows at that pace",
                            if rate == 1 { "square" } else { "squares" }
                        ));
                    }
                    self.window.hold_for_rate(id, error.retry_after_ms.map(Duration::from_millis), now);
                    self.trouble = error.message;
                }
                ErrorCode::StorageUnavailable => {
                    self.window.hold_for_storage(id, now);
                    self.trouble = error.message;
                }
                _ => {
                    if let Some(square) = self.window.finish(id) {
                        self.refused = true;
                        self.went_forward();
                        self.order.answer(id, Answer::Error(square.number, error.message));
                    }
                }
            }
            return Ok(Ok(()));
        }
        match error.code {
            ErrorCode::ServerFull => Ok(Err(Lost::Full.into())),
            ErrorCode::JoinTimeout => Ok(Err(Lost::Closed(Some(error.message)).into())),
            _ if up.joined && up.catch_up.is_none() => Ok(Ok(())),
            // Waiting is worth it, unless it takes longer than patience does.
            ErrorCode::RateLimited if !up.joined && is_soon(error.retry_after_ms) => {
                let wait = error.retry_after_ms.map_or(JOIN_WAIT, Duration::from_millis);
                Ok(Err(Over::HeldUp(wait, error.message)))
            }
            _ if up.joined || (passing && self.was_in) => Ok(Err(Lost::Closed(Some(error.message)).into())),
            _ => {
                let message = error.message;
                let wait = error.retry_after_ms.filter(|_| error.code == ErrorCode::RateLimited);
                let again = wait.map(|wait| format!(" In {} s it may be tried again.", wait.div_ceil(1_000)));
                Err(End::Failed(format!("not let in: {message}{}", again.unwrap_or_default())))
            }
        }
    }
}

/// How long to wait where the server does not say when it lets us in.
const JOIN_WAIT: Duration = Duration::from_secs(1);

fn is_soon(retry_after_ms: Option<u64>) -> bool {
    retry_after_ms.is_none_or(|wait| Duration::from_millis(wait) < PATIENCE)
}

/// Asks for the next page of what was missed.
fn fetch(up: &mut Up, mut catch_up: CatchUp) -> Result<(), Over> {
    let request = catch_up.ask().ok_or(Over::Rejoin)?;
    up.connection.say(&FromClient::History(request));
    up.connection.flush();
    up.catch_up = Some(catch_up);
    Ok(())
}
