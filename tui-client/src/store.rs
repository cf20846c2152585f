//! What the client keeps on disk: squares that no server has answered (`outbox`), what a student typed (`history`),
//! what a run remembers for the next (`settings`), and the files of results that people ask for (`export`).

pub mod export;
pub mod history;
pub mod outbox;
pub mod settings;
