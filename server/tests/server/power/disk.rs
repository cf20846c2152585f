//! A disk that loses its power: what was synced stays, and of what was not, any part may be there, in any order, or
//! torn.

use std::{collections::BTreeMap, path::Path};

use fastrand::Rng;

use crate::shim::Deed;

/// A change of a file that was not synced yet.
#[derive(Debug, Clone)]
enum Change {
    Write { offset: usize, data: Vec<u8> },
    Truncate(usize),
}

#[derive(Debug, Clone, Default)]
struct Contents {
    synced: Vec<u8>,
    since: Vec<Change>,
}

/// A change of the folder that was not synced yet.
#[derive(Debug, Clone)]
enum Naming {
    Create(String, usize),
    Unlink(String),
}

/// The files of a data folder.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    contents: Vec<Contents>,
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
    since: Vec<Naming>,
}

impl Disk {
    /// Does what the program did.
    pub(crate) fn execute(&mut self, deed: &Deed) {
        match deed {
            Deed::Write { file, offset, data } => {
                self.of(file).since.push(Change::Write { offset: *offset, data: data.clone() });
            }
            Deed::Truncate { file, size } => self.of(file).since.push(Change::Truncate(*size)),
            Deed::Sync { file } => {
                let contents = self.of(file);
                contents.synced = contents.live();
                contents.since.clear();
            }
            Deed::Create { file } => {
                self.contents.push(Contents::default());
                let naming = Naming::Create(file.clone(), self.contents.len() - 1);
                apply(&mut self.names, &naming);
                self.since.push(naming);
            }
            Deed::Unlink { file } => {
                let naming = Naming::Unlink(file.clone());
                apply(&mut self.names, &naming);
                self.since.push(naming);
            }
            Deed::SyncFolder => {
                self.synced_names = self.names.clone();
                self.since.clear();
            }
            Deed::Sent { .. } => {}
        }
    }

    fn of(&mut self, file: &str) -> &mut Contents {
        let number = self.names[file];
        &mut self.contents[number]
    }

    /// What programs see.
    pub(crate) fn write_to(&self, folder: &Path) {
        for (name, &number) in &self.names {
            std::fs::write(folder.join(name), self.contents[number].live()).unwrap();
        }
    }

    /// Cuts the power: what is there when it is back. Changes of the folder keep their order, as file systems keep it;
    /// changes of files keep none.
    pub(crate) fn cut(&self, random: &mut Rng) -> Self {
        let mut names = self.synced_names.clone();
        for naming in self.since.iter().take(random.usize(0..=self.since.len())) {
            apply(&mut names, naming);
        }
        let contents =
            self.contents.iter().map(|contents| Contents { synced: contents.cut(random), since: Vec::new() }).collect();
        Self { contents, synced_names: names.clone(), names, since: Vec::new() }
    }
}

fn apply(names: &mut BTreeMap<String, usize>, naming: &Naming) {
    match naming {
        Naming::Create(name, number) => names.insert(name.clone(), *number),
        Naming::Unlink(name) => names.remove(name),
    };
}

impl Contents {
    fn live(&self) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        for change in &self.since {
            match change {
                Change::Write { offset, data } => put(&mut bytes, *offset, data),
                Change::Truncate(size) => bytes.resize(*size, 0),
            }
        }
        bytes
    }

    fn cut(&self, random: &mut Rng) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        let way = random.u8(0..6);
        let kept = match way {
            0 => 0,
            1 => self.since.len(),
            _ => random.usize(0..=self.since.len()),
        };
        for (place, change) in self.since.iter().enumerate() {
            // Up to a point; or any of them; or any sectors of any of them. A sector is old or new, as disks promise.
            let is_kept = if way < 3 { place < kept } else { random.bool() };
            match change {
                Change::Truncate(size) if is_kept => bytes.resize(*size, 0),
                Change::Write { offset, data } if is_kept && way < 4 => put(&mut bytes, *offset, data),
                Change::Write { offset, data } if way >= 4 => tear(&mut bytes, *offset, data, random),
                _ => {}
            }
        }
        bytes
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    bytes.resize(bytes.len().max(offset + data.len()), 0);
    bytes[offset..offset + data.len()].copy_from_slice(data);
}

/// Writes some of the sectors.
fn tear(bytes: &mut Vec<u8>, offset: usize, data: &[u8], random: &mut Rng) {
    let sector = if random.bool() { 512 } else { 4096 };
    let mut at = offset;
    while at < offset + data.len() {
        let end = (at / sector * sector + sector).min(offset + data.len());
        if random.bool() {
            put(bytes, at, &data[at - offset..end - offset]);
        }
        at = end;
    }
}
