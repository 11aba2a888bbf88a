//! Issues, comments, labels, reactions.
//!
//! Invariant: labels are named by node id here and by name in the operations; both must be of one repository.

use super::super::object::{Arguments, Cx, leaf, node, record};
use super::{Payload, find, issue, one, repository, target};
use crate::sim::ops::comments::{self, Minimizable};
use crate::sim::ops::issues::{self, IssueEdit};
use crate::sim::ops::reactions::{self, ReactionTarget};
use crate::sim::ops::{Outcome, Refusal};
use crate::sim::world::{NodeRef, ReactionContent, RepoId, StateReason, World};

/// An issue or pull request by node id.
fn subject(cx: &Cx<'_>, input: &Arguments, name: &str) -> Outcome<(NodeRef, RepoId, u64)> {
    target(cx, input, name, "Issue or PullRequest", |node| {
        if let NodeRef::Issue(repo, number) | NodeRef::PullRequest(repo, number) = node {
            Some((node, repo, number))
        } else {
            None
        }
    })
}

pub(super) fn add_comment(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (subject, repo, number) = subject(cx, input, "subjectId")?;
    let body = input.demanded("body")?.to_owned();
    let id = cx.change(|world, actor| comments::create(world, actor, repo, number, body))?;
    let comment = NodeRef::IssueComment(repo, id);
    let edge = |name| record(name, [("node", node(comment.clone())), ("cursor", leaf(comment.encode()))]);
    Ok(vec![
        ("commentEdge", edge("IssueCommentEdge")),
        ("timelineEdge", edge("IssueTimelineItemEdge")),
        ("subject", node(subject)),
    ])
}

pub(super) fn update_comment(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (repo, id) = target(cx, input, "id", "IssueComment", |node| {
        if let NodeRef::IssueComment(repo, id) = node {
            Some((repo, id))
        } else {
            None
        }
    })?;
    let body = input.demanded("body")?.to_owned();
    cx.change(|world, actor| comments::edit(world, actor, repo, id, body))?;
    Ok(one("issueComment", NodeRef::IssueComment(repo, id)))
}

fn minimizable(node: &NodeRef) -> Option<(RepoId, Minimizable)> {
    if let NodeRef::IssueComment(repo, id) = node {
        return Some((*repo, Minimizable::Comment(*id)));
    }
    if let NodeRef::Review(repo, id) = node {
        return Some((*repo, Minimizable::Review(*id)));
    }
    if let NodeRef::ReviewComment(repo, id) = node {
        Some((*repo, Minimizable::ReviewComment(*id)))
    } else {
        None
    }
}

fn reactable(node: &NodeRef) -> Option<(RepoId, ReactionTarget)> {
    if let NodeRef::Issue(repo, number) | NodeRef::PullRequest(repo, number) = node {
        return Some((*repo, ReactionTarget::Issue(*number)));
    }
    if let NodeRef::IssueComment(repo, id) = node {
        return Some((*repo, ReactionTarget::Comment(*id)));
    }
    if let NodeRef::ReviewComment(repo, id) = node {
        return Some((*repo, ReactionTarget::ReviewComment(*id)));
    }
    if let NodeRef::Review(repo, id) = node {
        Some((*repo, ReactionTarget::Review(*id)))
    } else {
        None
    }
}

pub(super) fn minimize(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (subject, repo, minimizable) = target(cx, input, "subjectId", "Minimizable", |node| {
        let (repo, what) = minimizable(&node)?;
        Some((node, repo, what))
    })?;
    // GitHub gives the classifier back in small letters with a hyphen: `off-topic`.
    let classifier = input.demanded("classifier")?.to_lowercase().replace('_', "-");
    cx.change(|world, actor| comments::minimize(world, actor, repo, minimizable, Some(classifier)))?;
    Ok(one("minimizedComment", subject))
}

pub(super) fn add_reaction(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (subject, repo, on) = target(cx, input, "subjectId", "Reactable", |node| {
        let (repo, on) = reactable(&node)?;
        Some((node, repo, on))
    })?;
    let word = input.demanded("content")?;
    let content = ReactionContent::parse(word).ok_or_else(|| Refusal::new(422, format!("'{word}' is no reaction.")))?;
    let (id, _) = cx.change(|world, actor| reactions::add(world, actor, repo, on, content))?;
    Ok(vec![
        ("reaction", node(NodeRef::Reaction(repo, id))),
        ("subject", node(subject)),
    ])
}

fn edit(cx: &Cx<'_>, input: &Arguments, change: IssueEdit) -> Outcome<Payload> {
    let (repo, number) = issue(cx, input)?;
    cx.change(|world, actor| issues::edit(world, actor, repo, number, change))?;
    Ok(one("issue", NodeRef::Issue(repo, number)))
}

pub(super) fn close(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let reason = input
        .text("stateReason")
        .and_then(|word| StateReason::parse(&word.to_lowercase()))
        .unwrap_or(StateReason::Completed);
    edit(
        cx,
        input,
        IssueEdit {
            open: Some(false),
            reason: Some(reason),
            ..IssueEdit::default()
        },
    )
}

pub(super) fn reopen(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    edit(
        cx,
        input,
        IssueEdit {
            open: Some(true),
            ..IssueEdit::default()
        },
    )
}

pub(super) fn transfer(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (repo, number) = issue(cx, input)?;
    let to = repository(cx, input)?;
    let number = cx.change(|world, actor| issues::transfer(world, actor, repo, number, to))?;
    Ok(one("issue", NodeRef::Issue(to, number)))
}

pub(super) fn delete(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (repo, number) = issue(cx, input)?;
    cx.change(|world, actor| issues::delete(world, actor, repo, number))?;
    Ok(one("repository", NodeRef::Repository(repo)))
}

/// The names of labels of one repository by their node ids.
pub(super) fn label_names(cx: &Cx<'_>, repo: RepoId, ids: &[String]) -> Outcome<Vec<String>> {
    let name = |id: &String| -> Outcome<String> {
        find(cx, id, "Label", |node| {
            let NodeRef::Label(of, label) = node else { return None };
            let name = |world: &World| Some(world.repositories.get(&repo)?.labels.get(&label)?.name.clone());
            if of == repo { cx.read(name) } else { None }
        })
    };
    ids.iter().map(name).collect()
}

pub(super) fn add_labels(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (subject, repo, number) = subject(cx, input, "labelableId")?;
    let names = label_names(cx, repo, &input.texts("labelIds").unwrap_or_default())?;
    cx.change(|world, actor| issues::add_labels(world, actor, repo, number, &names))?;
    Ok(one("labelable", subject))
}

pub(super) fn remove_labels(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let (subject, repo, number) = subject(cx, input, "labelableId")?;
    let names = label_names(cx, repo, &input.texts("labelIds").unwrap_or_default())?;
    cx.change(|world, actor| -> Outcome<()> {
        for name in &names {
            issues::remove_label(world, actor, repo, number, name)?;
        }
        Ok(())
    })?;
    Ok(one("labelable", subject))
}
