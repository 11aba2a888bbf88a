//! Labels of a repository, and on issues and pull requests.
//!
//! Invariant: names are unique without regard to case; labelling with an unknown name makes the label in silence.

use crate::sim::deliver::emit;
use crate::sim::ops::auth::{self, LABELS};
use crate::sim::ops::{Actor, Outcome, Refusal, issue, issue_mut, issues, record, repository, repository_mut};
use crate::sim::world::event::{IssuesAction, LabelAction, PullAction};
use crate::sim::world::{EventKind, Label, LabelId, RepoId, TimelineKind, World};

/// Colour of a label that labelling made.
const SILENT_COLOR: &str = "ededed";
/// Most characters of a label's name.
const NAME_LIMIT: usize = 50;
/// Most characters of a label's description.
const DESCRIPTION_LIMIT: usize = 100;

/// A label to make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewLabel {
    /// Name.
    pub name: String,
    /// Six hexadecimal digits; GitHub's grey if none are given.
    pub color: Option<String>,
    /// One line about it.
    pub description: Option<String>,
}

/// What is changed; `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelEdit {
    /// Name.
    pub name: Option<String>,
    /// Six hexadecimal digits.
    pub color: Option<String>,
    /// One line about it.
    pub description: Option<String>,
}

/// Makes a label.
///
/// # Errors
/// 422 `already_exists`, or for a malformed name or colour; 403.
pub fn create(world: &mut World, actor: &Actor, repo: RepoId, new: NewLabel) -> Outcome<LabelId> {
    auth::require(world, actor, repo, LABELS)?;
    check(Some(&new.name), new.color.as_deref(), new.description.as_deref())?;
    if repository(world, repo)?.label_named(&new.name).is_some() {
        return Err(Refusal::invalid("Label", "name", "already_exists"));
    }
    let color = new.color.unwrap_or_else(|| SILENT_COLOR.to_owned());
    make(
        world,
        actor,
        repo,
        Label {
            id: LabelId(0),
            name: new.name,
            color,
            description: new.description,
            default: false,
        },
    )
}

/// Changes a label.
///
/// # Errors
/// 404, 422, 403.
pub fn edit(world: &mut World, actor: &Actor, repo: RepoId, id: LabelId, edit: LabelEdit) -> Outcome<LabelId> {
    auth::require(world, actor, repo, LABELS)?;
    check(edit.name.as_deref(), edit.color.as_deref(), edit.description.as_deref())?;
    let found = repository_mut(world, repo)?;
    found.labels.get(&id).ok_or_else(Refusal::not_found)?;
    if edit
        .name
        .as_deref()
        .and_then(|name| found.label_named(name))
        .is_some_and(|other| other.id != id)
    {
        return Err(Refusal::invalid("Label", "name", "already_exists"));
    }
    if let Some(label) = found.labels.get_mut(&id) {
        label.name = edit.name.unwrap_or_else(|| label.name.clone());
        label.color = edit.color.unwrap_or_else(|| label.color.clone());
        label.description = edit.description.or_else(|| label.description.clone());
    }
    emit(
        world,
        repo,
        actor.user(),
        EventKind::Label {
            action: LabelAction::Edited,
            label: id,
        },
    );
    Ok(id)
}

/// Deletes a label; it goes from every issue without events there.
///
/// # Errors
/// 404, 403.
pub fn delete(world: &mut World, actor: &Actor, repo: RepoId, id: LabelId) -> Outcome<()> {
    auth::require(world, actor, repo, LABELS)?;
    repository(world, repo)?.labels.get(&id).ok_or_else(Refusal::not_found)?;
    emit(
        world,
        repo,
        actor.user(),
        EventKind::Label {
            action: LabelAction::Deleted,
            label: id,
        },
    );
    let found = repository_mut(world, repo)?;
    found.labels.remove(&id);
    for issue in found.issues.values_mut() {
        issue.labels.remove(&id);
    }
    Ok(())
}

/// Puts labels on an issue or pull request; unknown ones are made.
///
/// # Errors
/// 403 without triage.
pub fn add(world: &mut World, actor: &Actor, repo: RepoId, number: u64, names: &[String]) -> Outcome<()> {
    let is_pull = issue(world, repo, number)?.pull.is_some();
    auth::require(world, actor, repo, issues::triage(is_pull))?;
    put_on(world, actor, (repo, number), names)
}

/// Takes a label off.
///
/// # Errors
/// 404 `Label does not exist` when it is not on it, 403.
pub fn remove(world: &mut World, actor: &Actor, repo: RepoId, number: u64, name: &str) -> Outcome<()> {
    let is_pull = issue(world, repo, number)?.pull.is_some();
    auth::require(world, actor, repo, issues::triage(is_pull))?;
    let missing = || Refusal::new(404, "Label does not exist");
    let label = repository(world, repo)?.label_named(name).ok_or_else(missing)?.id;
    if !issue(world, repo, number)?.labels.contains(&label) {
        return Err(missing());
    }
    take_off(world, actor, (repo, number), label)
}

/// Leaves exactly these labels on it.
///
/// # Errors
/// 403.
pub fn set(world: &mut World, actor: &Actor, repo: RepoId, number: u64, names: &[String]) -> Outcome<()> {
    let is_pull = issue(world, repo, number)?.pull.is_some();
    auth::require(world, actor, repo, issues::triage(is_pull))?;
    let found = repository(world, repo)?;
    let kept = |label: &LabelId| {
        found
            .labels
            .get(label)
            .is_some_and(|label| names.iter().any(|name| name.eq_ignore_ascii_case(&label.name)))
    };
    let gone: Vec<LabelId> = issue(world, repo, number)?
        .labels
        .iter()
        .copied()
        .filter(|label| !kept(label))
        .collect();
    for label in gone {
        take_off(world, actor, (repo, number), label)?;
    }
    put_on(world, actor, (repo, number), names)
}

/// Puts labels on without asking for the right to.
pub(super) fn put_on(world: &mut World, actor: &Actor, at: (RepoId, u64), names: &[String]) -> Outcome<()> {
    let (repo, number) = at;
    for name in names {
        check(Some(name), None, None)?;
    }
    for name in names {
        let known = repository(world, repo)?.label_named(name).map(|label| label.id);
        let label = match known {
            Some(label) => label,
            None => {
                let (name, color) = (name.clone(), SILENT_COLOR.to_owned());
                make(
                    world,
                    actor,
                    repo,
                    Label {
                        id: LabelId(0),
                        name,
                        color,
                        description: None,
                        default: false,
                    },
                )?
            }
        };
        if !issue_mut(world, repo, number)?.labels.insert(label) {
            continue;
        }
        let (name, color) = name_and_color(world, repo, label)?;
        record(world, actor, at, TimelineKind::Labeled { label: name, color });
        issues::tell(
            world,
            actor,
            at,
            IssuesAction::Labeled { label },
            PullAction::Labeled { label },
        );
    }
    Ok(())
}

fn take_off(world: &mut World, actor: &Actor, at: (RepoId, u64), label: LabelId) -> Outcome<()> {
    issue_mut(world, at.0, at.1)?.labels.remove(&label);
    let (name, color) = name_and_color(world, at.0, label)?;
    record(world, actor, at, TimelineKind::Unlabeled { label: name, color });
    issues::tell(
        world,
        actor,
        at,
        IssuesAction::Unlabeled { label },
        PullAction::Unlabeled { label },
    );
    Ok(())
}

fn name_and_color(world: &World, repo: RepoId, label: LabelId) -> Outcome<(String, String)> {
    let label = repository(world, repo)?.labels.get(&label).ok_or_else(Refusal::not_found)?;
    Ok((label.name.clone(), label.color.clone()))
}

fn make(world: &mut World, actor: &Actor, repo: RepoId, label: Label) -> Outcome<LabelId> {
    let id: LabelId = world.fresh();
    repository_mut(world, repo)?.labels.insert(id, Label { id, ..label });
    emit(
        world,
        repo,
        actor.user(),
        EventKind::Label {
            action: LabelAction::Created,
            label: id,
        },
    );
    Ok(id)
}

fn check(name: Option<&str>, color: Option<&str>, description: Option<&str>) -> Outcome<()> {
    if name.is_some_and(|name| name.trim().is_empty()) {
        return Err(Refusal::invalid("Label", "name", "missing_field"));
    }
    if name.is_some_and(|name| name.chars().count() > NAME_LIMIT) {
        return Err(Refusal::invalid("Label", "name", "invalid"));
    }
    if color.is_some_and(|color| color.len() != 6 || !color.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return Err(Refusal::invalid("Label", "color", "invalid"));
    }
    if description.is_some_and(|text| text.chars().count() > DESCRIPTION_LIMIT) {
        return Err(Refusal::invalid("Label", "description", "invalid"));
    }
    Ok(())
}
