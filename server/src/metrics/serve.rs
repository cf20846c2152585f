//! Serves `/metrics` for Prometheus and `/healthz`, over HTTP on an address of their own. Few connections are served at
//! once, each briefly, and the oldest gives way to the newest, so that silent ones keep nobody out.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::task::{AbortHandle, JoinSet};

use super::Snapshot;
use crate::{limits::Connections, listen::Listeners, room::Room};

/// Connections at once; for one more the oldest goes.
const AT_ONCE: usize = 32;

/// How long one connection may take in all.
const TIME: Duration = Duration::from_secs(5);

/// The most bytes of a request that are held.
const HEAD: usize = 8 << 10;

/// How long accepting pauses when the system has no descriptor left.
const PAUSE: Duration = Duration::from_millis(100);

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// What the pages are made from. The room is not kept alive between requests, so that the server can stop.
#[derive(Clone)]
pub(crate) struct Pages {
    pub(crate) room: Weak<Room>,
    pub(crate) connections: Arc<Connections>,
}

/// Serves for as long as it is polled.
pub(crate) async fn serve(mut listeners: Listeners, pages: Pages) {
    let mut open = JoinSet::new();
    let mut by_age = VecDeque::<AbortHandle>::new();
    loop {
        let stream = tokio::select! {
            accepted = listeners.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections for metrics just now; trying again");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
            Some(_) = open.join_next() => {
                by_age.retain(|connection| !connection.is_finished());
                continue;
            }
        };
        if by_age.len() >= AT_ONCE {
            by_age.pop_front().iter().for_each(AbortHandle::abort);
        }
        let pages = pages.clone();
        by_age.push_back(open.spawn(async move {
            let service = service_fn(|request| {
                let response = pages.answer(&request);
                async { Ok::<_, Infallible>(response) }
            });
            let connection = http1::Builder::new()
                .keep_alive(false)
                .max_buf_size(HEAD)
                .serve_connection(TokioIo::new(stream), service);
            if let Ok(Err(error)) = tokio::time::timeout(TIME, connection).await {
                tracing::debug!(%error, "a request for metrics was not served");
            }
        }));
    }
}

impl Pages {
    fn answer<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return page(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET and HEAD are answered\n");
        }
        let Some(room) = self.room.upgrade() else {
            return page(StatusCode::SERVICE_UNAVAILABLE, TEXT, "the server is stopping\n");
        };
        match request.uri().path() {
            "/metrics" => {
                let now = Snapshot {
                    connections: self.connections.open(),
                    students: room.presence.students(),
                    latest: room.feed.latest(),
                    reached: room.relay.reached(),
                };
                page(StatusCode::OK, OPEN_METRICS, room.metrics.text(&now))
            }
            "/healthz" if !room.metrics.log_is_reachable() => {
                page(StatusCode::SERVICE_UNAVAILABLE, TEXT, "the shared log cannot be reached; see the log\n")
            }
            "/healthz" if room.metrics.storage_works() => page(StatusCode::OK, TEXT, "ok\n"),
            "/healthz" => {
                page(StatusCode::SERVICE_UNAVAILABLE, TEXT, "the last results could not be made durable; see the log\n")
            }
            _ => page(StatusCode::NOT_FOUND, TEXT, "look at /metrics or /healthz\n"),
        }
    }
}

fn page(status: StatusCode, kind: HeaderValue, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
