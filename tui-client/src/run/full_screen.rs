//! Frames as bytes: each is drawn into memory and written to the terminal in one go. Called by `run`; tests and benches
//! look at the bytes.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::Instant;

use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

use crate::app::App;
use crate::{terminal, view};

/// The screen as it was last drawn.
#[derive(Debug)]
pub struct FullScreen {
    terminal: Terminal<CrosstermBackend<Canvas>>,
    area: Rect,
    canvas: Canvas,
    last: Vec<u8>,
    /// What is on the screen is not known.
    lost: bool,
}

/// The bytes of a frame. Ratatui's flushes do nothing: a frame is written whole or not at all.
#[derive(Debug, Clone, Default)]
struct Canvas(Rc<RefCell<Vec<u8>>>);

impl Write for Canvas {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl FullScreen {
    /// A screen of which nothing is known yet: a killed client may have left its own, and a terminal that is on its
    /// alternate screen already does not clear it again.
    ///
    /// # Errors
    /// None that is known; the library's.
    pub fn new((columns, rows): (u16, u16)) -> io::Result<Self> {
        let canvas = Canvas::default();
        let area = Rect::new(0, 0, columns, rows);
        // Otherwise ratatui asks the system for the size with each frame, and takes even 0x0.
        let viewport = Viewport::Fixed(area);
        let terminal = Terminal::with_options(CrosstermBackend::new(canvas.clone()), TerminalOptions { viewport })?;
        Ok(Self { terminal, area, canvas, last: Vec::new(), lost: true })
    }

    /// The terminal has this size.
    pub fn resize(&mut self, (columns, rows): (u16, u16)) {
        let area = Rect::new(0, 0, columns, rows);
        self.lost |= area != self.area;
        self.area = area;
    }

    /// The next frame is painted whole, over an empty screen.
    pub(super) const fn repaint(&mut self) {
        self.lost = true;
    }

    /// Draws what changed, and writes it to the terminal.
    ///
    /// # Errors
    /// As the system reports them: the terminal is gone.
    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        let bytes = self.frame_of(draw)?;
        if bytes.is_empty() { Ok(()) } else { terminal::write(bytes) }
    }

    /// Draws what changed of the room: the bytes for the terminal, or none where nothing did.
    ///
    /// # Errors
    /// None that is known; the library's.
    pub fn frame(&mut self, app: &App, now: Instant) -> io::Result<&[u8]> {
        self.frame_of(|frame| view::draw(app, frame, now))
    }

    fn frame_of(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<&[u8]> {
        terminal::append(&mut self.canvas.0.borrow_mut(), BeginSynchronizedUpdate);
        if self.lost {
            self.lost = false;
            self.last.clear();
            // Unlike `clear`, this does not ask the terminal for the cursor.
            terminal::append(&mut self.canvas.0.borrow_mut(), Clear(ClearType::All));
            self.terminal.resize(self.area)?;
        }
        self.terminal.draw(draw)?;
        let mut bytes = self.canvas.0.take();
        terminal::append(&mut bytes, EndSynchronizedUpdate);
        // Cells are only drawn where they changed, so a frame like the last one changes none.
        let changed = bytes != self.last;
        let mut spare = std::mem::replace(&mut self.last, bytes);
        spare.clear();
        self.canvas.0.replace(spare);
        Ok(if changed { &self.last } else { &[] })
    }
}
