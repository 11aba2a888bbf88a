//! Routes of pull requests but for reviews.
//!
//! Invariant: only the answer to one pull request tells whether it can be merged, and asking is what starts the computing.

use serde_json::json;

use super::call::{Answer, Call, created, nothing, ok};
use super::fields::not_a_member;
use super::table::{Access, Route, route};
use crate::sim::git::{CommitInfo, FileChange};
use crate::sim::ops::{Outcome, Refusal, mergeability, merges, pulls, requests};
use crate::sim::render::{PullDetails, diff_text};
use crate::sim::world::{Issue, IssueState, MergeMethod, PullRequest, UserId};

/// Most files and most commits of a pull request that are listed.
const LISTED: (usize, usize) = (3_000, 250);

/// See the module.
pub(super) static ROUTES: [Route; 12] = [
    route("GET", "/repos/{owner}/{repo}/pulls", Access::Read("pull_requests"), list),
    route("POST", "/repos/{owner}/{repo}/pulls", Access::Write, create),
    route(
        "GET",
        "/repos/{owner}/{repo}/pulls/{pull_number}",
        Access::Read("pull_requests"),
        show,
    ),
    route("PATCH", "/repos/{owner}/{repo}/pulls/{pull_number}", Access::Write, edit),
    route(
        "GET",
        "/repos/{owner}/{repo}/pulls/{pull_number}/files",
        Access::Read("pull_requests"),
        files,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/pulls/{pull_number}/commits",
        Access::Read("pull_requests"),
        commits,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/pulls/{pull_number}/merge",
        Access::Read("contents"),
        merged,
    ),
    route("PUT", "/repos/{owner}/{repo}/pulls/{pull_number}/merge", Access::Write, merge),
    route(
        "PUT",
        "/repos/{owner}/{repo}/pulls/{pull_number}/update-branch",
        Access::Write,
        update_branch,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers",
        Access::Read("pull_requests"),
        reviewers,
    ),
    route(
        "POST",
        "/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers",
        Access::Write,
        request_reviewers,
    ),
    route(
        "DELETE",
        "/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers",
        Access::Write,
        remove_reviewers,
    ),
];

fn list(call: &mut Call<'_>) -> Outcome<Answer> {
    let repo = call.repository()?;
    let state = call.asked("state").unwrap_or("open");
    let wanted = match state {
        "open" => Some(IssueState::Open),
        "closed" => Some(IssueState::Closed),
        "all" => None,
        other => return Err(not_a_member("state", other)),
    };
    // A head without its owner is not understood by GitHub, and then filters nothing.
    let head = call.asked("head").and_then(|head| head.split_once(':'));
    let owner = call.world.login(repo.owner);
    let fits = |issue: &Issue, pull: &PullRequest| {
        wanted.is_none_or(|wanted| issue.state == wanted)
            && call.asked("base").is_none_or(|base| pull.base_ref == base)
            && head.is_none_or(|(who, branch)| who.eq_ignore_ascii_case(owner) && pull.head_ref == branch)
    };
    let mut found: Vec<(&Issue, &PullRequest)> = repo
        .issues
        .values()
        .filter_map(|issue| Some((issue, issue.pull.as_ref()?)))
        .filter(|(issue, pull)| fits(issue, pull))
        .collect();
    let by_update = call.asked("sort") == Some("updated");
    found.sort_by_key(|(issue, _)| {
        if by_update {
            (issue.updated_at, issue.number)
        } else {
            (issue.created_at, issue.number)
        }
    });
    // Without a sort the newest comes first; with one, GitHub goes up unless told otherwise.
    let ascending = call
        .asked("direction")
        .map_or(call.asked("sort").is_some_and(|sort| sort != "created"), |way| way == "asc");
    if !ascending {
        found.reverse();
    }
    call.list(&found, |(issue, pull)| call.render().pull(repo, issue, pull))
}

fn create(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let new = pulls::NewPull {
        title: call.required_text("title")?,
        head: call.required_text("head")?,
        base: call.required_text("base")?,
        body: call.text("body")?,
        draft: call.flag("draft")?.unwrap_or(false),
        maintainer_can_modify: call.flag("maintainer_can_modify")?.unwrap_or(false),
    };
    let number = pulls::create(call.world, &actor, repo, new)?;
    created(full(call, number)?)
}

fn show(call: &mut Call<'_>) -> Outcome<Answer> {
    let number = call.pull()?.0.number;
    if call.accept.contains("diff") || call.accept.contains("patch") {
        let files = pulls::files(call.world, call.repo_id()?, number)?;
        return Ok(Answer::Raw {
            media_type: "application/vnd.github.diff; charset=utf-8",
            bytes: diff_text(&files).into_bytes(),
        });
    }
    ok(full(call, number)?)
}

/// The whole pull request. Asking whether it can be merged is part of it, so this changes the world.
pub(super) fn full(call: &mut Call<'_>, number: u64) -> Outcome<serde_json::Value> {
    let repo = call.repo_id()?;
    let mergeable = mergeability::look(call.world, repo, number);
    let state = mergeability::state(call.world, repo, number);
    let files = pulls::files(call.world, repo, number).unwrap_or_default();
    let commits = pulls::commits(call.world, repo, number).map_or(0, |commits| commits.len());
    let details = PullDetails::new(mergeable, state, commits, &files);
    Ok(call.render().full_pull(call.repository()?, number, &details))
}

fn edit(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let number = call.pull()?.0.number;
    let change = pulls::PullEdit {
        title: call.text("title")?,
        body: call.text("body")?,
        base: call.text("base")?,
        open: open(call)?,
    };
    pulls::edit(call.world, &actor, repo, number, change)?;
    ok(full(call, number)?)
}

/// `state` as a wish: open or not.
pub(super) fn open(call: &Call<'_>) -> Outcome<Option<bool>> {
    call.word("state", |text| match text {
        "open" => Some(true),
        "closed" => Some(false),
        _ => None,
    })
}

fn files(call: &mut Call<'_>) -> Outcome<Answer> {
    let (issue, pull) = call.pull()?;
    let mut files: Vec<FileChange> = pulls::files(call.world, call.repo_id()?, issue.number)?;
    files.truncate(LISTED.0);
    let (repo, head) = (call.repository()?, pull.head);
    call.list(&files, |file| call.render().diff_entry(repo, head, file))
}

fn commits(call: &mut Call<'_>) -> Outcome<Answer> {
    let number = call.pull()?.0.number;
    let mut commits: Vec<CommitInfo> = pulls::commits(call.world, call.repo_id()?, number)?;
    commits.truncate(LISTED.1);
    let repo = call.repository()?;
    call.list(&commits, |commit| call.render().commit(repo, commit))
}

fn merged(call: &mut Call<'_>) -> Outcome<Answer> {
    if call.pull()?.1.merged.is_some() {
        nothing()
    } else {
        Err(Refusal::not_found())
    }
}

fn merge(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let number = call.pull()?.0.number;
    let request = merges::MergePull {
        head: call.oid("sha")?,
        method: call.word("merge_method", MergeMethod::parse)?.unwrap_or(MergeMethod::Merge),
        title: call.text("commit_title")?,
        message: call.text("commit_message")?,
    };
    let oid = merges::merge(call.world, &actor, repo, number, &request)?;
    ok(json!({ "sha": oid.to_string(), "merged": true, "message": "Pull Request successfully merged" }))
}

fn update_branch(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let number = call.pull()?.0.number;
    let expected = call.oid("expected_head_sha")?;
    merges::update_branch(call.world, &actor, repo, number, expected)?;
    let url = call.render().repo_url(call.repository()?, format_args!("/pulls/{number}"));
    Ok(Answer::Json(
        202,
        json!({ "message": "Updating pull request branch.", "url": url }),
    ))
}

fn reviewers(call: &mut Call<'_>) -> Outcome<Answer> {
    let (_, pull) = call.pull()?;
    let users: Vec<_> = pull
        .requested_reviewers
        .iter()
        .map(|user| call.render().user(*user))
        .collect();
    ok(json!({ "users": users, "teams": [] }))
}

/// The people of `reviewers`; teams there are none here, so naming one is refused as GitHub refuses unknown ones.
fn asked_reviewers(call: &Call<'_>) -> Outcome<Vec<UserId>> {
    if call.texts("team_reviewers")?.is_some_and(|teams| !teams.is_empty()) {
        return Err(Refusal::new(
            422,
            "Could not resolve to a node with the global id of the team.",
        ));
    }
    let logins = call.texts("reviewers")?.unwrap_or_default();
    let found = |login: &String| call.world.account_named(login).map(|account| account.id);
    logins.iter().map(found).collect::<Option<Vec<_>>>().ok_or_else(|| {
        Refusal::new(422, "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the repository.")
    })
}

fn request_reviewers(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let number = call.pull()?.0.number;
    let request = requests::ReviewRequest {
        users: asked_reviewers(call)?,
        replace: false,
    };
    requests::add(call.world, &actor, repo, number, &request)?;
    simple(call, 201, number)
}

fn remove_reviewers(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let number = call.pull()?.0.number;
    let users = asked_reviewers(call)?;
    requests::remove(call.world, &actor, repo, number, &users)?;
    simple(call, 200, number)
}

fn simple(call: &Call<'_>, status: u16, number: u64) -> Outcome<Answer> {
    let repo = call.repository()?;
    let (issue, pull) = repo.pull(number).ok_or_else(Refusal::not_found)?;
    Ok(Answer::Json(status, call.render().pull(repo, issue, pull)))
}
