//! Where connections are until their student is in and has what was missed: threads of their own, so that a class
//! that comes back at the same moment is served beside those who go on, and not before them. The system shares the
//! processors out between these threads and all others, whereas tasks of one runtime wait for each other in one
//! queue.

use std::{io, net::SocketAddr};

use tokio::{
    net::TcpListener,
    runtime::{Builder, Handle, Runtime},
    task::JoinHandle,
};

use crate::listen::Listeners;

/// The threads that accept connections and seat students.
#[derive(Debug)]
pub(crate) struct Lobby {
    handle: Handle,
    /// `None` in a simulation, where everything happens on one thread.
    threads: Option<Runtime>,
}

impl Lobby {
    /// So many threads. Fails where the system has no descriptor or thread left for them.
    pub(crate) fn new(threads: usize) -> io::Result<Self> {
        let threads = Builder::new_multi_thread().worker_threads(threads).thread_name("lobby").enable_all().build()?;
        Ok(Self { handle: threads.handle().clone(), threads: Some(threads) })
    }

    /// The runtime of whoever calls this.
    pub(crate) fn simulated() -> Self {
        Self { handle: Handle::current(), threads: None }
    }

    /// Connections of these sockets are accepted in the lobby.
    pub(crate) fn listeners(&self, sockets: Vec<(std::net::TcpListener, SocketAddr)>) -> io::Result<Listeners> {
        let _lobby = self.handle.enter();
        let listeners: io::Result<_> = sockets.into_iter().map(|(socket, _)| TcpListener::from_std(socket)).collect();
        Ok(Listeners::new(listeners?))
    }

    /// Does this in the lobby.
    pub(crate) fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.handle.spawn(work)
    }
}

impl Drop for Lobby {
    fn drop(&mut self) {
        // It is dropped on async threads too, its own among them, where nobody may wait for threads to end.
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}
