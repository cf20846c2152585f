//! What the system says of the program that is measured: CPU time, wake-ups and memory, over all of its threads.

use std::fs;
use std::time::Duration;

use anyhow::Context as _;

/// What a program has used since it started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Time on a processor, user and system.
    pub(crate) cpu: Duration,
    /// How often a thread of it began to run after it had waited.
    pub(crate) wakeups: u64,
}

impl Usage {
    /// Of the threads that live now.
    pub(crate) fn of(pid: u32) -> anyhow::Result<Self> {
        let mut usage = Self { cpu: Duration::ZERO, wakeups: 0 };
        for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
            let folder = thread?.path();
            // A thread may end while it is looked at.
            let Ok(times) = fs::read_to_string(folder.join("schedstat")) else { continue };
            let on_cpu = times.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
            usage.cpu += Duration::from_nanos(on_cpu.context("no time in schedstat")?);
            let status = fs::read_to_string(folder.join("status")).unwrap_or_default();
            usage.wakeups += field(&status, "voluntary_ctxt_switches:").unwrap_or(0);
        }
        Ok(usage)
    }

    /// What was used since then.
    pub(crate) fn since(self, before: Self) -> Self {
        Self { cpu: self.cpu.saturating_sub(before.cpu), wakeups: self.wakeups.saturating_sub(before.wakeups) }
    }
}

/// Resident memory, in MiB.
pub(crate) fn resident(pid: u32) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kib = field(&status, "VmRSS:").context("no VmRSS")?;
    Ok(kib as f64 / 1024.0)
}

fn field(status: &str, name: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix(name))?;
    value.trim().trim_end_matches(" kB").parse().ok()
}
