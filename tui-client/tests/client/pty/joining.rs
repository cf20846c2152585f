//! The join screen while its server goes and another comes.

use squares::lang::Lang;
use squares::strings::Strings;

use crate::support::{Home, Server, pty::Pty};

#[test]
fn a_join_screen_says_no_more_of_a_server_that_is_gone_and_enter_joins_the_one_that_came_after() {
    for mode in [&[][..], &["--linear"]] {
        let strings = Strings::of(Lang::En);
        let mut server = Server::start(&[]);
        let home = Home::new();
        let mut pty = Pty::start(&home, &[&["--server", &server.address], mode].concat());
        pty.until_shows(&(strings.online)(0));
        server.kill();
        let shown = pty.until_shows(strings.idle);
        // Lines that were said stay where they are.
        let stale = shown.contains(strings.connected) || shown.contains(&(strings.online)(0));
        assert!(!mode.is_empty() || !stale, "{shown}");
        server.start_again();
        pty.type_text("s1\r");
        pty.until_shows(&(strings.online)(1));
        pty.type_text("12\r");
        pty.until_shows("12² = 144");
        pty.type_text("/exit\r");
        assert_eq!(pty.exit_code(), 0);
        pty.assert_clean();
    }
}
