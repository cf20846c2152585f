//! The program with a shim between it and the system (`shim/shim.c`), which writes down all that happens to the files
//! of its data folder and all that it sends, in one order, and fails what it is told to fail. For the tests of power
//! loss and of failing disks.

use std::{
    fs::File,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use tempfile::TempDir;

use crate::support::command;

/// The shim, compiled once for all tests with the compiler that the bundled SQLite needs too.
fn shim() -> &'static Path {
    static SHIM: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, library) = SHIM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("shim.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server/shim/shim.c");
        let mut compiler = Command::new(std::env::var_os("CC").unwrap_or("cc".into()));
        compiler.args(["-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]).arg(&library);
        let done = compiler.arg(source).args(["-ldl", "-lpthread"]).output().expect("there is a C compiler");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        (folder, library)
    });
    library
}

/// The program on this data folder, with the shim before the system.
fn shimmed(data: &Path) -> Command {
    let mut command = command(data);
    command.env("LD_PRELOAD", shim()).env("SQUARES_SHIM_FOLDER", data).args(["--listen", "127.0.0.1:0", "--rate", "0"]);
    command
}

/// The program on this data folder, with all that it does written to the file `record`.
pub(crate) fn recorded(data: &Path, record: &Path) -> Command {
    let mut command = shimmed(data);
    command.env("SQUARES_SHIM_LOG", record);
    command
}

/// What the program did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    Write {
        file: String,
        offset: usize,
        data: Vec<u8>,
    },
    Truncate {
        file: String,
        size: usize,
    },
    Sync {
        file: String,
    },
    Create {
        file: String,
    },
    Unlink {
        file: String,
    },
    SyncFolder,
    /// Bytes that went to a client, by the number of its connection.
    Sent {
        to: String,
        data: Vec<u8>,
    },
}

/// Reads a record. A deed that a kill cut off at its end is left out.
pub(crate) fn read_record(record: &Path) -> Vec<Deed> {
    let bytes = std::fs::read(record).unwrap();
    let mut rest = &bytes[..];
    let mut deeds = Vec::new();
    while let Some((head, behind)) = rest.split_at_checked(14) {
        let name_length = usize::from(head[1]);
        let length = u32::from_le_bytes(head[2..6].try_into().unwrap()) as usize;
        let offset = usize::try_from(u64::from_le_bytes(head[6..14].try_into().unwrap())).unwrap();
        let Some((name_and_data, behind)) = behind.split_at_checked(name_length + length) else { break };
        let (name, data) = name_and_data.split_at(name_length);
        let (file, data) = (String::from_utf8(name.to_vec()).unwrap(), data.to_vec());
        deeds.push(match head[0] {
            b'w' => Deed::Write { file, offset, data },
            b't' => Deed::Truncate { file, size: offset },
            b's' => Deed::Sync { file },
            b'c' => Deed::Create { file },
            b'u' => Deed::Unlink { file },
            b'f' => Deed::SyncFolder,
            b'n' => Deed::Sent { to: file, data },
            other => panic!("no deed is written as {other}"),
        });
        rest = behind;
    }
    deeds
}

/// Which calls are failed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Call {
    Write = 1,
    Sync = 2,
    Truncate = 4,
    Open = 8,
    /// The first is half done, and those that follow fail.
    ShortWrite = 16,
}

/// The faults of a program's disk.
pub(crate) struct Faults {
    orders: File,
}

impl Faults {
    /// The program on this data folder with a disk that can be made to fail; `orders` is a file for telling it.
    pub(crate) fn command(data: &Path, orders: &Path) -> (Command, Self) {
        std::fs::write(orders, [0; 20]).unwrap();
        let mut command = shimmed(data);
        command.env("SQUARES_SHIM_FAULT", orders);
        (command, Self { orders: File::options().read(true).write(true).open(orders).unwrap() })
    }

    /// Lets so many of these calls through, and fails the following ones with this error of the system.
    pub(crate) fn fail(&self, call: Call, let_through: u32, failing: u32, error: rustix::io::Errno) {
        let numbers = [call as u32, let_through, failing, error.raw_os_error().cast_unsigned(), 0];
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.orders.write_all_at(&bytes, 0).unwrap();
    }

    /// Heals the disk; gives how many calls have failed.
    pub(crate) fn heal(&self) -> u32 {
        self.orders.write_all_at(&[0; 12], 0).unwrap();
        let mut failed = [0; 4];
        self.orders.read_exact_at(&mut failed, 16).unwrap();
        u32::from_le_bytes(failed)
    }
}
