//! A branch with its pull request: what is known of it, and what is being done with it.
//!
//! Invariant: a phase's and the release's are the same, and go through the same rules.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize};

use super::super::answer::{Diagnosis, Verdict};
use super::super::fact::{Change, ChecksView, Clash, Failures, PullRef, PullState, PullView, ReviewView};
use super::super::ids::{BlobHash, Person, Sha};
use super::super::validate::Report;
use super::Approval;
use crate::clock::Millis;

/// A read of a pull request that is taken in later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsettled {
    /// The pull request.
    pub pull: PullView,
    /// The checks of its head, if they were read too.
    pub checks: Option<ChecksView>,
}

/// A branch with a pull request: a phase's, or the release's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// Its branch.
    pub branch: String,
    /// Name of the branch it merges into.
    pub base: String,
    /// The base's head it branches from, recorded when work began.
    pub from: Option<Sha>,
    /// When work began.
    pub started_at: Option<Millis>,
    /// How often the writer was asked.
    pub turn: u32,
    /// Why the writer writes.
    pub reason: WriteReason,
    /// The refused change before, when validation is the reason.
    pub refused: Option<Change>,
    /// How it clashes with its base, while that is being settled.
    #[serde(default)]
    pub clash: Option<Clash>,
    /// GitHub refuses its branch for its workflow files: the base is brought in first.
    #[serde(default)]
    pub outdated: bool,
    /// How often that was so since GitHub took a commit.
    #[serde(default)]
    pub refreshed: u32,
    /// Validated, not yet pushed.
    pub change: Option<Change>,
    /// Pushed change sets, oldest first.
    pub pushed: Vec<BlobHash>,
    /// The validation of the newest pushed change.
    pub report: Option<Report>,
    /// The pull request.
    pub pull: Option<PullRef>,
    /// The head as we know it.
    pub head: Option<Sha>,
    /// When the head was pushed or first seen.
    pub head_at: Option<Millis>,
    /// Heads that people pushed.
    pub foreign: BTreeSet<Sha>,
    /// Read with a head that we do not know while a write of ours is under way: whose it is, its outcome tells.
    #[serde(default)]
    pub unsettled: Option<Unsettled>,
    /// The pull request as last read.
    pub seen: Option<PullView>,
    /// The checks of the head as last read.
    pub checks: Option<ChecksView>,
    /// Hint not yet answered: inbox seq.
    pub look: Option<i64>,
    /// Heads it had before: a read that still shows one of them is an old one.
    pub former: BTreeSet<Sha>,
    /// Since when reads have shown an old state of it, while they do.
    #[serde(default)]
    pub lagging: Option<Millis>,
    /// Checks that were run again: their old results count no more.
    pub superseded: BTreeSet<u64>,
    /// When it was read last.
    pub read_at: Option<Millis>,
    /// The head whose expected checks were green last.
    pub green: Option<Sha>,
    /// What is known about failed checks.
    pub failures: Option<Failures>,
    /// Why they failed.
    pub diagnosis: Option<Diagnosis>,
    /// How often each check was run again on this head.
    pub reruns: BTreeMap<String, u32>,
    /// A person let this head pass on which no check ran.
    pub passed_without_ci: Option<Sha>,
    /// How often the overseer was asked.
    pub verify_turn: u32,
    /// What the overseer found, and on which head.
    pub verdict: Option<(Sha, Verdict)>,
    /// The head that was presented for review.
    pub presented: Option<Sha>,
    /// Logins asked for review.
    pub asked: Vec<String>,
    /// Whether the pull request is a draft, as far as we know.
    pub draft: bool,
    /// Reviews by id.
    pub reviews: BTreeMap<u64, ReviewView>,
    /// Reviews whose remarks the writer was given.
    pub taken: BTreeSet<u64>,
    /// Reviews to be answered once the commit is there.
    pub to_answer: BTreeSet<u64>,
    /// Heads that are merges of the base, made by us: the patch may be unchanged.
    pub updates: BTreeSet<Sha>,
    /// Heads shown to carry the same patch: new -> old.
    pub same_patch: BTreeMap<Sha, Sha>,
    /// Pairs of heads whose patches were compared: (old, new).
    pub compared: BTreeSet<(Sha, Sha)>,
    /// Approvals by command, where the rules ask for no review.
    pub approved: Option<Approval>,
    /// Attempts per cause.
    pub attempts: Attempts,
    /// People's hints, oldest first.
    pub hints: Vec<String>,
    /// Nothing moves it but a person (the release's counterpart of a phase's fate).
    pub gave_up: bool,
    /// Names of checks to be run again.
    pub rerunning: BTreeSet<String>,
    /// When the base was merged in last.
    pub updated_at: Option<Millis>,
    /// Pull requests that this one took the place of, still to be closed.
    #[serde(default, deserialize_with = "one_or_many")]
    pub left_open: Vec<PullRef>,
    /// Digest of the check run written on a head that stops here.
    pub check_written: Option<String>,
    /// What the check run of the head shows that can be pressed, and what was told to whoever pressed: written last.
    #[serde(default)]
    pub shown: Vec<String>,
    /// Presses of buttons that were obeyed: it tells the next press of a button from a repetition of the last.
    #[serde(default)]
    pub presses: u32,
    /// Why the last press was refused, and on which head.
    #[serde(default)]
    pub told: Option<(Sha, String)>,
    /// It was taken out of draft by Millhand: a draft from then on is a person's will.
    #[serde(default)]
    pub readied: bool,
    /// Millhand closed the pull request.
    pub closed_by_us: bool,
    /// Who holds it: it is not merged.
    #[serde(default)]
    pub held: Option<String>,
    /// How the merge came about.
    pub merged: Option<Merged>,
    /// Requests to GitHub for it.
    pub requests: u32,
}

impl Track {
    /// Whether its head has a check run of ours.
    #[must_use]
    pub fn has_check_run(&self) -> bool {
        let Some(head) = &self.head else { return false };
        let written = self.check_written.as_ref().is_some_and(|digest| digest.starts_with(&head.0));
        written || self.presented.as_ref() == Some(head)
    }

    /// The pull requests that are to be closed when another one takes its place: its own if that is open, as far as is known,
    /// and those before it.
    #[must_use]
    pub fn to_be_left(&self) -> Vec<PullRef> {
        let open = self.seen.as_ref().is_none_or(|seen| seen.state == PullState::Open);
        let own = self.pull.clone().filter(|_| open && self.merged.is_none());
        self.left_open.iter().cloned().chain(own).collect()
    }

    /// Its branch with the head, if there is nothing on it but our commits.
    #[must_use]
    pub fn of_ours_only(&self) -> Option<(String, Sha)> {
        let ours = self.foreign.is_empty() && !self.branch.is_empty();
        self.head.clone().filter(|_| ours).map(|head| (self.branch.clone(), head))
    }

    /// Whether a person has made a draft of it again.
    #[must_use]
    pub const fn is_withdrawn(&self) -> bool {
        self.draft && self.readied
    }
}

/// Why the writer writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteReason {
    /// For the first time.
    #[default]
    First,
    /// Validation refused the change before.
    Validation,
    /// Checks failed.
    Checks,
    /// The overseer was not content.
    Verdict,
    /// People asked for changes.
    Review,
    /// It clashes with its base.
    Conflict,
    /// A person's `/retry` with a hint, nothing else being wrong.
    Hint,
}

/// Attempts used, per cause; people's requests and waits never count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// Change sets refused by validation.
    pub validation: u32,
    /// Repairs of failed checks.
    pub ci: u32,
    /// Repairs of bad verdicts.
    pub verdict: u32,
    /// Conflicts given to the writer.
    pub conflict: u32,
}

/// A merge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// The commit on the base branch.
    pub sha: Sha,
    /// The person who merged; `None`: Millhand.
    pub by: Option<Person>,
    /// When it was observed.
    pub at: Millis,
}

/// Before core 7 a track held one of them, or null; what was stored then is still read.
fn one_or_many<'de, D: Deserializer<'de>>(stored: D) -> Result<Vec<PullRef>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stored {
        None(()),
        One(PullRef),
        Many(Vec<PullRef>),
    }
    Ok(match Stored::deserialize(stored)? {
        Stored::None(()) => Vec::new(),
        Stored::One(pull) => vec![pull],
        Stored::Many(pulls) => pulls,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{PullRef, Track};

    #[test]
    fn what_is_to_be_closed_is_read_as_it_was_stored_before() {
        let pull = PullRef {
            number: 7,
            node_id: "PR_7".to_owned(),
        };
        let read = |left_open: Value| {
            let mut stored = serde_json::to_value(Track::default()).unwrap();
            stored["left_open"] = left_open;
            serde_json::from_value::<Track>(stored).unwrap().left_open
        };
        assert_eq!(read(Value::Null), []);
        assert_eq!(read(json!(pull)), std::slice::from_ref(&pull));
        assert_eq!(read(json!([pull])), [pull]);
    }
}
