//! What each event of the conversation means for a run of plain mode.

use std::io;
use std::time::{Duration, Instant};

use squares_shared::line::Line;
use squares_shared::message::{ErrorCode, ErrorMessage, FromClient, Limits, Square, SquareResult, Welcome, to_line};

use super::{End, Over, PATIENCE, PlainRun};
use crate::conversation::{ConnectionError, Continues, LinkEvent, PageOwner, Pending};
use crate::plain::catch_up::CatchUp;
use crate::plain::order::Answer;
use crate::plain::output::{as_json, as_text};

/// How long to wait where the server does not say when it lets us in.
const JOIN_WAIT: Duration = Duration::from_secs(1);

impl<O: io::Write, E: io::Write> PlainRun<'_, O, E> {
    /// What an event means; `line` is what it came from.
    pub(super) fn handle(&mut self, event: LinkEvent, line: Line<'_>) -> Result<(), Over> {
        match event {
            LinkEvent::Joined { welcome, continues } => self.joined(&welcome, continues),
            LinkEvent::JoinRefused(error) => return self.join_refused(error),
            LinkEvent::Results(results) => results.iter().try_for_each(|result| self.result(result, true, line))?,
            // The result was passed over, because it was seen before; its line is at hand.
            LinkEvent::Answered { .. } => {
                if let Ok(result) = serde_json::from_str(&text(line)) {
                    self.result(&result, false, line)?;
                }
            }
            LinkEvent::Rejected { pending, error } => {
                self.went_forward();
                self.refuse(&pending.id, pending.number, error.message);
            }
            LinkEvent::Throttled { error, .. } => self.throttled(error),
            LinkEvent::Page { .. } => self.page(line)?,
            LinkEvent::Refused(error) if self.catch_up.is_some() => {
                return Err(ConnectionError::Closed(Some(error.message)).into());
            }
            _ => {}
        }
        Ok(())
    }

    /// Squares that were not sent have their answer.
    pub(super) fn tell_unsent(&mut self) {
        let limit = self.conversation.hello().map_or(0, |hello| hello.limits.line);
        while let Some(event) = self.conversation.next_event() {
            match event {
                // Errors are kept in logs: the number does not stand in it.
                LinkEvent::Withheld(id) => {
                    let why = "this is the PIN in use, so it was not sent: everybody would see it";
                    self.refuse(&id, "***".to_owned(), why.to_owned());
                }
                LinkEvent::Rejected { pending: Pending { id, number }, .. } => {
                    let square = Square { number: number.clone(), id: Some(id.clone()) };
                    let length = to_line(&FromClient::Square(square)).len() - 1;
                    let why = format!(
                        "too long: {length} bytes on a line, and this server takes {limit}; give a shorter number"
                    );
                    self.refuse(&id, number, why);
                }
                _ => {}
            }
        }
    }

    fn refuse(&mut self, id: &str, number: String, why: String) {
        self.refused = true;
        self.conversation.take_finished();
        self.order.answer(id, Answer::Error(number, why));
    }

    fn joined(&mut self, welcome: &Welcome, continues: Continues) {
        self.note_return();
        if std::mem::take(&mut self.tells.following) {
            let (server, online) = (&self.server, welcome.online.count);
            self.output.complain(&format!("squares: following {server}, {online} online; Ctrl-C ends it"));
        }
        if let (Continues::Gap(printed, end), true) = (continues, self.options.follow) {
            self.fill(CatchUp::new(printed, end));
        }
    }

    fn join_refused(&self, error: ErrorMessage) -> Result<(), Over> {
        let passing = self.conversation.will_pass(&error);
        let ErrorMessage { code, message, retry_after_ms, .. } = error;
        let wait = retry_after_ms.map(Duration::from_millis).filter(|_| code == ErrorCode::RateLimited);
        // Waiting is worth it, unless it takes longer than patience does.
        if code == ErrorCode::RateLimited && wait.is_none_or(|wait| wait < PATIENCE) {
            return Err(Over::JoinThrottled(wait.unwrap_or(JOIN_WAIT), message));
        }
        if passing {
            return Err(ConnectionError::Closed(Some(message)).into());
        }
        let again = wait.map(|wait| format!(" In {} s it may be tried again.", wait.as_millis().div_ceil(1_000)));
        Err(Over::End(End::Failed(format!("not let in: {message}{}", again.unwrap_or_default()))))
    }

    fn result(&mut self, result: &SquareResult, is_new: bool, line: Line<'_>) -> io::Result<()> {
        let (finished, follow) = (self.conversation.take_finished(), self.options.follow);
        if finished.is_empty() && !follow {
            return Ok(());
        }
        let printed = self.printed(result, &text(line));
        for id in finished {
            self.went_forward();
            // Whoever follows sees it among everybody's.
            self.order.answer(&id, Answer::Line(if follow { String::new() } else { printed.clone() }));
        }
        match &mut self.catch_up {
            Some(catch_up) if is_new => catch_up.hold(result.seq, printed),
            None if is_new && follow => self.output.line(&printed)?,
            _ => {}
        }
        Ok(())
    }

    fn printed(&self, result: &SquareResult, line: &str) -> String {
        if self.options.json { as_json(line) } else { as_text(result, self.options.follow) }
    }

    /// Asks for the next page of what was missed.
    fn fill(&mut self, mut catch_up: CatchUp) {
        self.conversation.ask_page(PageOwner::WholeFeed, catch_up.request(), Instant::now());
        self.catch_up = Some(catch_up);
    }

    fn page(&mut self, line: Line<'_>) -> Result<(), Over> {
        let Some(mut catch_up) = self.catch_up.take() else { return Ok(()) };
        for fetched in catch_up.take(&text(line)).map_err(ConnectionError::NotSquares)? {
            let printed = self.printed(&fetched.result, &fetched.line);
            self.output.line(&printed)?;
        }
        match catch_up.finish() {
            Ok(held) => held.iter().try_for_each(|line| self.output.line(line))?,
            Err(catch_up) => self.fill(catch_up),
        }
        Ok(())
    }

    fn throttled(&mut self, error: ErrorMessage) {
        let limits = self.conversation.hello().map(|hello| hello.limits);
        if let (ErrorCode::RateLimited, Some(limits)) = (error.code, limits)
            && std::mem::take(&mut self.tells.waiting)
        {
            let Limits { rate, burst, digit_rate, .. } = limits;
            let digits = match digit_rate {
                0 => String::new(),
                digit_rate => format!(", and {digit_rate} digits a second"),
            };
            self.output.complain(&format!(
                "squares: this server takes {rate} {} a second from a student, after {burst} at once{digits}; the rest follows at that pace",
                if rate == 1 { "square" } else { "squares" }
            ));
        }
        self.trouble = error.message;
    }
}

fn text(line: Line<'_>) -> String {
    match line {
        Line::Whole(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Line::TooLong => String::new(),
    }
}
