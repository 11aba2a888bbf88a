//! Refs, commits on branches and merges of branches.
//!
//! Invariant: names are full (`refs/heads/x`) wherever GitHub asks for full ones.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::object::{Arguments, Cx, leaf, node, record};
use super::{Payload, issue, oid, one, repository, target};
use crate::sim::git::Oid;
use crate::sim::ops::contents::{self, CommitOnBranch};
use crate::sim::ops::merges::{self, MergeBranch};
use crate::sim::ops::refs::{self, RefMove, RefUpdate};
use crate::sim::ops::{Outcome, Refusal};
use crate::sim::world::{NodeRef, RepoId};

pub(super) fn create(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let repo = repository(cx, input)?;
    let name = input.demanded("name")?;
    let oid = oid(input, "oid")?;
    cx.change(|world, actor| refs::create(world, actor, repo, name, oid))?;
    Ok(one("ref", NodeRef::Ref(repo, name.to_owned())))
}

/// The ref behind `refId`.
fn reference(cx: &Cx<'_>, input: &Arguments, name: &str) -> Outcome<(RepoId, String)> {
    target(cx, input, name, "Ref", |node| {
        if let NodeRef::Ref(repo, name) = node {
            Some((repo, name))
        } else {
            None
        }
    })
}

pub(super) fn update(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (repo, name) = reference(cx, input, "refId")?;
    let change = RefUpdate {
        name: name.clone(),
        oid: oid(input, "oid")?,
        force: input.flag("force"),
    };
    cx.change(|world, actor| refs::update(world, actor, repo, change))?;
    Ok(one("ref", NodeRef::Ref(repo, name)))
}

pub(super) fn delete(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (repo, name) = reference(cx, input, "refId")?;
    cx.change(|world, actor| refs::delete(world, actor, repo, &name))?;
    Ok(Vec::new())
}

/// All of them or none. An id of zeros stands for "is not there".
pub(super) fn update_many(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let repo = repository(cx, input)?;
    let present = |oid: Oid| if oid.is_null() { None } else { Some(oid) };
    let read = |update: &Arguments| -> Outcome<RefMove> {
        Ok(RefMove {
            name: update.demanded("name")?.to_owned(),
            before: super::optional_oid(update, "beforeOid")?.map(present),
            after: present(oid(update, "afterOid")?),
            force: update.flag("force"),
        })
    };
    let moves = input.objects("refUpdates").iter().map(read).collect::<Outcome<Vec<_>>>()?;
    cx.change(|world, actor| refs::update_many(world, actor, repo, &moves))?;
    Ok(Vec::new())
}

pub(super) fn commit(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (repo, branch) = committable(cx, input)?;
    let message = Arguments(input.get("message").cloned().unwrap_or_default());
    let files = Arguments(input.get("fileChanges").cloned().unwrap_or_default());
    let addition = |file: &Arguments| -> Outcome<(String, Vec<u8>)> {
        let path = file.demanded("path")?;
        let refuse = |_| Refusal::new(422, format!("The contents of '{path}' are not valid Base64."));
        Ok((
            path.to_owned(),
            STANDARD.decode(file.text("contents").unwrap_or_default()).map_err(refuse)?,
        ))
    };
    let deletion = |file: &Arguments| file.demanded("path").map(str::to_owned);
    let change = CommitOnBranch {
        branch: branch.clone(),
        expected_head: oid(input, "expectedHeadOid")?,
        headline: message.demanded("headline")?.to_owned(),
        body: message.text("body").map(str::to_owned),
        additions: files.objects("additions").iter().map(addition).collect::<Outcome<_>>()?,
        deletions: files.objects("deletions").iter().map(deletion).collect::<Outcome<_>>()?,
    };
    let commit = cx.change(|world, actor| contents::commit_on_branch(world, actor, repo, &change))?;
    let name = format!("refs/heads/{branch}");
    Ok(vec![
        ("commit", node(NodeRef::Commit(repo, commit))),
        ("ref", node(NodeRef::Ref(repo, name))),
    ])
}

/// The branch a commit goes to: by ref id, or by repository and name.
fn committable(cx: &Cx<'_>, input: &Arguments) -> Outcome<(RepoId, String)> {
    let branch = Arguments(input.get("branch").cloned().unwrap_or_default());
    if branch.text("id").is_some() {
        let (repo, name) = reference(cx, &branch, "id")?;
        return Ok((repo, name.trim_start_matches("refs/heads/").to_owned()));
    }
    let full_name = branch.demanded("repositoryNameWithOwner")?;
    let missing = || Refusal::new(404, format!("Could not resolve to a Repository with the name '{full_name}'."));
    let (owner, name) = full_name.split_once('/').ok_or_else(missing)?;
    let repo = cx
        .read(|world| world.repository_named(owner, name).map(|repo| repo.id))
        .ok_or_else(missing)?;
    Ok((
        repo,
        branch.demanded("branchName")?.trim_start_matches("refs/heads/").to_owned(),
    ))
}

pub(super) fn merge(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let repo = repository(cx, input)?;
    let change = MergeBranch {
        base: input.demanded("base")?.to_owned(),
        head: input.demanded("head")?.to_owned(),
        message: input.text("commitMessage").map(str::to_owned),
    };
    let commit = cx.change(|world, actor| merges::merge_branch(world, actor, repo, &change))?;
    Ok(vec![(
        "mergeCommit",
        super::super::object::optional(commit.map(|oid| NodeRef::Commit(repo, oid))),
    )])
}

/// Makes the branch. That the issue shows it is not simulated: `Issue.linkedBranches` is not built.
pub(super) fn create_linked(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (repo, number) = issue(cx, input)?;
    if input.text("repositoryId").is_some() && repository(cx, input)? != repo {
        return Err(Refusal::new(
            501,
            "The simulated GitHub links branches of the issue's own repository only.",
        ));
    }
    let title = cx.read(|world| {
        world
            .repositories
            .get(&repo)
            .and_then(|r| r.issue(number).map(|issue| issue.title.clone()))
    });
    let branch = input
        .text("name")
        .map_or_else(|| default_name(number, &title.unwrap_or_default()), str::to_owned);
    let name = format!("refs/heads/{branch}");
    let oid = oid(input, "oid")?;
    cx.change(|world, actor| refs::create(world, actor, repo, &name, oid))?;
    let linked = NodeRef::Ref(repo, name);
    let fields = [("id", leaf(format!("LB_{}", linked.encode()))), ("ref", node(linked))];
    Ok(vec![
        ("issue", node(NodeRef::Issue(repo, number))),
        ("linkedBranch", record("LinkedBranch", fields)),
    ])
}

/// `7-add-a-parser`, as the button on an issue's page proposes it.
fn default_name(number: u64, title: &str) -> String {
    let words = title
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect::<String>();
    let words: Vec<&str> = words.split('-').filter(|word| !word.is_empty()).collect();
    format!("{number}-{}", words.join("-"))
}
