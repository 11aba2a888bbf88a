//! A repository: its switches, issues, pull requests, refs and objects.
//!
//! Invariant: an App sees issues, pull requests and contents only with the permission for each.

use super::super::connection::connection;
use super::super::object::{Arguments, Cx, Field, Item, account, leaf, node, optional};
use super::issue::by_creation;
use super::query::refuse_arguments;
use super::{may_read, refs, repository, sort_by, time, unresolved, word};
use crate::clock::Millis;
use crate::sim::ops::{Actor, Outcome};
use crate::sim::world::{Issue, IssueState, NodeRef, RepoId, Repository, Role, StateReason};

pub(super) fn field(cx: &Cx<'_>, repo: RepoId, field: &Field) -> Outcome<Option<Item>> {
    if let Some(item) = plain(cx, repo, field)? {
        return Ok(Some(item));
    }
    let arguments = &field.arguments;
    Ok(Some(match field.name.as_str() {
        "issue" => by_number(cx, repo, field, |issue| issue.pull.is_none(), "an Issue")?,
        "pullRequest" => by_number(cx, repo, field, |issue| issue.pull.is_some(), "a PullRequest")?,
        "issueOrPullRequest" => by_number(cx, repo, field, |_| true, "an issue or pull request")?,
        "issues" => issues(cx, repo, field)?,
        "pullRequests" => pull_requests(cx, repo, field)?,
        "label" => {
            let name = arguments.demanded("name")?;
            optional(cx.read(|w| repository(w, repo).map(|r| r.label_named(name).map(|l| NodeRef::Label(repo, l.id))))?)
        }
        "labels" => {
            by_creation(field)?;
            let query = arguments.text("query").unwrap_or_default().to_lowercase();
            let labels = cx.read(|w| -> Outcome<Vec<Item>> {
                let labels = repository(w, repo)?
                    .labels
                    .values()
                    .filter(|label| label.name.to_lowercase().contains(&query));
                Ok(labels.map(|label| node(NodeRef::Label(repo, label.id))).collect())
            })?;
            connection("LabelConnection", field, labels)?
        }
        "defaultBranchRef" => refs::default_branch(cx, repo)?,
        "ref" => refs::by_name(cx, repo, arguments.demanded("qualifiedName")?)?,
        "refs" => refs::list(cx, repo, field)?,
        "object" => refs::object(cx, repo, arguments)?,
        "viewerPermission" => viewer_permission(cx, repo),
        _ => return Ok(None),
    }))
}

/// The viewer's role; null without one, and for Apps, which have permissions.
fn viewer_permission(cx: &Cx<'_>, repo: RepoId) -> Item {
    let role = match cx.actor {
        Actor::User(user) => cx.read(|world| world.role(repo, *user)),
        Actor::App(_) => Role::None,
    };
    if role == Role::None {
        super::null()
    } else {
        word(role.name())
    }
}

/// What stands in the record.
fn plain(cx: &Cx<'_>, repo: RepoId, field: &Field) -> Outcome<Option<Item>> {
    cx.read(|world| {
        let record = repository(world, repo)?;
        let settings = &record.settings;
        let full_name = world.full_name(repo);
        Ok(Some(match field.name.as_str() {
            "id" => leaf(record.node_id()),
            "databaseId" => leaf(repo.0),
            "name" => leaf(record.name.as_str()),
            "nameWithOwner" => leaf(full_name),
            "owner" => account(world, record.owner),
            "description" => leaf(record.description.clone()),
            "resourcePath" => leaf(format!("/{full_name}")),
            "url" => leaf(format!("{}/{full_name}", world.base_url)),
            "isPrivate" => leaf(record.private),
            "isArchived" => leaf(record.archived),
            "isFork" | "isDisabled" | "isLocked" | "isMirror" | "isTemplate" => leaf(false),
            "visibility" => leaf(if record.private { "PRIVATE" } else { "PUBLIC" }),
            "mergeCommitAllowed" => leaf(settings.allow_merge_commit),
            "squashMergeAllowed" => leaf(settings.allow_squash_merge),
            "rebaseMergeAllowed" => leaf(settings.allow_rebase_merge),
            "autoMergeAllowed" => leaf(settings.allow_auto_merge),
            "deleteBranchOnMerge" => leaf(settings.delete_branch_on_merge),
            "hasIssuesEnabled" => leaf(settings.has_issues),
            "createdAt" => time(Some(record.created_at)),
            "updatedAt" => time(Some(record.updated_at)),
            "pushedAt" => time(Some(record.pushed_at)),
            _ => return Ok(None),
        }))
    })
}

fn by_number(cx: &Cx<'_>, repo: RepoId, field: &Field, fits: fn(&Issue) -> bool, shown: &str) -> Outcome<Item> {
    let number = field.arguments.number("number").unwrap_or(0);
    let found =
        cx.read(|w| repository(w, repo).map(|r| r.issue(number).filter(|issue| fits(issue)).map(|issue| issue.node(repo))))?;
    let found = found.ok_or_else(|| unresolved(shown, &format!("number of {number}")))?;
    let permission = if matches!(found, NodeRef::PullRequest(..)) {
        "pull_requests"
    } else {
        "issues"
    };
    may_read(cx, repo, permission)?;
    Ok(node(found))
}

/// What a list of issues or pull requests is cut down to.
struct Wanted {
    states: Option<Vec<String>>,
    labels: Option<Vec<String>>,
    since: Option<Millis>,
    author: Option<String>,
}

impl Wanted {
    fn fits(&self, world: &crate::sim::world::World, repo: &Repository, issue: &Issue) -> bool {
        let state = match (&issue.pull, issue.state) {
            (Some(pull), IssueState::Closed) if pull.merged.is_some() => "MERGED",
            (_, IssueState::Open) => "OPEN",
            (_, IssueState::Closed) => "CLOSED",
        };
        let labelled = |name: &String| repo.label_named(name).is_some_and(|label| issue.labels.contains(&label.id));
        self.states
            .as_ref()
            .is_none_or(|states| states.iter().any(|wanted| wanted == state))
            && self.labels.as_ref().is_none_or(|names| names.iter().any(labelled))
            && self.since.is_none_or(|since| issue.updated_at >= since)
            && self
                .author
                .as_ref()
                .is_none_or(|login| world.login(issue.author).eq_ignore_ascii_case(login))
    }
}

fn issues(cx: &Cx<'_>, repo: RepoId, field: &Field) -> Outcome<Item> {
    may_read(cx, repo, "issues")?;
    let filter = Arguments(field.arguments.get("filterBy").cloned().unwrap_or_default());
    refuse_arguments(
        &Field {
            name: "filterBy".to_owned(),
            arguments: filter.clone(),
        },
        &["assignee", "mentioned", "milestone", "milestoneNumber", "viewerSubscribed"],
    )?;
    let wanted = Wanted {
        states: filter.texts("states").or_else(|| field.arguments.texts("states")),
        labels: filter.texts("labels").or_else(|| field.arguments.texts("labels")),
        since: filter.text("since").and_then(Millis::parse_rfc3339),
        author: filter.text("createdBy").map(str::to_owned),
    };
    let found = list(cx, repo, field, |world, repo, issue| {
        issue.pull.is_none() && wanted.fits(world, repo, issue)
    })?;
    connection("IssueConnection", field, found)
}

fn pull_requests(cx: &Cx<'_>, repo: RepoId, field: &Field) -> Outcome<Item> {
    may_read(cx, repo, "pull_requests")?;
    let arguments = &field.arguments;
    let (head, base) = (arguments.text("headRefName"), arguments.text("baseRefName"));
    let wanted = Wanted {
        states: arguments.texts("states"),
        labels: arguments.texts("labels"),
        since: None,
        author: None,
    };
    let found =
        list(cx, repo, field, |world, repo, issue| {
            issue.pull.as_ref().is_some_and(|pull| {
                head.is_none_or(|name| name == pull.head_ref) && base.is_none_or(|name| name == pull.base_ref)
            }) && wanted.fits(world, repo, issue)
        })?;
    connection("PullRequestConnection", field, found)
}

/// The issues and pull requests that fit, in the order asked for.
pub(super) fn list(
    cx: &Cx<'_>,
    repo: RepoId,
    field: &Field,
    fits: impl Fn(&crate::sim::world::World, &Repository, &Issue) -> bool,
) -> Outcome<Vec<Item>> {
    cx.read(|world| {
        let record = repository(world, repo)?;
        let comments = |number| record.comments_on(number).count();
        let found = record.issues.values().filter(|issue| fits(world, record, issue));
        let mut rows: Vec<_> = found
            .map(|issue| (issue.number, issue.created_at, issue.updated_at, comments(issue.number)))
            .collect();
        sort_by(field.arguments.get("orderBy"), &mut rows)?;
        Ok(rows
            .iter()
            .filter_map(|(number, ..)| record.issue(*number).map(|issue| node(issue.node(repo))))
            .collect())
    })
}

/// The word of an issue's `stateReason`.
pub(super) fn state_reason(reason: Option<StateReason>) -> Item {
    reason.map_or_else(super::null, |reason| word(reason.name()))
}
