//! The servers of one room, and how one of them is reached: the first that says hello is taken, and where it is lost
//! the one behind it comes first. Used by the link and by plain mode.

use std::pin::Pin;

use squares_shared::message::{Auth, Hello};

use super::Environment;
use super::connection::ServerConnection;
use super::happy_eyeballs::{Way, race};
use super::known::KnownHosts;
use super::peer_detection::Refused;
use super::trust::Trust;
use crate::address::each_server;
use crate::conversation::ConnectionError;

/// The servers of one room, in the order in which they are tried.
#[derive(Debug, Clone)]
pub struct Servers {
    all: Vec<String>,
    /// The one that is tried first.
    first: usize,
}

/// A server that said hello.
#[derive(Debug)]
pub struct Reached {
    /// Which it is.
    pub server: String,
    /// The connection to it.
    pub connection: ServerConnection,
    /// What it said of itself.
    pub hello: Hello,
}

/// None of them did.
#[derive(Debug)]
pub struct Missed {
    /// The one that `why` is about; all of them where none was there at all.
    pub server: String,
    /// Why.
    pub why: ConnectionError,
    /// Nobody listens at any of them, which is where one may host.
    pub nobody: bool,
}

/// A server that is being reached.
pub type Reaching = Pin<Box<dyn Future<Output = Result<Reached, Missed>> + Send>>;

impl Servers {
    /// Those of a list, as [`read_servers`](crate::address::read_servers) gives it.
    #[must_use]
    pub fn of(list: &str) -> Self {
        Self { all: each_server(list).map(str::to_owned).collect(), first: 0 }
    }

    /// Whether there is more than one.
    #[must_use]
    pub const fn are_several(&self) -> bool {
        self.all.len() > 1
    }

    /// Reaches the first that says hello, inside TLS where there is a rule whom to trust. Without one, a server
    /// that asks for a PIN is refused where it is among those `known` to speak TLS; none: no PIN would be sent.
    pub fn reach(&self, environment: &dyn Environment, trust: Option<&Trust>, known: Option<&KnownHosts>) -> Reaching {
        let known = known.filter(|_| trust.is_none());
        let list = self.all.join(", ");
        let mut order = self.all.clone();
        order.rotate_left(self.first);
        let mut ways: Vec<Way<Reached, (String, Refused)>> = Vec::new();
        for server in order {
            let connecting = environment.connect(&server, trust);
            let known = known.cloned();
            ways.push(Box::pin(async move {
                let opened = async {
                    let (connection, hello) = ServerConnection::over(connecting.await?).await?;
                    if let Some(known) = known.filter(|_| hello.auth == Auth::Pin) {
                        known.allows_plain(&server)?;
                    }
                    Ok((connection, hello))
                };
                match opened.await {
                    Ok((connection, hello)) => Ok(Reached { server, connection, hello }),
                    Err(refused) => Err((server, refused)),
                }
            }));
        }
        Box::pin(async move { race(ways).await.map_err(|faults| missed(faults, list)) })
    }

    /// This one was reached: it comes first from now on.
    pub fn reached(&mut self, server: &str) {
        self.first = self.all.iter().position(|one| one == server).unwrap_or(0);
    }

    /// The one that was reached is lost: the one behind it comes first.
    pub fn lost(&mut self) {
        self.first = (self.first + 1) % self.all.len().max(1);
    }
}

/// What is told where none was reached: of a server that is there, what is wrong with it, before that others are not
/// there.
fn missed(faults: Vec<(String, Refused)>, list: String) -> Missed {
    let nobody = faults.iter().all(|(_, refused)| refused.nobody);
    let unreachable = |refused: &Refused| matches!(refused.why, ConnectionError::Unreachable(_));
    let telling = faults.iter().position(|(_, refused)| !unreachable(refused)).unwrap_or(0);
    match faults.into_iter().nth(telling) {
        Some((_, refused)) if unreachable(&refused) => Missed { server: list, why: refused.why, nobody },
        Some((server, refused)) => Missed { server, why: refused.why, nobody },
        None => Missed { server: list, why: ConnectionError::Unreachable("no address is known".into()), nobody: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(server: &str, why: ConnectionError, nobody: bool) -> (String, Refused) {
        (server.to_owned(), Refused { why, nobody })
    }

    #[test]
    fn what_is_told_of_a_list_is_what_is_wrong_with_one_that_is_there() {
        let gone = || ConnectionError::Unreachable("connection refused".into());
        let all = missed(vec![refused("a:1", gone(), true), refused("b:1", gone(), true)], "a:1, b:1".into());
        assert_eq!((&*all.server, all.why, all.nobody), ("a:1, b:1", gone(), true));
        let one = missed(
            vec![refused("a:1", gone(), true), refused("b:1", ConnectionError::WantsTls, false)],
            "a:1, b:1".into(),
        );
        assert_eq!((&*one.server, one.why, one.nobody), ("b:1", ConnectionError::WantsTls, false));
    }

    #[test]
    fn the_next_server_comes_first_once_one_is_lost() {
        let mut servers = Servers::of("a:1,b:1,c:1");
        servers.reached("b:1");
        assert_eq!(servers.first, 1);
        servers.lost();
        servers.lost();
        assert_eq!(servers.first, 0);
        assert!(servers.are_several() && !Servers::of("a:1").are_several());
    }
}
