//! What a push may not do: break the branch's rules, or bring workflow files without the permission.
//!
//! Invariant: pull requests are merged by their own rules, not by these.

use std::collections::BTreeMap;

use crate::sim::git::{Oid, Store};
use crate::sim::ops::refs::RefMove;
use crate::sim::ops::rules::{rules_for_actor, violation};
use crate::sim::ops::{Actor, Outcome, Refusal, repository};
use crate::sim::world::{Level, RepoId, World};

/// Refuses an App without `workflows: write` a branch whose workflow files differ from the default branch's.
pub(super) fn check_workflows(world: &World, actor: &Actor, repo: RepoId, name: &str, after: Oid) -> Outcome<()> {
    let Actor::App(app) = actor else { return Ok(()) };
    if app.permissions.allows("workflows", Level::Write) || !name.starts_with("refs/heads/") {
        return Ok(());
    }
    let found = repository(world, repo)?;
    let store = world.store(repo)?;
    let Some(default) = store.branch(&found.default_branch)? else {
        return Ok(());
    };
    let files = |commit: Oid| -> Outcome<BTreeMap<String, Oid>> {
        let Some(folder) = store.entry(store.commit(commit)?.tree, ".github/workflows")? else {
            return Ok(BTreeMap::new());
        };
        Ok(store
            .tree_recursive(folder.oid)?
            .into_iter()
            .map(|entry| (entry.path, entry.oid))
            .collect())
    };
    let (theirs, ours) = (files(default)?, files(after)?);
    let differs = theirs
        .keys()
        .chain(ours.keys())
        .find(|path| theirs.get(*path) != ours.get(*path));
    match differs {
        Some(path) => Err(Refusal::new(
            403,
            format!(
                "refusing to allow a GitHub App to create or update workflow `.github/workflows/{path}` without `workflows` permission"
            ),
        )),
        None => Ok(()),
    }
}

/// The rules of the branch, for a push that is not a merge of a pull request.
pub(super) fn check_rules(
    world: &World,
    actor: &Actor,
    (repo, store): (RepoId, &Store),
    change: &RefMove,
    current: Option<Oid>,
) -> Outcome<()> {
    let Some(branch) = change.name.strip_prefix("refs/heads/") else {
        return Ok(());
    };
    let found = repository(world, repo)?;
    let rules = rules_for_actor(world, found, branch, actor);
    let Some(after) = change.after else {
        if branch == found.default_branch {
            return Err(Refusal::new(422, "Cannot delete the default branch"));
        }
        return if rules.no_deletion && current.is_some() {
            Err(violation("Cannot delete this branch"))
        } else {
            Ok(())
        };
    };
    if !name_fits(&rules.name_patterns, branch) {
        return Err(violation("Branch name must match a given pattern"));
    }
    match current {
        None if rules.no_creation => return Err(violation("Cannot create ref due to creations being restricted.")),
        None => return Ok(()),
        Some(_) if rules.no_update => return Err(violation("Cannot update this protected ref.")),
        Some(_) => {}
    }
    if rules.merge_queue {
        return Err(violation("Changes must be made through the merge queue"));
    }
    if rules.pull_request {
        return Err(violation("Changes must be made through a pull request."));
    }
    if let Some(check) = rules.checks.first() {
        return Err(violation(&format!(
            "Required status check \"{}\" is expected.",
            check.context
        )));
    }
    let known = store.kind(after)?.is_some();
    if let (true, true, Some(current)) = (rules.no_force, known, current)
        && !store.is_ancestor(current, after)?
    {
        return Err(violation("Cannot force-push to this branch"));
    }
    Ok(())
}

fn name_fits(patterns: &[(String, String)], branch: &str) -> bool {
    patterns.iter().all(|(operator, pattern)| match operator.as_str() {
        "starts_with" => branch.starts_with(pattern.as_str()),
        "ends_with" => branch.ends_with(pattern.as_str()),
        "contains" => branch.contains(pattern.as_str()),
        "regex" => regex::Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(branch)),
        _ => true,
    })
}
