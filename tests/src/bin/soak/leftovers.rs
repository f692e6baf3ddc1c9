use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::sleep;

/// What a process has to give back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leftovers {
    pub(crate) tasks: usize,
    pub(crate) files: usize,
}

impl Leftovers {
    pub(crate) fn now() -> Self {
        let files = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        Self {
            tasks: Handle::current().metrics().num_alive_tasks(),
            files,
        }
    }

    /// What there is now and was not then. Connections and their tasks get ten seconds to end.
    pub(crate) async fn left_over(self) -> Self {
        let mut left = self;
        for _ in 0..100 {
            let now = Self::now();
            left = Self {
                tasks: now.tasks.saturating_sub(self.tasks),
                files: now.files.saturating_sub(self.files),
            };
            if (left.tasks, left.files) == (0, 0) {
                break;
            }
            sleep(Duration::from_millis(100)).await;
        }
        left
    }
}

/// What of the process is in memory, in bytes; 0 where the system does not tell.
pub(crate) fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kilobytes.unwrap_or(0_u64) * 1024
}
