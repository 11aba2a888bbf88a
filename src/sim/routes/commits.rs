//! Routes of commits, what is checked on them, comparisons and merges of branches.
//!
//! Invariant: the combined status is `pending` when there is no status at all, as GitHub's is.

use super::call::{Answer, Call, created, nothing, ok};
use super::checks::{check_runs_of, check_suites_of};
use super::table::{Access, Route, route};
use crate::clock::Millis;
use crate::sim::git::{CommitInfo, FileChange, Oid, Store};
use crate::sim::ops::{Outcome, Refusal, checks, merges};
use crate::sim::render::{Comparison, diff_text};
use crate::sim::world::{CommitStatus, Issue, PullRequest, Repository, StatusState};

/// Most commits of a comparison, and most files.
const COMPARED: (usize, usize) = (250, 300);

/// See the module.
pub(super) static ROUTES: [Route; 10] = [
    route("GET", "/repos/{owner}/{repo}/commits", Access::Read("contents"), list),
    route("GET", "/repos/{owner}/{repo}/commits/{ref}", Access::Read("contents"), show),
    route(
        "GET",
        "/repos/{owner}/{repo}/commits/{ref}/check-runs",
        Access::Read("checks"),
        check_runs,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/commits/{ref}/check-suites",
        Access::Read("checks"),
        check_suites,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/commits/{ref}/status",
        Access::Read("statuses"),
        status,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/commits/{ref}/statuses",
        Access::Read("statuses"),
        statuses,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/commits/{commit_sha}/pulls",
        Access::Read("pull_requests"),
        pulls,
    ),
    route("POST", "/repos/{owner}/{repo}/statuses/{sha}", Access::Write, set_status),
    route(
        "GET",
        "/repos/{owner}/{repo}/compare/{basehead}",
        Access::Read("contents"),
        compare,
    ),
    route("POST", "/repos/{owner}/{repo}/merges", Access::Write, merge),
];

/// The commit a name leads to; 422 with GitHub's sentence if it leads to none.
fn head(call: &Call<'_>, store: &Store, name: &str) -> Outcome<Oid> {
    call.commit(store, name)?
        .ok_or_else(|| Refusal::new(422, format!("No commit found for SHA: {name}")))
}

fn list(call: &mut Call<'_>) -> Outcome<Answer> {
    let (repo, store) = (call.repository()?, call.store()?);
    let name = call.asked("sha").unwrap_or(&repo.default_branch);
    let Some(from) = call.commit(&store, name)? else {
        let empty = store.refs("refs/heads/")?.is_empty();
        return Err(if empty {
            Refusal::new(409, "Git Repository is empty.")
        } else {
            Refusal::not_found()
        });
    };
    let wanted = Wanted::of(call)?;
    let mut commits = Vec::new();
    for oid in store.log(from, None)? {
        let commit = store.commit(oid)?;
        if wanted.takes(call, repo, &commit) && wanted.path.as_deref().is_none_or(|path| touches(&store, oid, path)) {
            commits.push(commit);
        }
    }
    call.list(&commits, |commit| call.render().commit(repo, commit))
}

/// Which commits are asked for.
struct Wanted {
    since: Option<Millis>,
    until: Option<Millis>,
    author: Option<String>,
    path: Option<String>,
}

impl Wanted {
    fn of(call: &Call<'_>) -> Outcome<Self> {
        let text = |name: &str| call.asked(name).map(ToOwned::to_owned);
        Ok(Self {
            since: call.moment("since")?,
            until: call.moment("until")?,
            author: text("author"),
            path: text("path"),
        })
    }

    /// Whether time and author fit; an author is a login or an address.
    fn takes(&self, call: &Call<'_>, repo: &Repository, commit: &CommitInfo) -> bool {
        let account = repo.commits.get(&commit.oid).and_then(|note| note.author);
        let written_by = |author: &String| {
            commit.author.email == *author || account.is_some_and(|id| call.world.login(id).eq_ignore_ascii_case(author))
        };
        self.since.is_none_or(|since| commit.committer.at >= since)
            && self.until.is_none_or(|until| commit.committer.at <= until)
            && self.author.as_ref().is_none_or(written_by)
    }
}

fn touches(store: &Store, commit: Oid, path: &str) -> bool {
    let below = format!("{path}/");
    let touched = |file: &FileChange| file.path == path || file.path.starts_with(&below);
    store.diff_of_commit(commit).is_ok_and(|files| files.iter().any(touched))
}

fn show(call: &mut Call<'_>) -> Outcome<Answer> {
    let (repo, store) = (call.repository()?, call.store()?);
    let oid = head(call, &store, call.param("ref"))?;
    if call.accept.contains("sha") {
        return Ok(Answer::Raw {
            media_type: "application/vnd.github.sha; charset=utf-8",
            bytes: oid.to_string().into_bytes(),
        });
    }
    let files = store.diff_of_commit(oid)?;
    if call.accept.contains("diff") {
        return Ok(Answer::Raw {
            media_type: "application/vnd.github.diff; charset=utf-8",
            bytes: diff_text(&files).into_bytes(),
        });
    }
    ok(call.render().commit_with_files(repo, &store.commit(oid)?, &files))
}

fn check_runs(call: &mut Call<'_>) -> Outcome<Answer> {
    let oid = head(call, &call.store()?, call.param("ref"))?;
    check_runs_of(call, oid)
}

fn check_suites(call: &mut Call<'_>) -> Outcome<Answer> {
    let oid = head(call, &call.store()?, call.param("ref"))?;
    check_suites_of(call, oid)
}

fn status(call: &mut Call<'_>) -> Outcome<Answer> {
    let store = call.store()?;
    let oid = call.commit(&store, call.param("ref"))?.ok_or_else(Refusal::not_found)?;
    ok(call.render().combined_status(call.repository()?, oid))
}

fn statuses(call: &mut Call<'_>) -> Outcome<Answer> {
    let (repo, store) = (call.repository()?, call.store()?);
    let oid = call.commit(&store, call.param("ref"))?.ok_or_else(Refusal::not_found)?;
    let all: Vec<&CommitStatus> = repo.statuses.values().rev().filter(|status| status.head == oid).collect();
    call.list(&all, |status| call.render().status(repo, status))
}

fn set_status(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let oid = head(call, &call.store()?, call.param("sha"))?;
    let state = call.required_text("state")?;
    let status = checks::NewStatus {
        head: oid,
        context: call.text("context")?.unwrap_or_else(|| "default".to_owned()),
        state: StatusState::parse(&state).ok_or_else(|| Refusal::invalid("Status", "state", "custom"))?,
        description: call.text("description")?,
        target_url: call.text("target_url")?,
    };
    let id = checks::set_status(call.world, &actor, repo, status)?;
    let repo = call.repository()?;
    created(
        call.render()
            .status(repo, repo.statuses.get(&id).ok_or_else(Refusal::not_found)?),
    )
}

/// Merged pull requests whose merge brought the commit, and open ones that hold it.
fn pulls(call: &mut Call<'_>) -> Outcome<Answer> {
    let (repo, store) = (call.repository()?, call.store()?);
    let oid = head(call, &store, call.param("commit_sha"))?;
    let brought = |pull: &PullRequest| {
        let merged = pull.merged.as_ref().is_some_and(|merged| merged.commit == oid);
        merged
            || store
                .log(pull.head, Some(pull.base))
                .is_ok_and(|commits| commits.contains(&oid))
    };
    let found: Vec<(&Issue, &PullRequest)> = repo
        .issues
        .values()
        .filter_map(|issue| Some((issue, issue.pull.as_ref()?)))
        .filter(|(_, pull)| brought(pull))
        .collect();
    call.list(&found, |(issue, pull)| call.render().pull(repo, issue, pull))
}

fn compare(call: &mut Call<'_>) -> Outcome<Answer> {
    let (repo, store) = (call.repository()?, call.store()?);
    let basehead = call.param("basehead");
    let (base, head) = basehead.split_once("...").ok_or_else(Refusal::not_found)?;
    let own = |name: &str| name.split_once(':').map_or(name, |(_, name)| name).to_owned();
    let found = |name: &str| call.commit(&store, &own(name))?.ok_or_else(Refusal::not_found);
    let (base, head) = (found(base)?, found(head)?);
    let merge_base = store
        .merge_base(base, head)?
        .ok_or_else(|| Refusal::new(404, format!("No common ancestor between {basehead}.")))?;
    let (ahead, behind) = store.ahead_behind(base, head)?;
    let files = store.diff_since(base, head)?;
    if call.accept.contains("diff") {
        return Ok(Answer::Raw {
            media_type: "application/vnd.github.diff; charset=utf-8",
            bytes: diff_text(&files).into_bytes(),
        });
    }
    let (page, size) = if call.asked("page").is_some() || call.asked("per_page").is_some() {
        call.page()
    } else {
        (1, COMPARED.0)
    };
    let mut oids = store.log(head, Some(base))?;
    oids.reverse();
    let commits = oids
        .iter()
        .skip((page - 1).saturating_mul(size))
        .take(size)
        .map(|oid| store.commit(*oid))
        .collect::<Result<Vec<CommitInfo>, _>>()?;
    let comparison = Comparison {
        basehead: basehead.to_owned(),
        base: store.commit(base)?,
        merge_base: store.commit(merge_base)?,
        head,
        counts: (ahead, behind),
        commits,
        files: (page == 1).then(|| files.into_iter().take(COMPARED.1).collect()),
    };
    ok(call.render().comparison(repo, &comparison))
}

fn merge(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let request = merges::MergeBranch {
        base: call.required_text("base")?,
        head: call.required_text("head")?,
        message: call.text("commit_message")?,
    };
    match merges::merge_branch(call.world, &actor, repo, &request)? {
        Some(oid) => created(call.render().commit(call.repository()?, &call.store()?.commit(oid)?)),
        None => nothing(),
    }
}
