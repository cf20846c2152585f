//! Every theme as a list of what is not plain: where it stands, what it says, and how it looks.

use squares::theme::{Appearance, Choice, Depth, Rgb};

use super::stage::styles_of;
use super::*;

impl Stage {
    fn styles(&self) -> String {
        styles_of(self.drawn().backend().buffer())
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
