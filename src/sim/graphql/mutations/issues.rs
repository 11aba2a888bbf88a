//! Issues, comments, labels, reactions.
//!
//! Invariant: labels are named by node id here and by name in the operations; both must be of one repository.

use super::super::object::{Arguments, Cx, leaf, node, record};
use super::{Payload, one, target, wrong_kind};
use crate::sim::ops::comments::{self, Minimizable};
use crate::sim::ops::issues::{self, IssueEdit};
use crate::sim::ops::reactions::{self, ReactionTarget};
use crate::sim::ops::{Outcome, Refusal};
use crate::sim::world::{NodeRef, ReactionContent, RepoId, StateReason};

/// An issue or pull request by node id.
fn subject(cx: &Cx<'_>, input: &Arguments, name: &str) -> Outcome<(NodeRef, RepoId, u64)> {
    let node = target(cx, input, name)?;
    match node {
        NodeRef::Issue(repo, number) | NodeRef::PullRequest(repo, number) => Ok((node, repo, number)),
        other => Err(wrong_kind("Issue or PullRequest", &other.encode())),
    }
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
    let (repo, id) = match target(cx, input, "id")? {
        NodeRef::IssueComment(repo, id) => (repo, id),
        other => return Err(wrong_kind("IssueComment", &other.encode())),
    };
    let body = input.demanded("body")?.to_owned();
    cx.change(|world, actor| comments::edit(world, actor, repo, id, body))?;
    Ok(one("issueComment", NodeRef::IssueComment(repo, id)))
}

pub(super) fn minimize(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let subject = target(cx, input, "subjectId")?;
    let (repo, minimizable) = match &subject {
        NodeRef::IssueComment(repo, id) => (*repo, Minimizable::Comment(*id)),
        NodeRef::Review(repo, id) => (*repo, Minimizable::Review(*id)),
        NodeRef::ReviewComment(repo, id) => (*repo, Minimizable::ReviewComment(*id)),
        other => return Err(wrong_kind("Minimizable", &other.encode())),
    };
    // GitHub gives the classifier back in small letters with a hyphen: `off-topic`.
    let classifier = input.demanded("classifier")?.to_lowercase().replace('_', "-");
    cx.change(|world, actor| comments::minimize(world, actor, repo, minimizable, Some(classifier)))?;
    Ok(one("minimizedComment", subject))
}

pub(super) fn add_reaction(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let subject = target(cx, input, "subjectId")?;
    let (repo, on) = match &subject {
        NodeRef::Issue(repo, number) | NodeRef::PullRequest(repo, number) => (*repo, ReactionTarget::Issue(*number)),
        NodeRef::IssueComment(repo, id) => (*repo, ReactionTarget::Comment(*id)),
        NodeRef::ReviewComment(repo, id) => (*repo, ReactionTarget::ReviewComment(*id)),
        NodeRef::Review(repo, id) => (*repo, ReactionTarget::Review(*id)),
        other => return Err(wrong_kind("Reactable", &other.encode())),
    };
    let word = input.demanded("content")?;
    let content = ReactionContent::parse(word).ok_or_else(|| Refusal::new(422, format!("'{word}' is no reaction.")))?;
    let (id, _) = cx.change(|world, actor| reactions::add(world, actor, repo, on, content))?;
    Ok(vec![("reaction", node(NodeRef::Reaction(repo, id))), ("subject", node(subject))])
}

fn edit(cx: &Cx<'_>, input: &Arguments, change: IssueEdit) -> Outcome<Payload> {
    let (repo, number) = match target(cx, input, "issueId")? {
        NodeRef::Issue(repo, number) => (repo, number),
        other => return Err(wrong_kind("Issue", &other.encode())),
    };
    cx.change(|world, actor| issues::edit(world, actor, repo, number, change))?;
    Ok(one("issue", NodeRef::Issue(repo, number)))
}

pub(super) fn close(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let reason = input.text("stateReason").and_then(|word| StateReason::parse(&word.to_lowercase())).unwrap_or(StateReason::Completed);
    edit(cx, input, IssueEdit { open: Some(false), reason: Some(reason), ..IssueEdit::default() })
}

pub(super) fn reopen(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    edit(cx, input, IssueEdit { open: Some(true), ..IssueEdit::default() })
}

/// The names of labels of one repository by their node ids.
pub(super) fn label_names(cx: &Cx<'_>, repo: RepoId, ids: &[String]) -> Outcome<Vec<String>> {
    let name = |id: &String| -> Outcome<String> {
        let label = match super::resolve_node(cx, id)? {
            NodeRef::Label(of, label) if of == repo => label,
            _ => return Err(wrong_kind("Label", id)),
        };
        let name = cx.read(|world| Some(world.repositories.get(&repo)?.labels.get(&label)?.name.clone()));
        name.ok_or_else(|| wrong_kind("Label", id))
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
