//! The shared log on NATS JetStream: connects, makes the stream or checks the one that stands, publishes records and
//! reads them in order. Called by `cluster`; nothing else speaks with NATS.

use std::{error::Error as _, sync::Arc, time::Duration};

use async_nats::{
    Client, ConnectOptions, Event,
    jetstream::{
        self, Context, ErrorCode,
        context::{CreateStreamErrorKind, GetStreamErrorKind, PublishErrorKind},
        message::PublishMessage,
        stream::{self, Config, DiscardPolicy, RetentionPolicy, StorageType},
    },
};
use tokio::sync::watch;

use super::{error::ClusterError, record::FirstRecord};
use crate::ClusterConfig;

/// How long a starting server waits for NATS, and for its JetStream to be ready.
const START: Duration = Duration::from_secs(30);

/// How long until it tries again.
const PAUSE: Duration = Duration::from_millis(300);

/// How long a request to NATS may take.
const REQUEST: Duration = Duration::from_secs(5);

/// Silence of the connection after which NATS is asked whether it is there; two without an answer end the connection.
const PING: Duration = Duration::from_secs(1);

/// How long the stream remembers the ids of records.
const DUPLICATES: Duration = Duration::from_secs(120);

/// The oldest NATS server that syncs each record where it is told to (`sync_interval: always`).
const OLDEST: (u64, u64) = (2, 10);

/// A connection to NATS, and the stream with the shared log.
#[derive(Debug, Clone)]
pub(crate) struct Nats {
    pub(super) client: Client,
    pub(super) context: Context,
    pub(super) stream: String,
    /// The subject of its records.
    pub(super) subject: String,
    /// The subject on which servers tell each other how far they are and who is online.
    pub(super) peers: String,
    /// Counts what happened to the connection.
    pub(super) events: watch::Receiver<u64>,
}

/// Connects to the first of the servers that answers, waiting for them for a while.
pub(crate) async fn connect(config: &ClusterConfig) -> Result<Nats, ClusterError> {
    let (told, events) = watch::channel(0);
    let told = Arc::new(told);
    let mut options = ConnectOptions::new();
    if let Some(file) = &config.credentials {
        let unreadable = |error| ClusterError::Credentials(file.clone(), error);
        options = options.credentials_file(file).await.map_err(unreadable)?;
    }
    let options = options
        .name("squares-server")
        .ping_interval(PING)
        .connection_timeout(Duration::from_secs(2))
        .request_timeout(Some(REQUEST))
        .subscription_capacity(1024)
        .max_reconnects(None)
        .reconnect_delay_callback(|tries| Duration::from_millis(50 << tries.min(5)))
        .event_callback(move |event| {
            let told = Arc::clone(&told);
            async move {
                if matches!(event, Event::Connected | Event::Disconnected | Event::SlowConsumer(_)) {
                    told.send_modify(|count| *count += 1);
                }
                tracing::debug!(%event, "NATS");
            }
        });
    let until = tokio::time::Instant::now() + START;
    let client = loop {
        match options.clone().connect(&config.servers[..]).await {
            Ok(client) => break client,
            Err(error) if tokio::time::Instant::now() >= until || is_final(&error) => {
                return Err(ClusterError::Unreachable(config.servers.join(", "), error.to_string()));
            }
            Err(error) => {
                tracing::info!(%error, "NATS cannot be reached yet; trying again");
                tokio::time::sleep(PAUSE).await;
            }
        }
    };
    let info = client.server_info();
    match release(&info.version) {
        Some(release) if release >= OLDEST => {}
        Some(_) => return Err(ClusterError::TooOld(info.version)),
        None => return Err(ClusterError::UnknownVersion(info.version)),
    }
    tracing::warn!(
        version = info.version,
        server = info.server_name,
        "whether the NATS servers sync each record cannot be seen from here: set sync_interval: always \
         (docs/cluster.md says how to look)"
    );
    let mut context = jetstream::new(client.clone());
    context.set_timeout(REQUEST);
    let name = &config.name;
    Ok(Nats {
        client,
        context,
        stream: format!("SQUARES_{name}"),
        subject: format!("squares.{name}.log"),
        peers: format!("squares.{name}.peers"),
        events,
    })
}

/// The first two numbers of a version such as `2.11.0-beta.1`; `None` where it is something else.
///
/// The client's own comparison ends the program where a number is missing or too long.
fn release(version: &str) -> Option<(u64, u64)> {
    let mut numbers = version.strip_prefix('v').unwrap_or(version).splitn(3, '.');
    let (major, minor) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
    numbers.next()?.starts_with(|first: char| first.is_ascii_digit()).then_some((major, minor))
}

/// Whether trying again changes nothing: NATS does not let this server in, or its certificate is not trusted.
fn is_final(error: &async_nats::ConnectError) -> bool {
    use async_nats::ConnectErrorKind::{Authentication, AuthorizationViolation, ServerParse, Tls};
    let sources = std::iter::successors(error.source(), |&error| error.source());
    let mut errors = sources.filter_map(|error| error.downcast_ref::<std::io::Error>());
    matches!(error.kind(), Authentication | AuthorizationViolation | ServerParse | Tls)
        || errors.any(|error| error.kind() == std::io::ErrorKind::InvalidData)
}

impl Nats {
    /// The log's first record as it stands, once the stream was made or found to be as it should; what it is made as
    /// depends on `replicas`.
    pub(crate) async fn open(&self, replicas: Option<usize>) -> Result<(FirstRecord, Vec<u8>), ClusterError> {
        let until = tokio::time::Instant::now() + START;
        loop {
            let opened = match self.make(replicas).await {
                Ok(()) => self.first_record().await,
                Err(error) => Err(error),
            };
            match opened {
                Err(ClusterError::NotReady(why)) if tokio::time::Instant::now() < until => {
                    tracing::info!(why, "JetStream is not ready yet; trying again");
                    tokio::time::sleep(PAUSE).await;
                }
                opened => return opened,
            }
        }
    }

    /// Makes the stream, unless it stands.
    async fn make(&self, replicas: Option<usize>) -> Result<(), ClusterError> {
        let standing = match self.context.get_stream(&self.stream).await {
            Ok(stream) => Some(stream),
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(answer) if answer.error_code() == ErrorCode::STREAM_NOT_FOUND => None,
                GetStreamErrorKind::JetStream(answer) if is_disabled(&answer) => return Err(ClusterError::NoJetStream),
                _ => return Err(ClusterError::NotReady(error.to_string())),
            },
        };
        if let Some(stream) = standing {
            return self.check(stream.cached_info(), replicas);
        }
        let made = match self.create(replicas.unwrap_or(3)).await {
            Err(code) if code.0 == ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED && replicas.is_none() => {
                self.create(1).await
            }
            made => made,
        };
        match made {
            Ok(info) => {
                tracing::info!(stream = self.stream, replicas = info.config.num_replicas, "made the shared log");
                self.check(&info, replicas)
            }
            // Another server was quicker.
            Err((ErrorCode::STREAM_NAME_EXIST, why)) => Err(ClusterError::NotReady(why)),
            Err((ErrorCode::CLUSTER_NO_PEERS | ErrorCode::INSUFFICIENT_RESOURCES, why)) => Err(ClusterError::NotReady(
                format!("{why}; the log is kept on three NATS servers unless --cluster-replicas says otherwise"),
            )),
            Err((ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED, why)) => Err(ClusterError::Refused(why)),
            Err((_, why)) => Err(ClusterError::NotReady(why)),
        }
    }

    async fn create(&self, replicas: usize) -> Result<stream::Info, (ErrorCode, String)> {
        match self.context.create_stream(self.config(replicas)).await {
            Ok(stream) => Ok(stream.cached_info().clone()),
            Err(error) => {
                let code = match error.kind() {
                    CreateStreamErrorKind::JetStream(answer) => answer.error_code(),
                    _ => ErrorCode(0),
                };
                Err((code, error.to_string()))
            }
        }
    }

    fn config(&self, replicas: usize) -> Config {
        Config {
            name: self.stream.clone(),
            subjects: vec![self.subject.clone()],
            description: Some("The log of a room of Squares".to_owned()),
            max_bytes: -1,
            max_messages: -1,
            max_messages_per_subject: -1,
            max_message_size: -1,
            max_consumers: -1,
            discard: DiscardPolicy::New,
            retention: RetentionPolicy::Limits,
            storage: StorageType::File,
            num_replicas: replicas,
            duplicate_window: DUPLICATES,
            deny_delete: true,
            deny_purge: true,
            ..Config::default()
        }
    }

    /// Whether a stream that stands keeps all that is put into it, as this program would have made it.
    fn check(&self, info: &stream::Info, replicas: Option<usize>) -> Result<(), ClusterError> {
        let Config { num_replicas, .. } = info.config;
        let (wanted, found) = (self.config(num_replicas), &info.config);
        let mut differs = Vec::new();
        let mut same = |name: &str, is_same: bool| {
            if !is_same {
                differs.push(name.to_owned());
            }
        };
        same("subjects", found.subjects == wanted.subjects);
        same("limits", {
            let limits = |config: &Config| {
                let Config { max_bytes, max_messages, max_messages_per_subject, max_message_size, max_age, .. } =
                    config;
                (*max_bytes, *max_messages, *max_messages_per_subject, *max_message_size, *max_age)
            };
            limits(found) == limits(&wanted)
        });
        same("discard", found.discard == wanted.discard);
        same("retention", found.retention == wanted.retention);
        same("storage", found.storage == wanted.storage);
        same("duplicate_window", found.duplicate_window == wanted.duplicate_window);
        same("deny_delete", found.deny_delete && found.deny_purge && !found.allow_rollup);
        same("no_ack", !found.no_ack && !found.sealed);
        same("persist_mode", !matches!(found.persist_mode, Some(stream::PersistenceMode::Async)));
        same("sources", found.mirror.is_none() && found.sources.as_ref().is_none_or(Vec::is_empty));
        if !differs.is_empty() {
            return Err(ClusterError::OtherSettings(self.stream.clone(), differs.join(", ")));
        }
        let is_alone = info.cluster.as_ref().is_none_or(|cluster| cluster.name.is_none());
        let expected = replicas.unwrap_or(if is_alone { 1 } else { 3 });
        if num_replicas != expected && !(replicas.is_none() && num_replicas > expected) {
            return Err(ClusterError::OtherReplicas { stream: self.stream.clone(), found: num_replicas, expected });
        }
        Ok(())
    }

    /// The log's first record; published where there is none.
    async fn first_record(&self) -> Result<(FirstRecord, Vec<u8>), ClusterError> {
        let not_ready = |error: &dyn std::fmt::Display| ClusterError::NotReady(error.to_string());
        let stream = self.context.get_stream(&self.stream).await.map_err(|error| not_ready(&error))?;
        let state = &stream.cached_info().state;
        if state.last_sequence == 0 {
            let mut random = [0; 16];
            getrandom::fill(&mut random).map_err(|error| not_ready(&error))?;
            let first = FirstRecord::new(random.iter().map(|byte| format!("{byte:02x}")).collect());
            let publish = PublishMessage::build().payload(first.to_bytes().into()).expected_last_sequence(0);
            let published = self.context.send_publish(self.subject.clone(), publish).await;
            let acknowledged = match published {
                Ok(acknowledgement) => acknowledgement.await,
                Err(error) => Err(error),
            };
            match acknowledged {
                Ok(_) => {}
                // Another server was quicker, and its record stands.
                Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => {}
                Err(error) => return Err(not_ready(&error)),
            }
        } else if state.first_sequence != 1 {
            return Err(ClusterError::Cut(self.stream.clone()));
        }
        let record = stream.get_raw_message(1).await.map_err(|error| not_ready(&error))?;
        let bytes = record.payload.to_vec();
        let first = FirstRecord::read(&bytes).ok_or_else(|| ClusterError::NoLog(self.stream.clone()))?;
        Ok((first, bytes))
    }

    /// The last sequence of the stream, as the NATS server says that leads it. Where none does, each answers with what
    /// it has applied itself, which may be less than is in the stream.
    pub(crate) async fn last_sequence(&self) -> Result<u64, String> {
        let stream = self.context.get_stream(&self.stream).await.map_err(|error| error.to_string())?;
        led(stream.cached_info())
    }

    /// The same, waiting for one that leads for a while.
    pub(crate) async fn last_sequence_in_time(&self) -> Result<u64, String> {
        let until = tokio::time::Instant::now() + START;
        loop {
            match self.last_sequence().await {
                Err(_) if tokio::time::Instant::now() < until => tokio::time::sleep(PAUSE).await,
                answered => return answered,
            }
        }
    }
}

/// The last sequence of a stream, unless it has several servers of which none leads.
fn led(info: &stream::Info) -> Result<u64, String> {
    match &info.cluster {
        Some(cluster) if cluster.leader.as_ref().is_none_or(String::is_empty) => {
            Err("no NATS server leads the log".to_owned())
        }
        _ => Ok(info.state.last_sequence),
    }
}

fn is_disabled(error: &jetstream::Error) -> bool {
    matches!(error.error_code(), ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_log_ends_is_believed_where_a_server_leads_or_there_is_one_alone() {
        let info = |cluster: &str| -> stream::Info {
            let text = format!(
                r#"{{"config":{{"name":"S","subjects":["s"],"retention":"limits","max_consumers":-1,"max_msgs":-1,
                "max_bytes":-1,"discard":"new","max_age":0,"storage":"file","num_replicas":3}},
                "created":"2026-01-01T00:00:00Z","state":{{"messages":7,"bytes":1,"first_seq":1,
                "first_ts":"2026-01-01T00:00:00Z","last_seq":7,"last_ts":"2026-01-01T00:00:00Z",
                "consumer_count":0}}{cluster}}}"#
            );
            serde_json::from_str(&text).unwrap()
        };
        assert_eq!(led(&info("")), Ok(7));
        assert_eq!(led(&info(r#","cluster":{"name":"c","leader":"n1","replicas":[]}"#)), Ok(7));
        for none in [r#"{"name":"c","replicas":[]}"#, r#"{"name":"c","leader":"","replicas":[]}"#] {
            assert!(led(&info(&format!(r#","cluster":{none}"#))).is_err(), "{none}");
        }
    }

    #[test]
    fn versions_are_compared_by_their_numbers_and_nothing_else_counts_as_one() {
        let is_new = |version| release(version).map(|release| release >= OLDEST);
        for new in ["2.10.0", "v2.10.29", "2.15.1", "3.0.0", "2.11.0-beta.1", "10.0.0"] {
            assert_eq!(is_new(new), Some(true), "{new}");
        }
        for old in ["2.9.25", "2.9.0", "1.99.0", "v0.0.1"] {
            assert_eq!(is_new(old), Some(false), "{old}");
        }
        for none in
            ["", "v", "2", "2.10", "2.10.", "2.10.x", "x.y.z", "-2.10.0", "99999999999999999999.1.0", "2.\n10.0"]
        {
            assert_eq!(is_new(none), None, "{none:?}");
        }
    }
}
