//! A pull request that takes back what was released.
//!
//! Invariant: the default branch itself is never written.

use super::phase::object_id;
use super::take_out::conflict;
use super::{At, Ended, Trouble};
use crate::github::{Message, NewPull, Opening};
use crate::workflow::fact::{Outcome, Target};
use crate::workflow::ids::Sha;
use crate::workflow::model::Revert;
use crate::workflow::text::{commit, revert};

impl At<'_> {
    /// Branch, commit and pull request at once, as a phase is opened: found again in the same way.
    pub(super) async fn open_revert(&self, (of, merged): (Target, &Sha), branch: &str, base: &Sha) -> Result<Ended, Trouble> {
        let track = match of {
            Target::Phase(_) => self.track(of)?,
            Target::Release => self.w.released(),
        };
        if let Some(refused) = self.many_commits(of, track) {
            return Ok(refused);
        }
        let start = object_id(base)?;
        let changes = match self.p.github.undone(&self.repo, &start, &object_id(merged)?).await? {
            Ok(changes) if changes.is_empty() => return Ok(Ended::with(Outcome::TakenOut { head: base.clone() })),
            Ok(changes) => changes,
            Err(files) => return Ok(Ended::with(conflict(&files))),
        };
        let back = Revert {
            of,
            commit: merged.clone(),
            done: false,
        };
        let (headline, body) = commit::revert(self.w, &back);
        let ride = self.ride()?;
        let opening = Opening {
            branch: branch.to_owned(),
            start,
            changes,
            message: Message {
                headline: self.line(&headline)?,
                // The effect's key makes the commit known to a second attempt.
                body: self
                    .renderer()
                    .message(&format!("{body}\nMillhand-Effect: {}", self.p.effect.key))?,
            },
            route: self.route(),
            pull: NewPull {
                base: self.w.release.base.clone(),
                title: self.line(&revert::title(self.w, &back))?,
                body: self
                    .renderer()
                    .marked(&self.marker("revert", merged.short()), &revert::body(self.w, &back))?
                    .body()
                    .clone(),
                draft: false,
            },
            ride: ride.as_ref().map(|(ride, _)| ride.clone()),
        };
        self.opened(&opening, ride).await
    }
}
