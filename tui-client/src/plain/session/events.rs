//! What each event of the conversation means for a run of plain mode.

use std::io;
use std::time::{Duration, Instant};

use squares_shared::line::Line;
use squares_shared::message::{ErrorCode, ErrorMessage, Limits, SquareResult, Welcome};

use super::{End, Over, PATIENCE, Session};
use crate::conversation::{Continues, ConversationEvent, Lost, PageOwner};
use crate::plain::catch_up::CatchUp;
use crate::plain::order::Answer;
use crate::plain::output::{as_json, as_text};

/// How long to wait where the server does not say when it lets us in.
const JOIN_WAIT: Duration = Duration::from_secs(1);

impl<O: io::Write, E: io::Write> Session<'_, O, E> {
    /// What an event means; `line` is what it came from.
    pub(super) fn handle(&mut self, event: ConversationEvent, line: Line<'_>) -> Result<(), Over> {
        match event {
            ConversationEvent::Joined { welcome, continues } => self.joined(&welcome, continues),
            ConversationEvent::JoinRefused { error, passing } => return self.join_refused(error, passing),
            ConversationEvent::Result { result, is_new, answers, .. } => {
                self.result(&result, is_new, answers, line)?;
            }
            ConversationEvent::Rejected { pending, error } => {
                self.refused = true;
                self.went_forward();
                self.order.answer(&pending.id, Answer::Error(pending.number, error.message));
            }
            ConversationEvent::Throttled { error, .. } => self.throttled(error),
            ConversationEvent::Page { .. } => self.page(line)?,
            ConversationEvent::Refused(error) if self.catch_up.is_some() => {
                return Err(Lost::Closed(Some(error.message)).into());
            }
            _ => {}
        }
        Ok(())
    }

    fn joined(&mut self, welcome: &Welcome, continues: Continues) {
        self.note_return();
        if std::mem::take(&mut self.tells.following) {
            let (server, online) = (&self.server, welcome.online.count);
            self.output.complain(&format!("squares: following {server}, {online} online; Ctrl-C ends it"));
        }
        if let (Continues::Hole(printed, end), true) = (continues, self.options.follow) {
            self.fill(CatchUp::new(printed, end));
        }
    }

    fn join_refused(&self, error: ErrorMessage, passing: bool) -> Result<(), Over> {
        let ErrorMessage { code, message, retry_after_ms, .. } = error;
        let wait = retry_after_ms.map(Duration::from_millis).filter(|_| code == ErrorCode::RateLimited);
        // Waiting is worth it, unless it takes longer than patience does.
        if code == ErrorCode::RateLimited && wait.is_none_or(|wait| wait < PATIENCE) {
            return Err(Over::HeldUp(wait.unwrap_or(JOIN_WAIT), message));
        }
        if passing {
            return Err(Lost::Closed(Some(message)).into());
        }
        let again = wait.map(|wait| format!(" In {} s it may be tried again.", wait.as_millis().div_ceil(1_000)));
        Err(Over::End(End::Failed(format!("not let in: {message}{}", again.unwrap_or_default()))))
    }

    fn result(&mut self, result: &SquareResult, is_new: bool, answers: bool, line: Line<'_>) -> io::Result<()> {
        let id = result.id.as_ref().filter(|_| answers);
        if id.is_some() {
            self.went_forward();
        }
        if !self.options.follow {
            if let Some(id) = id {
                let printed = self.printed(result, &text(line));
                self.order.answer(id, Answer::Line(printed));
            }
            return Ok(());
        }
        if let Some(id) = id {
            self.order.answer(id, Answer::Line(String::new()));
        }
        if is_new {
            let printed = self.printed(result, &text(line));
            match &mut self.catch_up {
                Some(catch_up) => catch_up.hold(result.seq, printed),
                None => self.output.line(&printed)?,
            }
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

    /// A page of what was missed.
    fn page(&mut self, line: Line<'_>) -> Result<(), Over> {
        let Some(mut catch_up) = self.catch_up.take() else { return Ok(()) };
        for fetched in catch_up.take(&text(line)).map_err(Lost::NotSquares)? {
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
