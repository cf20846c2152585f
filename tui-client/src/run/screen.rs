//! Frames as bytes: each is drawn into memory and written to the terminal in one go. Called by `run`.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::Instant;

use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;

use crate::app::App;
use crate::{terminal, view};

/// The screen as it was last drawn.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Canvas>>,
    canvas: Canvas,
    /// The bytes of the last frame.
    last: Vec<u8>,
    /// Nothing on the screen can be relied on.
    lost: bool,
}

/// Bytes on their way to the terminal. Flushing is no concern of the library's: a frame is whole or not written.
#[derive(Clone, Default)]
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

impl Screen {
    /// A screen of which nothing is known yet: a client that was killed may have left its own behind, and a terminal that is
    /// on its other screen already does not empty it again.
    ///
    /// # Errors
    /// Where the terminal has no size.
    pub(super) fn new() -> io::Result<Self> {
        let canvas = Canvas::default();
        let terminal = Terminal::new(CrosstermBackend::new(canvas.clone()))?;
        Ok(Self { terminal, canvas, last: Vec::new(), lost: true })
    }

    /// The next frame is painted whole, over an empty screen.
    pub(super) const fn repaint(&mut self) {
        self.lost = true;
    }

    /// Draws what changed.
    ///
    /// # Errors
    /// As the system reports them: the terminal is gone.
    pub(super) fn draw(&mut self, app: &App, now: Instant) -> io::Result<()> {
        terminal::append(&mut self.canvas.0.borrow_mut(), BeginSynchronizedUpdate);
        if self.lost {
            self.lost = false;
            self.last.clear();
            // Unlike `clear`, this does not ask the terminal for the cursor, whose answer the input thread would get.
            let size = self.terminal.size()?;
            self.terminal.resize(Rect::from(size))?;
        }
        self.terminal.draw(|frame| view::draw(app, frame, now))?;
        let mut bytes = self.canvas.0.take();
        terminal::append(&mut bytes, EndSynchronizedUpdate);
        // Cells are only drawn where they changed, so a frame like the last one changes none.
        if bytes != self.last {
            terminal::write(&bytes)?;
        }
        self.canvas.0.replace(std::mem::replace(&mut self.last, bytes));
        self.canvas.0.borrow_mut().clear();
        Ok(())
    }
}
