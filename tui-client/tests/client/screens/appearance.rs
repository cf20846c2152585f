//! Every theme as a list of what is not plain: where it stands, what it says, and how it looks.

use ratatui::buffer::CellWidth as _;
use ratatui::style::{Color, Modifier};
use squares::theme::{Appearance, Choice, Depth, Rgb};

use super::*;

impl Stage {
    /// Every run of cells that is not plain: where it begins, what it says, and how it looks.
    fn styles(&self) -> String {
        let (width, height) = self.size;
        let terminal = self.drawn();
        let buffer = terminal.backend().buffer();
        let mut runs = String::new();
        for y in 0..height {
            let mut x = 0;
            while x < width {
                let start = x;
                let look = |x: u16| (buffer[(x, y)].fg, buffer[(x, y)].bg, buffer[(x, y)].modifier);
                let this = look(start);
                let mut text = String::new();
                while x < width && look(x) == this {
                    text.push_str(buffer[(x, y)].symbol());
                    x += buffer[(x, y)].cell_width().max(1);
                }
                let plain = this == (Color::Reset, Color::Reset, Modifier::empty()) || text.trim().is_empty();
                if !plain {
                    let (foreground, background, modifier) = this;
                    let text = text.trim_end();
                    runs.push_str(&format!("{start},{y} {text:?} {foreground} on {background} {modifier:?}\n"));
                }
            }
        }
        runs
    }
}

#[test]
fn themes() {
    for choice in Choice::ALL {
        let themed = |setup: &mut Setup| {
            setup.student = Some("20260002".into());
            setup.appearance = Appearance {
                choice,
                depth: Depth::True,
                background: Some(Rgb(255, 255, 255)),
                ..Appearance::default()
            };
        };
        let mut stage = Stage::with(themed, Lang::Ko, (72, 14));
        stage.link(LinkEvent::Hello { hello: hello(Auth::Roster, 57), hosting: false });
        stage.link(LinkEvent::Joined { welcome: welcome(57), continues: Continues::Anew });
        stage.link(LinkEvent::Results((54..=57).map(result).collect()));
        stage.link(LinkEvent::Queued(Pending { id: "a".into(), number: "12".into() }));
        stage.key(KeyCode::Up, KeyModifiers::SHIFT);
        stage.type_in("1/2");
        stage.press(KeyCode::Enter);
        insta::assert_snapshot!(format!("theme_{choice:?}").to_lowercase(), stage.styles());
    }
}
