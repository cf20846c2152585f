//! The client (being assembled).

pub mod app;
pub mod event;
pub mod flags;
pub mod host;
pub mod link;
pub mod outbox;
pub mod plain;
pub mod run;
pub mod settings;
pub mod strings;
pub mod terminal;
pub mod text;
pub mod theme;
pub mod view;
