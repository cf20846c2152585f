//! Accepts connections within their limits, and starts a session for each, which moves to the main runtime once its
//! student has caught up. Runs until the server stops, and ends when the last session has.

pub(crate) mod address;
pub(crate) mod network;

use std::{future::poll_fn, io, net::SocketAddr, sync::Arc, task::Poll, time::Duration};

use rustls::ServerConfig;
use socket2::{SockRef, TcpKeepalive};
use squares_shared::{message::ErrorCode, stream::Stream};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Handle,
    sync::{mpsc, watch},
    task::{JoinError, JoinSet},
    time::Instant,
};

use crate::{
    limits::Connections,
    room::Room,
    session::{Session, rejection},
    wire::Wire,
};

/// A silent connection is probed after this long, then in these intervals, and closed if nothing comes back: a machine
/// that vanished goes offline within about a minute.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_TRIES: u32 = 3;

/// The same bound for a connection with unacknowledged data, where keepalive does not apply.
const UNACKNOWLEDGED: Duration = Duration::from_secs(60);

/// How long accepting pauses when the system has no descriptor or memory left for another connection; the pause doubles
/// each time, up to the longest.
const PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// How long sessions may take to hand over what is left when the server stops.
const STOP_TIME: Duration = Duration::from_secs(5);

/// The sockets of one given address, which may be a name of several.
#[derive(Debug)]
pub(crate) struct Listeners {
    all: Vec<TcpListener>,
    /// Which is polled first, so that none of them starves.
    next: usize,
}

impl Listeners {
    /// Accepts from these sockets, in the runtime that this is called in.
    pub(crate) fn new(sockets: Vec<(std::net::TcpListener, SocketAddr)>) -> io::Result<Self> {
        let all: io::Result<_> = sockets.into_iter().map(|(socket, _)| TcpListener::from_std(socket)).collect();
        Ok(Self { all: all?, next: 0 })
    }

    /// Waits for the next connection. Dropped at any time, none is lost.
    pub(crate) async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        poll_fn(|context| {
            let count = self.all.len();
            for at in (self.next..self.next + count).map(|at| at % count) {
                if let Poll::Ready(accepted) = self.all[at].poll_accept(context) {
                    self.next = (at + 1) % count;
                    return Poll::Ready(accepted);
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// Where connections come from.
#[derive(Debug)]
pub(crate) enum Incoming {
    Tcp(Listeners, Option<Arc<ServerConfig>>),
    /// They are handed over in this process; once the sender is gone, none comes.
    Given(mpsc::Receiver<(Box<dyn Stream>, SocketAddr)>),
}

impl Incoming {
    /// Waits for the next connection. Dropped at any time, none is lost.
    async fn accept(&mut self) -> io::Result<(Wire, SocketAddr)> {
        match self {
            Self::Tcp(listeners, tls) => {
                let (stream, address) = listeners.accept().await?;
                if let Err(error) = set_up(&stream) {
                    tracing::debug!(%address, %error, "cannot set up a connection");
                }
                Ok((Wire::over(stream, tls.as_ref())?, address))
            }
            Self::Given(streams) => match streams.recv().await {
                Some((stream, address)) => Ok((Wire::Given(stream), address)),
                None => std::future::pending().await,
            },
        }
    }
}

/// Serves until `stop` is set; sessions that have caught up are served by `live`.
pub(crate) async fn serve(
    mut incoming: Incoming,
    room: Arc<Room>,
    connections: Arc<Connections>,
    mut stop: watch::Receiver<bool>,
    live: Handle,
) {
    let mut sessions: JoinSet<Option<Box<Session>>> = JoinSet::new();
    let stopped = stop.clone();
    let mut pause = PAUSE;
    let mut paused_until = None;
    // The log has said that nothing is accepted, and not yet that it is again.
    let mut said_so = false;
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            Some(left) = sessions.join_next() => {
                resume_caught_up(left, &mut sessions, &stopped, &live);
                continue;
            }
            () = tokio::time::sleep_until(paused_until.unwrap_or_else(Instant::now)), if paused_until.is_some() => {
                paused_until = None;
                continue;
            }
            accepted = incoming.accept(), if paused_until.is_none() => accepted,
            // Nobody waits any more. As long as somebody does, one who is let in is no news: a descriptor that came
            // free for a moment would fill the log.
            () = std::future::ready(()), if said_so && paused_until.is_none() => {
                said_so = false;
                tracing::info!("accepting connections again");
                continue;
            }
        };
        if accepted.is_ok() {
            pause = PAUSE;
        }
        match accepted {
            Ok((wire, address)) => match connections.take(address.ip()) {
                Ok(permit) => {
                    let session = Session::new(Arc::clone(&room), wire, address, permit);
                    sessions.spawn(session.run(stopped.clone()));
                }
                Err(full) => {
                    tracing::info!(%address, limit = ?full, "refused: the connection limit is reached");
                    room.metrics.refused.inc();
                    room.metrics.error(ErrorCode::ServerFull);
                    let line = rejection::server_full(full);
                    match Arc::clone(&room.rejections).try_acquire_owned() {
                        Ok(permit) => drop(sessions.spawn(async move {
                            rejection::send(permit, &wire, &line).await;
                            None
                        })),
                        Err(_) => wire.end_now(&line),
                    }
                }
            },
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                if !said_so {
                    said_so = true;
                    tracing::warn!(%error, "cannot accept connections just now; trying again until it can");
                }
                paused_until = Some(Instant::now() + pause);
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
    drop(incoming);
    let all_ended = async {
        while let Some(left) = sessions.join_next().await {
            resume_caught_up(left, &mut sessions, &stopped, &live);
        }
    };
    if tokio::time::timeout(STOP_TIME, all_ended).await.is_err() {
        tracing::warn!(sessions = sessions.len(), "closing connections that take nothing any more");
        sessions.shutdown().await;
    }
}

/// Resumes a session that has caught up on the main runtime.
fn resume_caught_up(
    left: Result<Option<Box<Session>>, JoinError>,
    sessions: &mut JoinSet<Option<Box<Session>>>,
    stopped: &watch::Receiver<bool>,
    live: &Handle,
) {
    match left {
        Ok(None) => {}
        Ok(Some(session)) => {
            sessions.spawn_on(session.resume(stopped.clone()), live);
        }
        Err(error) if error.is_panic() => tracing::error!(%error, "a session ended by a panic"),
        Err(_) => {}
    }
}

fn set_up(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(
        &TcpKeepalive::new().with_time(KEEPALIVE_IDLE).with_interval(KEEPALIVE_INTERVAL).with_retries(KEEPALIVE_TRIES),
    )?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    #[cfg(not(target_os = "linux"))]
    let _ = UNACKNOWLEDGED;
    Ok(())
}

/// Whether accepting failed only for one connection, so that the next can be accepted at once.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}
