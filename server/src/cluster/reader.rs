//! Carries records between the replicated writer and JetStream: publishes what the writer gives, and reads the stream
//! in order behind what was applied, on one connection after the other. Called by `cluster`, on the writer's thread.
//!
//! The consumer is a push consumer of its own, made anew whenever a message was missed: the numbers that it gives its
//! messages must follow each other, and a heartbeat must come every second.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_nats::{
    Message, StatusCode, Subscriber,
    connection::State,
    jetstream::{
        consumer::{AckPolicy, DeliverPolicy, push},
        context::{PublishAckFuture, PublishErrorKind},
        message::PublishMessage,
    },
};
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::task::JoinSet;

use super::{
    nats::Nats,
    record,
    status::Status,
    stream_channel::{Publish, PublishOutcome, StreamEnd, StreamEvent},
};
use crate::ledger::Chain;

/// How often the consumer says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// How long it may be silent.
const SILENCE: Duration = Duration::from_millis(2500);

/// How long the stream may end before what was read from it: a new leader may still apply what is committed, and an old
/// one that was cut off takes itself for the leader for up to 20 s.
const SHORTER: Duration = Duration::from_secs(30);

/// How long until it is made again after a failure.
const PAUSE: Duration = Duration::from_millis(200);

/// Why reading ended.
enum End {
    /// It begins anew behind what was read.
    Again(String),
    /// The writer is gone.
    Closed,
    /// The stream ends before what was read from it.
    Shorter { last: u64 },
}

/// Carries records for as long as the writer is there. Reading begins behind the record with this sequence.
pub(crate) async fn run(nats: Nats, node: String, mut end: StreamEnd, status: Arc<Status>, mut read: u64) {
    let mut shorter_since = None;
    loop {
        let ended = carry(&nats, &node, &mut end, &status, &mut read).await;
        // Only what the log says again and again counts: one that cannot be reached in between says nothing.
        if !matches!(ended, End::Shorter { .. }) {
            shorter_since = None;
        }
        match ended {
            End::Again(why) => tracing::debug!(why, "reads the shared log anew"),
            End::Closed => return,
            End::Shorter { last } if shorter_since.get_or_insert_with(Instant::now).elapsed() > SHORTER => {
                let why = format!(
                    "the shared log ends at record {last}, and {read} were read from it: it has lost some; \
                     see docs/cluster.md, 'When something is wrong'"
                );
                let _ = end.events.send(StreamEvent::Failed(why)).await;
                return;
            }
            End::Shorter { last } => tracing::warn!(last, read, "the shared log ends before what was read from it"),
        }
        if end.events.send(StreamEvent::Disconnected).await.is_err() {
            return;
        }
        tokio::time::sleep(PAUSE).await;
        // What was given before the writer knew counts as an attempt that may have arrived.
        while end.publish.try_recv().is_ok() {}
    }
}

async fn carry(nats: &Nats, node: &str, end: &mut StreamEnd, status: &Status, read: &mut u64) -> End {
    let mut events = nats.events.clone();
    events.mark_unchanged();
    if nats.client.connection_state() != State::Connected {
        return match tokio::time::timeout(SILENCE, events.changed()).await {
            Ok(Err(_)) => End::Closed,
            _ => End::Again("no connection".to_owned()),
        };
    }
    let mut messages = match open(nats, *read).await {
        Ok(messages) => messages,
        Err(end) => return end,
    };
    if end.events.send(StreamEvent::Connected).await.is_err() {
        return End::Closed;
    }
    let mut attempts = JoinSet::<(u64, PublishOutcome)>::new();
    let mut delivered = 0;
    loop {
        tokio::select! {
            biased;
            publish = end.publish.recv() => match publish {
                Some(publish) => publish_record(nats, node, publish, status, &mut attempts).await,
                None => return End::Closed,
            },
            Some(attempt) = attempts.join_next() => {
                let Ok((counter, outcome)) = attempt else { continue };
                if !matches!(outcome, PublishOutcome::Stored(_)) {
                    status.metrics().cluster.failed_publishes.inc();
                }
                if end.events.send(StreamEvent::Published { counter, outcome }).await.is_err() {
                    return End::Closed;
                }
            }
            message = tokio::time::timeout(SILENCE, messages.next()) => match message {
                Ok(Some(message)) => match receive(nats, message, &mut delivered, read).await {
                    Ok(Some(event)) => {
                        if end.events.send(event).await.is_err() {
                            return End::Closed;
                        }
                    }
                    Ok(None) => {}
                    Err(why) => return End::Again(why),
                },
                Ok(None) => return End::Again("the subscription ended".to_owned()),
                Err(_) => return End::Again("the consumer is silent".to_owned()),
            },
            changed = events.changed() => return match changed {
                Ok(()) => End::Again("the connection changed".to_owned()),
                Err(_) => End::Closed,
            },
        }
    }
}

/// The hash over the records of the stream up to this one, read anew from its beginning.
pub(crate) async fn chain_of(nats: &Nats, until: u64) -> Result<Chain, String> {
    let text = |end| match end {
        End::Again(why) => why,
        End::Shorter { last } => format!("the log ends at record {last}"),
        End::Closed => "the connection was closed".to_owned(),
    };
    let (mut read, mut delivered, mut chain) = (0, 0, Chain::default());
    let mut messages = open(nats, read).await.map_err(text)?;
    while read < until {
        let next = tokio::time::timeout(SILENCE, messages.next()).await;
        let message = next.ok().flatten().ok_or("the consumer is silent")?;
        if let Some(StreamEvent::Delivered { sequence, record, .. }) =
            receive(nats, message, &mut delivered, &mut read).await?
        {
            chain = record::chain(&chain, sequence, &record);
        }
    }
    Ok(chain)
}

/// A consumer behind this record.
async fn open(nats: &Nats, read: u64) -> Result<Subscriber, End> {
    let again = |error: &dyn std::fmt::Display| End::Again(error.to_string());
    let last = nats.last_sequence().await.map_err(|error| again(&error))?;
    if last < read {
        return Err(End::Shorter { last });
    }
    let inbox = nats.client.new_inbox();
    let messages = nats.client.subscribe(inbox.clone()).await.map_err(|error| again(&error))?;
    let config = push::Config {
        deliver_subject: inbox,
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: read + 1 },
        ack_policy: AckPolicy::None,
        max_deliver: 1,
        flow_control: true,
        idle_heartbeat: HEARTBEAT,
        inactive_threshold: Duration::from_secs(30),
        num_replicas: 1,
        memory_storage: true,
        ..push::Config::default()
    };
    nats.context.create_consumer_on_stream(config, nats.stream.clone()).await.map_err(|error| again(&error))?;
    Ok(messages)
}

/// What a message of the consumer says; an error where one before it was missed.
async fn receive(
    nats: &Nats,
    message: Message,
    delivered: &mut u64,
    read: &mut u64,
) -> Result<Option<StreamEvent>, String> {
    if message.status == Some(StatusCode::IDLE_HEARTBEAT) {
        if let Some(reply) = message.reply {
            // Flow control: the server sends more once it hears that this much was taken.
            let _ = nats.client.publish(reply, Bytes::new()).await;
            return Ok(None);
        }
        let header = |name| message.headers.as_ref().and_then(|headers| headers.get(name));
        if let Some(stalled) = header("Nats-Consumer-Stalled") {
            let _ = nats.client.publish(stalled.as_str().to_owned(), Bytes::new()).await;
        }
        let last = header("Nats-Last-Consumer").and_then(|last| last.as_str().parse::<u64>().ok());
        return match last {
            Some(last) if last != *delivered => Err(format!("{delivered} of {last} messages arrived")),
            _ => Ok(None),
        };
    }
    if message.status.is_some() {
        return Ok(None);
    }
    let message = async_nats::jetstream::Message { message, context: nats.context.clone() };
    let (sequence, number, behind) = match message.info() {
        Ok(info) => (info.stream_sequence, info.consumer_sequence, info.pending),
        Err(error) => return Err(error.to_string()),
    };
    if number != *delivered + 1 {
        return Err(format!("message {number} follows {delivered}"));
    }
    *delivered = number;
    *read = (*read).max(sequence);
    Ok(Some(StreamEvent::Delivered { sequence, record: message.message.payload, behind }))
}

async fn publish_record(
    nats: &Nats,
    node: &str,
    Publish { counter, record }: Publish,
    status: &Status,
    attempts: &mut JoinSet<(u64, PublishOutcome)>,
) {
    let message = PublishMessage::build().payload(record).message_id(format!("{node}-{counter}"));
    let began = Instant::now();
    match nats.context.send_publish(nats.subject.clone(), message).await {
        Ok(acknowledgement) => {
            let metrics = Arc::clone(status.metrics());
            attempts.spawn(async move {
                let outcome = acknowledged(acknowledgement).await;
                if let PublishOutcome::Stored(_) = outcome {
                    metrics.cluster.published(began.elapsed());
                }
                (counter, outcome)
            });
        }
        Err(error) => {
            tracing::debug!(%error, "a record was not published");
            let is_unsent = error.kind() == PublishErrorKind::MaxPayloadExceeded;
            let outcome = if is_unsent { PublishOutcome::NotStored } else { PublishOutcome::Unknown };
            attempts.spawn(async move { (counter, outcome) });
        }
    }
}

async fn acknowledged(acknowledgement: PublishAckFuture) -> PublishOutcome {
    match acknowledgement.await {
        Ok(acknowledged) => PublishOutcome::Stored(acknowledged.sequence),
        // NATS itself says so, where nobody takes the subject: what was sent went nowhere.
        Err(error) if error.kind() == PublishErrorKind::StreamNotFound => PublishOutcome::NotStored,
        Err(error) => {
            tracing::debug!(%error, "a record was not acknowledged");
            PublishOutcome::Unknown
        }
    }
}
