//! Opening, editing, merging pull requests and asking for reviews.
//!
//! Invariant: `requestReviews` replaces the people asked unless `union` is set, as on GitHub.

use super::super::object::{Arguments, Cx, account, null};
use super::{Payload, find, one, optional_oid, pull_request, repository};
use crate::sim::ops::issues::{self, IssueEdit};
use crate::sim::ops::merges::{self, MergePull};
use crate::sim::ops::pulls::{self, NewPull, PullEdit};
use crate::sim::ops::requests::{self, ReviewRequest};
use crate::sim::ops::{Outcome, Refusal};
use crate::sim::world::{MergeMethod, NodeRef, RepoId, UserId};

pub(super) fn create(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let repo = repository(cx, input)?;
    if let Some(NodeRef::Repository(head)) = input.text("headRepositoryId").and_then(NodeRef::decode)
        && head != repo
    {
        return Err(Refusal::new(501, "The simulated GitHub has no forks."));
    }
    let new = NewPull {
        title: input.demanded("title")?.to_owned(),
        head: input.demanded("headRefName")?.to_owned(),
        base: input.demanded("baseRefName")?.to_owned(),
        body: input.text("body").map(str::to_owned),
        draft: input.flag("draft"),
        maintainer_can_modify: input.flag("maintainerCanModify"),
    };
    let number = cx.change(|world, actor| pulls::create(world, actor, repo, new))?;
    Ok(one("pullRequest", NodeRef::PullRequest(repo, number)))
}

pub(super) fn update(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (repo, number) = pull_request(cx, input)?;
    if let Some(name) = ["milestoneId", "projectIds", "maintainerCanModify"]
        .into_iter()
        .find(|name| input.get(name).is_some())
    {
        return Err(Refusal::new(
            501,
            format!("The simulated GitHub has not built '{name}' of updatePullRequest."),
        ));
    }
    let labels = input
        .texts("labelIds")
        .map(|ids| super::issues::label_names(cx, repo, &ids))
        .transpose()?;
    let assignees = input.texts("assigneeIds").map(|ids| logins(cx, &ids)).transpose()?;
    let edit = PullEdit {
        title: input.text("title").map(str::to_owned),
        body: input.text("body").map(str::to_owned),
        base: input.text("baseRefName").map(str::to_owned),
        open: input.text("state").map(|state| state == "OPEN"),
    };
    cx.change(|world, actor| -> Outcome<()> {
        pulls::edit(world, actor, repo, number, edit)?;
        if labels.is_some() || assignees.is_some() {
            issues::edit(
                world,
                actor,
                repo,
                number,
                IssueEdit {
                    labels,
                    assignees,
                    ..IssueEdit::default()
                },
            )?;
        }
        Ok(())
    })?;
    Ok(with_actor(cx, repo, number))
}

/// The pull request and who acted on it.
fn with_actor(cx: &Cx<'_>, repo: RepoId, number: u64) -> Payload {
    let mut payload = one("pullRequest", NodeRef::PullRequest(repo, number));
    payload.push(("actor", cx.read(|world| account(world, cx.actor.user()))));
    payload
}

fn logins(cx: &Cx<'_>, ids: &[String]) -> Outcome<Vec<String>> {
    people(cx, ids).map(|users| cx.read(|world| users.iter().map(|user| world.login(*user).to_owned()).collect()))
}

/// The people behind node ids.
fn people(cx: &Cx<'_>, ids: &[String]) -> Outcome<Vec<UserId>> {
    let one = |id: &String| {
        find(
            cx,
            id,
            "User",
            |node| if let NodeRef::User(user) = node { Some(user) } else { None },
        )
    };
    ids.iter().map(one).collect()
}

fn set_open(cx: &Cx<'_>, input: &Arguments, open: bool) -> Outcome<Payload> {
    let (repo, number) = pull_request(cx, input)?;
    let edit = PullEdit {
        open: Some(open),
        ..PullEdit::default()
    };
    cx.change(|world, actor| pulls::edit(world, actor, repo, number, edit))?;
    Ok(one("pullRequest", NodeRef::PullRequest(repo, number)))
}

pub(super) fn close(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    set_open(cx, input, false)
}

pub(super) fn reopen(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    set_open(cx, input, true)
}

pub(super) fn ready(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (repo, number) = pull_request(cx, input)?;
    cx.change(|world, actor| pulls::ready(world, actor, repo, number))?;
    Ok(one("pullRequest", NodeRef::PullRequest(repo, number)))
}

pub(super) fn draft(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (repo, number) = pull_request(cx, input)?;
    cx.change(|world, actor| pulls::draft(world, actor, repo, number))?;
    Ok(one("pullRequest", NodeRef::PullRequest(repo, number)))
}

pub(super) fn request_reviews(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (repo, number) = pull_request(cx, input)?;
    if let Some(team) = input.texts("teamIds").unwrap_or_default().first() {
        // GitHub words it so for an App without `members: read`; there are no teams here.
        return Err(Refusal::new(
            404,
            format!("Could not resolve to a node with the global id of '{team}'."),
        ));
    }
    let users = people(cx, &input.texts("userIds").unwrap_or_default())?;
    let request = ReviewRequest {
        users,
        replace: !input.flag("union"),
    };
    cx.change(|world, actor| requests::add(world, actor, repo, number, &request))?;
    let mut payload = with_actor(cx, repo, number);
    payload.push(("requestedReviewersEdge", null()));
    Ok(payload)
}

pub(super) fn merge(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (repo, number) = pull_request(cx, input)?;
    let method = input.text("mergeMethod").unwrap_or("MERGE");
    let merge = MergePull {
        head: optional_oid(input, "expectedHeadOid")?,
        method: MergeMethod::parse(method).ok_or_else(|| Refusal::new(422, format!("'{method}' is no merge method.")))?,
        title: input.text("commitHeadline").map(str::to_owned),
        message: input.text("commitBody").map(str::to_owned),
    };
    cx.change(|world, actor| merges::merge(world, actor, repo, number, &merge))?;
    Ok(with_actor(cx, repo, number))
}
