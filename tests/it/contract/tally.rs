//! Counts what was judged, so that a green gate that looked at nothing is seen.
//!
//! Tests may run one process each, so a count in memory tells little. When `MILLHAND_CONTRACT_TALLY` names a folder, every
//! process also appends one line for each thing judged to a file of its own there; `test.sh` adds them up at the end.
//!
//! Invariant: what could be looked up in a description is counted once, whatever the verdict.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{LazyLock, Mutex};

/// The tally of the shared judges. The gate's own tests use silent tallies, so that samples are not counted as traffic.
pub(crate) static TALLY: LazyLock<Tally> =
    LazyLock::new(|| std::env::var_os("MILLHAND_CONTRACT_TALLY").map_or_else(Tally::default, |dir| Tally::into(Path::new(&dir))));

/// What can be judged. The name is the first word of a line in the tally's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Judged {
    /// A REST request; named after its operation.
    Request,
    /// The answer to a REST request; named after its operation.
    Answer,
    /// A webhook; named after its event and action.
    Webhook,
    /// A GraphQL document with its variables; named after the root field.
    Document,
}

impl Judged {
    fn word(self) -> &'static str {
        match self {
            Judged::Request => "request",
            Judged::Answer => "answer",
            Judged::Webhook => "webhook",
            Judged::Document => "document",
        }
    }
}

/// How often each thing was judged in this process.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    counts: Mutex<BTreeMap<(Judged, String), u64>>,
    file: Option<File>,
}

impl Tally {
    /// Counts in memory only. Like the shared one it lives as long as the process.
    pub(crate) fn silent() -> &'static Self {
        Box::leak(Box::default())
    }

    /// Counts in memory and in a file of this process in `dir`, which is made if it is not there.
    pub(crate) fn into(dir: &Path) -> Self {
        std::fs::create_dir_all(dir).unwrap_or_else(|error| panic!("making {}: {error}", dir.display()));
        let path = dir.join(format!("{}.txt", std::process::id()));
        let file = File::options().create(true).append(true).open(&path);
        Self {
            counts: Mutex::default(),
            file: Some(file.unwrap_or_else(|error| panic!("opening {}: {error}", path.display()))),
        }
    }

    /// One more thing was judged.
    pub(crate) fn count(&self, judged: Judged, name: &str) {
        *self
            .counts
            .lock()
            .expect("no counter panics while it holds the lock")
            .entry((judged, name.to_owned()))
            .or_default() += 1;
        if let Some(mut file) = self.file.as_ref() {
            let line = format!("{} {name}\n", judged.word());
            file.write_all(line.as_bytes()).expect("the tally's file can be written");
        }
    }

    /// One sentence: how many operations, requests, answers, webhooks and documents this process judged.
    pub(crate) fn summary(&self) -> String {
        let counts = self.counts.lock().expect("no counter panics while it holds the lock");
        let sum = |judged: Judged| {
            counts
                .iter()
                .filter(|((kind, _), _)| *kind == judged)
                .map(|(_, n)| n)
                .sum::<u64>()
        };
        let names = |judged: Judged| counts.keys().filter(|(kind, _)| *kind == judged).count();
        format!(
            "contract gate: {} operations, {} requests, {} answers; {} webhooks of {} kinds; {} GraphQL documents",
            names(Judged::Request),
            sum(Judged::Request),
            sum(Judged::Answer),
            sum(Judged::Webhook),
            names(Judged::Webhook),
            sum(Judged::Document),
        )
    }
}

mod tests {
    use super::{Judged, Tally};

    #[test]
    fn counts_are_kept_in_memory_and_in_a_file() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let tally = Tally::into(&dir.path().join("tally"));
        for _ in 0..2 {
            tally.count(Judged::Request, "pulls/create");
        }
        tally.count(Judged::Request, "pulls/get");
        tally.count(Judged::Answer, "pulls/get");
        tally.count(Judged::Webhook, "issues.labeled");
        tally.count(Judged::Document, "mergePullRequest");
        assert_eq!(
            tally.summary(),
            "contract gate: 2 operations, 3 requests, 1 answers; 1 webhooks of 1 kinds; 1 GraphQL documents"
        );
        let file = std::fs::read_dir(dir.path().join("tally"))
            .expect("the folder was made")
            .next()
            .expect("a file")
            .expect("an entry");
        let text = std::fs::read_to_string(file.path()).expect("the file is text");
        assert_eq!(
            text,
            "request pulls/create\nrequest pulls/create\nrequest pulls/get\nanswer pulls/get\nwebhook issues.labeled\ndocument mergePullRequest\n"
        );
    }
}
