//! The integration branch, merges, the release pull request, and clean-up.

use std::time::Duration;

use super::facts::sha;
use super::issue::settled;
use super::phase::{object_id, pull_ref, rode};
use super::{At, Ended, Trouble};
use crate::github::{self, BranchAt, Deletion, Merge, MergeMethod, NewPull, NodeId, PullEdit, PullLife};
use crate::workflow::fact::{Outcome, PullRef, RefusalKind, Refused, ReviewView, Target};
use crate::workflow::ids::{PhaseNumber, Sha};
use crate::workflow::model::Track;
use crate::workflow::order::Order;
use crate::workflow::reviews;
use crate::workflow::settings::{MergeMethod as Setting, ReleaseMerge};
use crate::workflow::text::{branch, commit, pull, release};

/// A reading that ended no longer ago than this, with nothing come in since, is the look just before a merge.
const JUST_READ: Duration = Duration::from_secs(10);

impl At<'_> {
    /// Carries out an order about merging and what lies around it.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the dispatcher sends only these orders here")]
    pub(super) async fn on_release(&self, order: &Order) -> Result<Ended, Trouble> {
        match order {
            Order::CreateBase { from } => {
                let name = branch::integration(self.w);
                let at = BranchAt {
                    name,
                    sha: object_id(from)?,
                };
                self.p.github.create_branch(&self.repo, &at, self.p.attempt()).await?;
                Ok(Ended::with(Outcome::BaseCreated { head: from.clone() }))
            }
            Order::Merge { target, head, .. } => self.merge(*target, head).await,
            Order::TakeOut { target, merged, head } => self.take_out(*target, merged, head).await,
            Order::OpenRevert {
                of,
                commit,
                branch,
                base,
            } => self.open_revert((*of, commit), branch, base).await,
            Order::OpenRelease => self.open_release().await,
            Order::DescribeRelease { .. } => {
                let renderer = self.renderer().closing(self.w.issue.number);
                let body = renderer
                    .marked(&self.marker("release", "1"), &release::body(self.w))?
                    .body()
                    .clone();
                let title = self.line(&release::title(self.w))?;
                let pull = pull_ref(&self.w.release)?;
                let edit = PullEdit {
                    title: Some(title),
                    body: Some(body),
                    base: None,
                };
                self.p.github.update_pull(&self.repo, &pull, &edit).await?;
                Ok(settled())
            }
            Order::ClosePull { pull, node_id, note } => {
                let pull = github::PullRef {
                    number: *pull,
                    node_id: NodeId(node_id.clone()),
                };
                let note = self.renderer().markdown(note)?;
                self.p
                    .github
                    .close_pull(&self.repo, &pull, Some(&note), self.p.attempt())
                    .await?;
                Ok(settled())
            }
            Order::DeleteBranches { branches } => self.delete(branches).await,
            _ => Err(Trouble::Never("not an order for the release".to_owned())),
        }
    }

    /// The merge, at the head that was approved. Head and reviews are read in the request just before it, unless they were
    /// read this moment and nothing came in since.
    async fn merge(&self, target: Target, head: &Sha) -> Result<Ended, Trouble> {
        let track = self.track(target)?;
        let pull = pull_ref(track)?;
        let now = self.p.engine.now();
        let mut facts = Vec::new();
        if track.read_at.is_none_or(|at| now.since(at) > JUST_READ) {
            let Some(now) = self.p.github.read_pull(&self.repo, pull.number).await? else {
                return Ok(moved("the pull request is gone"));
            };
            facts = self.pull_facts(&now);
            if !self.is_as_before(&now, track, head) {
                return Ok(Ended {
                    facts,
                    ..moved("something came in before the merge")
                });
            }
        }
        if !reviews::approved(self.w, target) {
            return Ok(Ended {
                facts,
                ..moved("the approval does not hold any more")
            });
        }
        if let Some(number) = target.phase()
            && self.w.is_direct()
            && self.w.last_phase() == Some(number)
        {
            self.say_that_it_closes(&pull, number).await?;
        }
        let (headline, body) = commit::merge(self.w, target);
        let ride = self.ride()?;
        let merge = Merge {
            pull,
            head: object_id(head)?,
            method: self.method(target),
            headline: self.line(&headline)?,
            body: self.renderer().message(&body)?,
            ride: ride.as_ref().map(|(ride, _)| ride.clone()),
        };
        let merging = self.p.github.merge_phase(&self.repo, &merge, self.p.attempt()).await?;
        let sha = merging.commit.as_ref().map_or_else(|| head.clone(), sha);
        Ok(Ended {
            facts,
            ..Ended::with(Outcome::Merged {
                sha,
                status: rode(merging.status.as_ref(), ride),
            })
        })
    }

    /// Whether a pull request is what was approved: open, at this head, and with no review that says something new.
    fn is_as_before(&self, now: &github::PullState, track: &Track, head: &Sha) -> bool {
        let people = now.reviews.iter().filter(|r| r.author.as_ref().is_some_and(|a| !a.is_bot()));
        let mut views = people.filter_map(|r| self.review(now, r));
        let known = |view: &ReviewView| track.reviews.get(&view.id).is_some_and(|it| it.state == view.state);
        now.life == PullLife::Open && sha(&now.head_sha) == *head && !now.draft && views.all(|view| known(&view))
    }

    /// The last of a direct delivery closes the issue, and says so only right before its merge.
    async fn say_that_it_closes(&self, pull: &github::PullRef, number: PhaseNumber) -> Result<(), Trouble> {
        let marker = self.marker("phase", &number.to_string());
        let renderer = self.renderer().closing(self.w.issue.number);
        let text = renderer.marked(&marker, &pull::closing_body(self.w, number))?;
        let edit = PullEdit {
            title: None,
            body: Some(text.body().clone()),
            base: None,
        };
        self.p.github.update_pull(&self.repo, pull, &edit).await?;
        Ok(())
    }

    /// How it is merged: as set, as far as the repository allows it.
    pub(super) fn method(&self, target: Target) -> MergeMethod {
        let survey = self.w.survey.as_ref();
        let merges = survey.is_none_or(|s| s.merge_commits && !s.linear);
        let squash = survey.is_none_or(|s| s.squash);
        let wanted = match (target, self.w.settings.merge.release, self.w.settings.merge.phases) {
            (Target::Release, ReleaseMerge::Auto | ReleaseMerge::Merge, _) | (Target::Phase(_), _, Setting::Merge) => {
                MergeMethod::Merge
            }
            (Target::Release, ReleaseMerge::Squash, _) | (Target::Phase(_), _, Setting::Squash) => MergeMethod::Squash,
            (Target::Phase(_), _, Setting::Rebase) => MergeMethod::Rebase,
        };
        match wanted {
            MergeMethod::Merge if !merges => MergeMethod::Squash,
            MergeMethod::Squash if !squash && merges => MergeMethod::Merge,
            MergeMethod::Squash if !squash => MergeMethod::Rebase,
            MergeMethod::Merge | MergeMethod::Squash | MergeMethod::Rebase => wanted,
        }
    }

    async fn open_release(&self) -> Result<Ended, Trouble> {
        let track = &self.w.release;
        let new = NewPull {
            base: track.base.clone(),
            title: self.line(&release::title(self.w))?,
            body: self
                .renderer()
                .closing(self.w.issue.number)
                .marked(&self.marker("release", "1"), &release::body(self.w))?
                .body()
                .clone(),
            draft: true,
        };
        let found = self
            .p
            .github
            .open_pull(&self.repo, &track.branch, &new, self.p.attempt())
            .await?;
        Ok(Ended::with(Outcome::Opened {
            pull: PullRef {
                number: found.pull.number,
                node_id: found.pull.node_id.0,
            },
            head: sha(&found.head_sha),
            draft: found.draft,
            status: None,
        }))
    }

    /// All our branches at once, each only at its known commit and with nothing standing on it.
    async fn delete(&self, branches: &[(String, Sha)]) -> Result<Ended, Trouble> {
        let mut at = Vec::new();
        for (name, head) in branches {
            at.push(BranchAt {
                name: name.clone(),
                sha: object_id(head)?,
            });
        }
        let came = self.p.github.delete_branches(&self.repo, &at, &self.w.app.login).await?;
        let kept: Vec<String> = came
            .into_iter()
            .filter(|(_, deletion)| !matches!(deletion, Deletion::Deleted | Deletion::Absent))
            .map(|(name, deletion)| match deletion {
                Deletion::Moved(_) => format!("the branch {name} was kept: it has commits of somebody else"),
                Deletion::Foreign => {
                    format!("the branch {name} was kept: it has commits of somebody else, or more than can be told")
                }
                Deletion::Needed(_) => format!("the branch {name} was kept: a pull request stands on it"),
                Deletion::Refused(error) => format!("the branch {name} was kept: {error}"),
                Deletion::Deleted | Deletion::Absent => name,
            })
            .collect();
        let note = (!kept.is_empty()).then(|| kept.join("; "));
        Ok(Ended::with(Outcome::Settled { note }))
    }
}

/// The merge was not made: the world is not as it was.
fn moved(sentence: &str) -> Ended {
    Ended::with(Outcome::Refused(Refused {
        kind: RefusalKind::HeadMoved,
        sentence: sentence.to_owned(),
    }))
}
