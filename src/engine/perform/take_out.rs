//! Taking a merged phase out of the integration branch again.
//!
//! Invariant: the branch is moved from its known head only; whatever people put on it since stays.

use super::facts::sha;
use super::phase::object_id;
use super::{At, Ended, Trouble};
use crate::github::{MergeMethod, Message, TakeOut, TakenOut};
use crate::workflow::fact::{Outcome, RefusalKind, Refused, Target};
use crate::workflow::ids::Sha;
use crate::workflow::model::Track;
use crate::workflow::text::commit;

impl At<'_> {
    /// By a commit of ours on top of the branch.
    pub(super) async fn take_out(&self, target: Target, merged: &Sha, head: &Sha) -> Result<Ended, Trouble> {
        if let Some(refused) = self.many_commits(target, self.track(target)?) {
            return Ok(refused);
        }
        let (headline, body) = commit::take_out(self.w, target, merged);
        let out = TakeOut {
            branch: self.w.work_branch(),
            head: object_id(head)?,
            commit: object_id(merged)?,
            message: Message {
                headline: self.line(&headline)?,
                body: self.renderer().message(&body)?,
            },
        };
        let outcome = match self.p.github.take_out(&self.repo, &out, self.p.attempt()).await? {
            TakenOut::Commit(made) => Outcome::TakenOut { head: sha(&made) },
            TakenOut::Nothing => Outcome::TakenOut { head: head.clone() },
            TakenOut::Conflicts(files) => conflict(&files),
        };
        Ok(Ended::with(outcome))
    }

    /// What was rebased onto a branch as several commits: undoing the last of them would leave the others there.
    pub(super) fn many_commits(&self, target: Target, track: &Track) -> Option<Ended> {
        let commits = track.pushed.len() + track.foreign.len() + track.updates.len();
        (self.method(target) == MergeMethod::Rebase && commits > 1).then(|| {
            Ended::with(Outcome::Refused(Refused {
                kind: RefusalKind::Conflict,
                sentence: format!("it was merged as {commits} commits, and only one can be taken out at a time"),
            }))
        })
    }
}

/// Files that others changed since, in the same places.
pub(super) fn conflict(files: &[String]) -> Outcome {
    Outcome::Refused(Refused {
        kind: RefusalKind::Conflict,
        sentence: format!("other work since changed the same lines of {}", files.join(", ")),
    })
}
