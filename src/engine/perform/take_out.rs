//! Taking a merged phase out of the integration branch again.
//!
//! Invariant: the branch is moved from its known head only; whatever people put on it since stays.

use super::facts::sha;
use super::phase::object_id;
use super::{At, Ended, Trouble};
use crate::github::{MergeMethod, Message, TakeOut, TakenOut};
use crate::workflow::fact::{Outcome, RefusalKind, Refused, Target};
use crate::workflow::ids::Sha;
use crate::workflow::text::commit;

impl At<'_> {
    /// By a commit of ours on top of the branch.
    pub(super) async fn take_out(&self, target: Target, merged: &Sha, head: &Sha) -> Result<Ended, Trouble> {
        let track = self.track(target)?;
        let commits = track.pushed.len() + track.foreign.len() + track.updates.len();
        if self.method(target) == MergeMethod::Rebase && commits > 1 {
            // Undoing the last of them would leave the others there.
            return Ok(Ended::with(Outcome::Refused(Refused {
                kind: RefusalKind::Conflict,
                sentence: format!("it was merged as {commits} commits, and only one can be taken out at a time"),
            })));
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
            TakenOut::Conflicts(files) => Outcome::Refused(Refused {
                kind: RefusalKind::Conflict,
                sentence: format!("other work since changed the same lines of {}", files.join(", ")),
            }),
        };
        Ok(Ended::with(outcome))
    }
}
