//! NATS servers beside the servers under measurement, and what JetStream does with the same records when nobody else
//! has anything to do with them.

use std::{
    fs, io,
    net::{TcpListener, TcpStream},
    process::Command,
    time::{Duration, Instant},
};

use async_nats::jetstream::{
    self, Context,
    context::PublishAckFuture,
    stream::{Config, DiscardPolicy},
};

use crate::{measure::Times, process::Process};

/// Records that the bare publisher has on their way, as many as a server has.
const WINDOW: usize = 4;

/// NATS servers of our own, on loopback, that sync each record.
pub(crate) struct Nats {
    servers: Vec<Process>,
    pub(crate) urls: String,
    _folder: tempfile::TempDir,
}

impl Nats {
    /// Starts so many as one system; `None` where it is not installed.
    pub(crate) fn start(count: usize) -> io::Result<Option<Self>> {
        let folder = tempfile::tempdir()?;
        let sockets = (0..count * 2).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<io::Result<Vec<_>>>()?;
        let ports = sockets.iter().map(|socket| Ok(socket.local_addr()?.port())).collect::<io::Result<Vec<_>>>()?;
        drop(sockets);
        let (ports, routes) = ports.split_at(count);
        let program = std::env::var("NATS_SERVER").unwrap_or_else(|_| "nats-server".to_owned());
        let mut servers = Vec::new();
        for (at, port) in ports.iter().enumerate() {
            let (store, file) = (folder.path().join(at.to_string()), folder.path().join(format!("{at}.conf")));
            let mut config = format!(
                "server_name: n{at}\nhost: 127.0.0.1\nport: {port}\n\
                 jetstream {{ store_dir: {store:?}, sync_interval: always, max_file_store: 8GB }}\n"
            );
            if count > 1 {
                let all: Vec<String> = routes.iter().map(|route| format!("nats://127.0.0.1:{route}")).collect();
                let (own, all) = (routes[at], all.join(", "));
                config += &format!("cluster {{ name: bench, host: 127.0.0.1, port: {own}, routes: [{all}] }}\n");
            }
            fs::write(&file, config)?;
            match Process::silent(Command::new(&program).arg("-c").arg(file)) {
                Ok(process) => servers.push(process),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        let deadline = Instant::now() + Duration::from_secs(10);
        while !ports.iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok()) {
            if Instant::now() > deadline {
                return Err(io::Error::other("nats-server does not listen"));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let urls = ports.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect::<Vec<_>>().join(",");
        Ok(Some(Self { servers, urls, _folder: folder }))
    }

    /// The CPU time of all of them, in seconds.
    pub(crate) fn cpu(&self) -> f64 {
        self.servers.iter().map(Process::cpu).sum()
    }

    /// Publishes records of so many bytes for a time, one after the other or [`WINDOW`] at once; gives how many a
    /// second are acknowledged, and the median of their times in ms.
    pub(crate) async fn publish(&self, bytes: usize, alone: bool, time: Duration) -> io::Result<(f64, f64)> {
        let context = self.context().await?;
        let replicas = if self.servers.len() > 1 { 3 } else { 1 };
        let config = Config {
            name: "BARE".to_owned(),
            subjects: vec!["bare".to_owned()],
            num_replicas: replicas,
            discard: DiscardPolicy::New,
            ..Config::default()
        };
        let deadline = Instant::now() + Duration::from_secs(30);
        while let Err(error) = context.get_or_create_stream(config.clone()).await {
            if Instant::now() > deadline {
                return Err(io::Error::other(error));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let record = bytes::Bytes::from(vec![b'x'; bytes]);
        let window = if alone { 1 } else { WINDOW };
        let mut ahead = std::collections::VecDeque::<(Instant, PublishAckFuture)>::new();
        let (mut count, mut times, begin) = (0_u32, Times::default(), Instant::now());
        while begin.elapsed() < time {
            while ahead.len() < window {
                let published = context.publish("bare", record.clone()).await.map_err(io::Error::other)?;
                ahead.push_back((Instant::now(), published));
            }
            let Some((began, published)) = ahead.pop_front() else { continue };
            published.await.map_err(io::Error::other)?;
            times.add(began.elapsed());
            count += 1;
        }
        let rate = f64::from(count) / begin.elapsed().as_secs_f64();
        Ok((rate, times.percentiles([500])[0]))
    }

    async fn context(&self) -> io::Result<Context> {
        let urls: Vec<String> = self.urls.split(',').map(str::to_owned).collect();
        Ok(jetstream::new(async_nats::connect(urls).await.map_err(io::Error::other)?))
    }
}
