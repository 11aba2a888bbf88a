//! What Millhand does with a branch and its pull request: open, push, present, answer, bring up to date.

use super::facts::sha;
use super::issue::settled;
use super::{At, Ended, Trouble};
use crate::github::render::Marker;
use crate::github::{
    self, Change, Content, Merged, Message, NewPull, NodeId, Opening, Outcome as Part, Present, Push, ReviewAnswer, Route,
};
use crate::workflow::answer::ChangeSet;
use crate::workflow::fact::{Outcome, PullRef, Target};
use crate::workflow::ids::{BlobHash, Sha};
use crate::workflow::model::Track;
use crate::workflow::order::Order;
use crate::workflow::settings::{Draft, Reviewers, ReviewersWord};
use crate::workflow::text::{commit, pull, review};

impl At<'_> {
    /// Carries out an order about a branch and its pull request.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the dispatcher sends only these orders here")]
    pub(super) async fn on_phase(&self, order: &Order) -> Result<Ended, Trouble> {
        match order {
            Order::Open {
                target,
                branch,
                base,
                change,
            } => self.open(*target, branch, base, change).await,
            Order::Push {
                target,
                head,
                change,
                merge,
            } => self.push(*target, (head, merge.as_ref()), change).await,
            Order::WriteCheck { target, head, .. } => self.write_check(*target, head).await,
            Order::Rerun { runs, .. } => {
                for run in runs {
                    let jobs = self.p.github.jobs(&self.repo, *run).await?;
                    let seen = jobs.iter().map(|job| job.run_attempt).max().unwrap_or(1);
                    self.p.github.rerun_failed(&self.repo, *run, seen, self.p.attempt()).await?;
                }
                Ok(settled())
            }
            Order::MarkReady { target } => {
                self.p
                    .github
                    .mark_ready(&self.repo, &pull_ref(self.track(*target)?)?, self.p.attempt())
                    .await?;
                Ok(settled())
            }
            Order::Present { target, head } => self.present(*target, head).await,
            Order::AnswerReviews { target, head, reviews } => self.answer(*target, head, reviews).await,
            Order::UpdateBranch { target, .. } => self.update(*target).await,
            _ => Err(Trouble::Never("not an order for a pull request".to_owned())),
        }
    }

    pub(super) fn track(&self, target: Target) -> Result<&Track, Trouble> {
        self.w
            .track(target)
            .ok_or_else(|| Trouble::Never("there is no such phase".to_owned()))
    }

    /// A change set out of its blob.
    pub(super) async fn change_set(&self, hash: &BlobHash) -> Result<ChangeSet, Trouble> {
        let bytes = self.p.engine.0.store.blob(hash.0.clone()).await?;
        let read = bytes.as_deref().and_then(|b| serde_json::from_slice(b).ok());
        read.ok_or_else(|| Trouble::Never("the change set is not in the store".to_owned()))
    }

    /// A target's validated change as GitHub takes it: what is executable where it is put stays so.
    async fn changes(&self, track: &Track, hash: &BlobHash) -> Result<(Vec<Change>, ChangeSet), Trouble> {
        let set = self.change_set(hash).await?;
        let known = track.change.as_ref().filter(|change| change.blob == *hash);
        let executable = |path: &String| known.is_some_and(|change| change.executables.contains(path));
        let changes = set.files.iter().map(|file| Change {
            path: file.path.clone(),
            content: file.content.clone().map(Content::Text),
            executable: file.content.is_some() && executable(&file.path),
        });
        Ok((changes.collect(), set))
    }

    fn message(&self, target: Target, summary: &str) -> Result<Message, Trouble> {
        let (headline, body) = commit::message(self.w, target, summary);
        // The effect's key makes the commit known to a second attempt.
        let body = format!("{body}\nMillhand-Effect: {}", self.p.effect.key);
        Ok(Message {
            headline: self.line(&headline)?,
            body: self.renderer().message(&body)?,
        })
    }

    /// A push to our branches starts CI: then the branch must appear with its commit in one push.
    pub(super) fn route(&self) -> Route {
        let on_push = self.w.survey.as_ref().is_some_and(|s| s.workflows.iter().any(|f| f.on_push));
        if on_push {
            Route::Tree { base: None }
        } else {
            Route::Document
        }
    }

    async fn open(&self, target: Target, branch: &str, base: &Sha, change: &BlobHash) -> Result<Ended, Trouble> {
        let Target::Phase(number) = target else {
            return Err(Trouble::Never("only phases are opened".to_owned()));
        };
        let track = self.track(target)?;
        let (changes, set) = self.changes(track, change).await?;
        let ride = self.ride()?;
        let opening = Opening {
            branch: branch.to_owned(),
            start: object_id(base)?,
            changes,
            message: self.message(target, &set.summary)?,
            route: self.route(),
            pull: NewPull {
                base: track.base.clone(),
                title: self.line(&pull::title(self.w, number))?,
                body: self
                    .renderer()
                    .marked(&self.marker("phase", &number.to_string()), &pull::body(self.w, number))?
                    .body()
                    .clone(),
                draft: self.w.settings.pull_requests.draft == Draft::UntilGreen,
            },
            ride: ride.as_ref().map(|(ride, _)| ride.clone()),
        };
        self.opened(&opening, ride).await
    }

    /// Branch, commit and pull request, and how they are told.
    pub(super) async fn opened(&self, opening: &Opening, ride: Option<(github::StatusRide, String)>) -> Result<Ended, Trouble> {
        let opened = self.p.github.open_phase(&self.repo, opening, self.p.attempt()).await?;
        Ok(Ended::with(Outcome::Opened {
            pull: PullRef {
                number: opened.pull.number,
                node_id: opened.pull.node_id.0,
            },
            head: sha(&opened.head),
            draft: opened.draft,
            status: rode(opened.status.as_ref(), ride),
        }))
    }

    async fn push(&self, target: Target, (head, merge): (&Sha, Option<&Sha>), change: &BlobHash) -> Result<Ended, Trouble> {
        let track = self.track(target)?;
        let (changes, set) = self.changes(track, change).await?;
        if let Some(base) = merge {
            return self.settle(target, (head, base), (changes, set)).await;
        }
        let push = Push {
            branch: track.branch.clone(),
            expected: object_id(head)?,
            changes,
            message: self.message(target, &set.summary)?,
            route: Route::Document,
        };
        let pushed = self.p.github.push(&self.repo, &push, self.p.attempt()).await?;
        Ok(Ended::with(Outcome::Pushed {
            head: sha(&pushed.head),
            status: None,
        }))
    }

    /// The verdict as check run, the pull request out of draft, a review asked for.
    async fn present(&self, target: Target, head: &Sha) -> Result<Ended, Trouble> {
        let track = self.track(target)?;
        let (report, shown) = self.report(target, head)?;
        let check = self.presented_check(track, report).await?;
        let reviewers = self.reviewers(track);
        let ride = self.ride()?;
        let present = Present {
            pull: pull_ref(track)?,
            check,
            ready: track.draft && !track.readied,
            reviewers: reviewers.iter().map(|(node, _)| node.clone()).collect(),
            ride: ride.as_ref().map(|(ride, _)| ride.clone()),
        };
        let presented = self.p.github.present_phase(&self.repo, &present, self.p.attempt()).await?;
        presented.check.into_result()?;
        if let Some(ready) = presented.ready {
            ready.into_result()?;
        }
        // A reviewer that GitHub does not take is no reason to stop: whoever may still reviews.
        let asked = match presented.reviewers {
            Some(Part::Done(())) => reviewers.into_iter().map(|(_, login)| login).collect(),
            _ => track.asked.clone(),
        };
        Ok(Ended::with(Outcome::Presented {
            status: rode(presented.status.as_ref(), ride),
            asked,
            shown,
        }))
    }

    /// Who is asked, by `reviewers`; nobody twice.
    fn reviewers(&self, track: &Track) -> Vec<(NodeId, String)> {
        if !track.asked.is_empty() {
            return Vec::new();
        }
        let w = self.w;
        let owners = w.survey.as_ref().is_some_and(|s| s.has_codeowners);
        let may = crate::workflow::reviews::may_approve_code(w, &w.requester).is_ok();
        let others = || {
            w.survey
                .iter()
                .flat_map(|s| &s.active_writers)
                .map(|p| p.login.clone())
                .take(1)
                .collect::<Vec<_>>()
        };
        let logins: Vec<String> = match &w.settings.reviewers {
            Reviewers::Logins(logins) => logins.clone(),
            Reviewers::Word(ReviewersWord::None | ReviewersWord::Codeowners) => Vec::new(),
            Reviewers::Word(ReviewersWord::Requester) => vec![w.requester.login.clone()],
            Reviewers::Word(ReviewersWord::Auto) if owners => Vec::new(),
            Reviewers::Word(ReviewersWord::Auto) if may && w.requester.id != 0 => vec![w.requester.login.clone()],
            Reviewers::Word(ReviewersWord::Auto) => others(),
        };
        let known = |login: String| {
            let node = w.survey.as_ref().and_then(|s| s.reviewers.get(&login))?;
            Some((NodeId(node.clone()), login))
        };
        logins.into_iter().filter_map(known).collect()
    }

    /// One review in answer to those that led to this head.
    async fn answer(&self, target: Target, head: &Sha, reviews: &[u64]) -> Result<Ended, Trouble> {
        let track = self.track(target)?;
        let replies = match track.pushed.last() {
            Some(blob) => self.change_set(blob).await?.replies,
            None => Vec::new(),
        };
        let text = review::answer(self.w, target, reviews, &replies, head);
        let marker: Marker = self.marker(
            "answer",
            &format!("{}-{}", track.pull.as_ref().map_or(0, |p| p.number), head.short()),
        );
        let mut threads = Vec::new();
        for reply in &text.replies {
            threads.push((NodeId(reply.thread.clone()), self.renderer().markdown(&reply.text)?));
        }
        let answer = ReviewAnswer {
            pull: pull_ref(track)?,
            commit: object_id(head)?,
            text: self.renderer().marked(&marker, &text.body)?,
            replies: threads,
        };
        self.p.github.answer_review(&self.repo, &answer, self.p.attempt()).await?;
        Ok(settled())
    }

    /// The base's commits into the branch, by a clean merge; a true conflict is read for the writer.
    async fn update(&self, target: Target) -> Result<Ended, Trouble> {
        let track = self.track(target)?;
        let text = format!("Merge {} into {}", track.base, track.branch);
        let message = self.renderer().message(&text)?;
        match self
            .p
            .github
            .merge_branch(&self.repo, &track.branch, &track.base, &message)
            .await?
        {
            Merged::Commit(commit) => Ok(Ended::with(Outcome::BranchUpdated { head: sha(&commit) })),
            Merged::UpToDate => {
                let head = self.p.github.branch_head(&self.repo, &track.branch).await?;
                let head = head
                    .as_ref()
                    .map(sha)
                    .or_else(|| track.head.clone())
                    .unwrap_or(Sha(String::new()));
                Ok(Ended::with(Outcome::BranchUpdated { head }))
            }
            Merged::Conflicts => self.clash(track).await,
        }
    }
}

/// The digest of a status comment that rode along and arrived.
pub(super) fn rode(part: Option<&Part<()>>, ride: Option<(github::StatusRide, String)>) -> Option<String> {
    match part {
        Some(Part::Done(())) => ride.map(|(_, digest)| digest),
        _ => None,
    }
}

pub(super) fn pull_ref(track: &Track) -> Result<github::PullRef, Trouble> {
    let pull = track
        .pull
        .as_ref()
        .ok_or_else(|| Trouble::Never("it has no pull request".to_owned()))?;
    Ok(github::PullRef {
        number: pull.number,
        node_id: NodeId(pull.node_id.clone()),
    })
}

pub(super) fn object_id(of: &Sha) -> Result<github::Sha, Trouble> {
    github::Sha::new(&of.0).ok_or_else(|| Trouble::Never(format!("{:?} is no commit", of.0)))
}
