//! What GitHub shows, in the core's words.

use sha2::{Digest as _, Sha256};

use super::At;
use super::Trouble;
use crate::github::{self, CheckSource, MergeState, Mergeable, PullLife, PullState};
use crate::workflow::fact::{
    CheckView, ChecksView, CommentView, Fact, IssueView, PullState as State, PullView, RemarkView, ReviewState, ReviewView,
    Thread, TimelineEvent, TimelineKind,
};
use crate::workflow::ids::{Permission, Person, Sha};

impl At<'_> {
    /// Somebody with the permission read from the API now.
    pub(super) async fn person(&self, actor: Option<&github::Actor>) -> Result<Person, Trouble> {
        let Some(actor) = actor else {
            return Ok(Person {
                id: 0,
                login: "ghost".to_owned(),
                bot: false,
                permission: Permission::None,
                node_id: None,
            });
        };
        permitted(self.p, &self.repo, actor).await
    }

    /// The facts that a reading of a pull request brings: itself, its checks, its reviews, as far as they are not known. Each
    /// is named by the reading: what comes back to how it was is news again.
    pub(super) fn pull_facts(&self, pull: &PullState) -> Vec<(String, Fact)> {
        let number = pull.pull.number;
        let view = PullView {
            number,
            node_id: pull.pull.node_id.0.clone(),
            branch: pull.head.clone(),
            head: sha(&pull.head_sha),
            base: pull.base.clone(),
            state: match pull.life {
                PullLife::Open => State::Open,
                PullLife::Closed => State::Closed,
                PullLife::Merged => State::Merged {
                    sha: pull.merge_commit.as_ref().map_or_else(|| sha(&pull.head_sha), sha),
                    by: pull.merged_by.as_ref().map(|a| self.known(a)),
                },
            },
            closed_by: None,
            draft: pull.draft,
            mergeable: match pull.mergeable {
                Mergeable::Yes => Some(true),
                Mergeable::No => Some(false),
                Mergeable::Unknown => None,
            },
            merge_state: match pull.merge_state {
                MergeState::Clean => "clean",
                MergeState::Unstable => "unstable",
                MergeState::Blocked => "blocked",
                MergeState::Behind => "behind",
                MergeState::Dirty => "dirty",
                MergeState::Draft => "draft",
                MergeState::Unknown => "unknown",
            }
            .to_owned(),
            open_threads: pull
                .threads
                .iter()
                .filter(|t| !t.resolved)
                .map(|t| self.thread_link(number, t))
                .collect(),
            updated_at: pull.updated_at,
        };
        let known = self.w.target_of_pull(number).and_then(|target| self.w.track(target));
        let reading = format!("{}:{}", self.p.effect.key, self.p.effect.attempts);
        let mut facts = Vec::new();
        if known.and_then(|track| track.seen.as_ref()) != Some(&view) {
            facts.push((format!("pull:{number}:{}:{reading}", digest(&view)), Fact::Pull(view)));
        }
        if let Some(head) = &pull.checks_head {
            let view = self.checks(head, pull);
            if known.and_then(|track| track.checks.as_ref()) != Some(&view) {
                facts.push((
                    format!("checks:{}:{}:{reading}", view.head, digest(&view)),
                    Fact::Checks(view),
                ));
            }
        }
        for view in pull.reviews.iter().filter_map(|review| self.review(pull, review)) {
            if known.and_then(|track| track.reviews.get(&view.id)) != Some(&view) {
                facts.push((format!("review:{}:{}:{reading}", view.id, digest(&view)), Fact::Review(view)));
            }
        }
        facts
    }

    /// Where a conversation is on the pull request's page.
    fn thread_link(&self, pull: u64, thread: &github::Thread) -> String {
        let comment = thread.comments.first().map(|c| format!("#discussion_r{}", c.id));
        format!("{}/pull/{pull}{}", self.w.repository.url, comment.unwrap_or_default())
    }

    fn checks(&self, head: &github::Sha, pull: &PullState) -> ChecksView {
        let ours =
            |check: &github::Check| matches!(&check.source, CheckSource::App { app: Some(app), .. } if *app == self.w.app.id);
        let mut checks: Vec<CheckView> = pull
            .checks
            .iter()
            .filter(|c| !ours(c))
            .map(|c| CheckView {
                name: c.name.clone(),
                app: match &c.source {
                    CheckSource::App { slug, .. } => slug.clone(),
                    CheckSource::Status => "status".to_owned(),
                },
                app_id: match &c.source {
                    CheckSource::App { app, .. } => *app,
                    CheckSource::Status => None,
                },
                id: c.id,
                run: c.workflow_run,
                conclusion: c
                    .conclusion
                    .clone()
                    .map(|word| if word == "error" { "failure".to_owned() } else { word }),
                required: c.required,
                url: c.url.clone(),
            })
            .collect();
        checks.sort_by(|a, b| (&a.name, &a.app, a.id).cmp(&(&b.name, &b.app, b.id)));
        // Of several results of one name and App the newest counts: it has the highest id.
        checks.reverse();
        checks.dedup_by(|a, b| a.name == b.name && a.app == b.app);
        checks.reverse();
        let unfinished = pull
            .suites
            .iter()
            .filter(|s| s.runs > 0 && !s.done && s.app != Some(self.w.app.id))
            .count();
        ChecksView {
            head: sha(head),
            checks,
            unfinished_suites: u32::try_from(unfinished).unwrap_or(u32::MAX),
        }
    }

    /// A submitted review of somebody who still exists, in the core's words.
    pub(super) fn review(&self, pull: &PullState, review: &github::Review) -> Option<ReviewView> {
        let actor = review.author.as_ref()?;
        let state = match review.state {
            github::ReviewState::Approved => ReviewState::Approved,
            github::ReviewState::ChangesRequested => ReviewState::ChangesRequested,
            github::ReviewState::Commented => ReviewState::Commented,
            github::ReviewState::Dismissed => ReviewState::Dismissed,
            github::ReviewState::Pending => return None,
        };
        let remarks = pull.threads.iter().flat_map(|thread| {
            let of_review = thread.comments.iter().filter(|c| c.review.as_ref() == Some(&review.node_id));
            of_review.map(|c| RemarkView {
                id: c.id,
                thread: thread.node_id.0.clone(),
                path: thread.path.clone(),
                line: thread.line.and_then(|l| u32::try_from(l).ok()),
                body: c.body.clone(),
            })
        });
        let permission = if review.can_push {
            Permission::Write
        } else {
            Permission::Read
        };
        Some(ReviewView {
            id: review.id,
            node_id: review.node_id.0.clone(),
            pull: pull.pull.number,
            by: Person {
                id: actor.id,
                login: login(actor),
                bot: actor.is_bot(),
                permission,
                node_id: node_id(actor),
            },
            state,
            commit: review.commit.as_ref().map_or_else(|| Sha(String::new()), sha),
            body: review.body.clone(),
            edited: review.edited_at.is_some(),
            remarks: remarks.collect(),
            at: review.submitted_at?,
        })
    }

    /// Somebody whose permission does not matter here.
    fn known(&self, actor: &github::Actor) -> Person {
        Person {
            id: actor.id,
            login: login(actor),
            bot: actor.is_bot(),
            permission: Permission::Write,
            node_id: node_id(actor),
        }
    }

    /// The issue in the core's words.
    pub(super) async fn issue_view(&self, issue: &github::Issue) -> Result<IssueView, Trouble> {
        issue_view(self.p, &self.repo, issue, &self.w.app.login).await
    }

    /// A comment in the core's words.
    pub(super) async fn comment_view(&self, comment: &github::Comment, on: Thread) -> Result<CommentView, Trouble> {
        Ok(CommentView {
            id: comment.id,
            node_id: comment.node_id.0.clone(),
            on,
            by: self.person(comment.author.as_ref()).await?,
            body: comment.body.clone(),
            at: comment.created_at,
            edited: comment.edited_at.is_some(),
        })
    }

    /// An event of the issue's timeline in the core's words.
    pub(super) async fn timeline_event(&self, event: &github::IssueEvent) -> Result<Option<TimelineEvent>, Trouble> {
        let what = match &event.kind {
            github::IssueEventKind::Labeled(name) => TimelineKind::Labeled(name.clone()),
            github::IssueEventKind::Unlabeled(name) => TimelineKind::Unlabeled(name.clone()),
            github::IssueEventKind::Closed { pull, .. } => TimelineKind::Closed { by_pull: *pull },
            github::IssueEventKind::Reopened => TimelineKind::Reopened,
            github::IssueEventKind::Renamed { .. } => return Ok(None), // the title itself tells
        };
        let by = self.person(event.actor.as_ref()).await?;
        Ok(Some(TimelineEvent {
            id: event.node_id.0.clone(),
            what,
            by,
            at: event.at,
        }))
    }
}

/// The issue in the core's words.
pub(super) async fn issue_view(
    p: &super::Performing<'_>,
    repo: &github::Repo,
    issue: &github::Issue,
    us: &str,
) -> Result<IssueView, Trouble> {
    let author = match &issue.author {
        Some(actor) => permitted(p, repo, actor).await?,
        None => Person {
            id: 0,
            login: "ghost".to_owned(),
            bot: false,
            permission: Permission::None,
            node_id: None,
        },
    };
    let editor = match &issue.editor {
        Some(actor) if Some(actor.id) == issue.author.as_ref().map(|a| a.id) => Some(author.clone()),
        Some(actor) => Some(permitted(p, repo, actor).await?),
        None => None,
    };
    let foreign = |pull: &&github::ClosingPull| {
        pull.life == PullLife::Open && pull.repository == repo.full_name() && pull.author.as_ref().is_none_or(|a| login(a) != us)
    };
    Ok(IssueView {
        number: issue.number,
        node_id: issue.node_id.0.clone(),
        title: issue.title.clone(),
        body: issue.body.clone(),
        author,
        editor,
        edited_at: issue.edited_at,
        open: issue.open,
        labels: issue.labels.clone(),
        assignees: issue.assignees.iter().map(login).collect(),
        closing_pulls: issue.closing.iter().filter(foreign).map(|p| p.number).collect(),
    })
}

/// Somebody with the permission read from the API now.
pub(super) async fn permitted(p: &super::Performing<'_>, repo: &github::Repo, actor: &github::Actor) -> Result<Person, Trouble> {
    let permission = if actor.is_bot() {
        Permission::None // GitHub gives bots no permission of a collaborator
    } else {
        let found = p.github.permission(repo, &actor.login).await?;
        match found.permission {
            // Somebody else has taken this login since.
            _ if actor.id != 0 && found.actor.as_ref().is_some_and(|a| a.id != actor.id) => Permission::None,
            github::Permission::None => Permission::None,
            github::Permission::Read => Permission::Read,
            github::Permission::Triage => Permission::Triage,
            github::Permission::Write => Permission::Write,
            github::Permission::Maintain => Permission::Maintain,
            github::Permission::Admin => Permission::Admin,
        }
    };
    Ok(Person {
        id: actor.id,
        login: login(actor),
        bot: actor.is_bot(),
        permission,
        node_id: node_id(actor),
    })
}

fn node_id(actor: &github::Actor) -> Option<String> {
    actor.node_id.as_ref().map(|id| id.0.clone())
}

/// A login as people see it: GraphQL leaves a bot's ending out.
pub(super) fn login(actor: &github::Actor) -> String {
    if actor.is_bot() && !actor.login.ends_with("[bot]") {
        format!("{}[bot]", actor.login)
    } else {
        actor.login.clone()
    }
}

/// A commit's id in the core's words.
pub(super) fn sha(of: &github::Sha) -> Sha {
    Sha(of.as_str().to_owned())
}

/// Tells two readings apart.
fn digest(view: &impl serde::Serialize) -> String {
    // Views have only strings and numbers: serialising them cannot fail.
    let text = serde_json::to_vec(view).unwrap_or_default();
    hex::encode(Sha256::digest(text)).chars().take(16).collect()
}
