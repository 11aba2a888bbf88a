//! What rulesets and classic protection ask of one branch.
//!
//! Invariant: both sources are read for every push, deletion and merge; nothing else decides.

use serde_json::Value;

use crate::sim::faults::matches;
use crate::sim::ops::{Actor, Outcome, Refusal, repository};
use crate::sim::world::{AppId, BranchRules, Protection, RepoId, Repository, RequiredCheck, Role, Rule, Ruleset, World};

/// Active rulesets that cover a branch; it need not exist.
pub fn rulesets_for<'a>(repo: &'a Repository, branch: &str) -> impl Iterator<Item = &'a Ruleset> {
    let full = format!("refs/heads/{branch}");
    let default = branch == repo.default_branch;
    let covered = move |patterns: &[String]| {
        patterns.iter().any(|pattern| match pattern.as_str() {
            "~ALL" => true,
            "~DEFAULT_BRANCH" => default,
            other => other == full || (other.contains('*') && matches(other, &full)),
        })
    };
    let in_force = repo.has_paid_features();
    repo.rulesets
        .iter()
        .filter(move |ruleset| in_force && ruleset.active && covered(&ruleset.include) && !covered(&ruleset.exclude))
}

/// Everything that holds for a branch.
#[must_use]
pub fn rules_for(repo: &Repository, branch: &str) -> BranchRules {
    let mut all = BranchRules::default();
    for ruleset in rulesets_for(repo, branch) {
        for rule in &ruleset.rules {
            add_rule(&mut all, rule);
        }
        all.protected = true;
    }
    if let Some(protection) = repo.protections.get(branch).filter(|_| repo.has_paid_features()) {
        add_protection(&mut all, protection);
    }
    all
}

/// What holds for this actor: those who may pass by a rule are not held by it.
#[must_use]
pub fn rules_for_actor(world: &World, repo: &Repository, branch: &str, actor: &Actor) -> BranchRules {
    let mut all = BranchRules::default();
    for ruleset in rulesets_for(repo, branch).filter(|ruleset| !actor.app().is_some_and(|app| ruleset.bypass.contains(&app))) {
        for rule in &ruleset.rules {
            add_rule(&mut all, rule);
        }
        all.protected = true;
    }
    if let Some(protection) = repo.protections.get(branch).filter(|_| repo.has_paid_features()) {
        let administrator = matches!(actor, Actor::User(user) if world.role(repo.id, *user) == Role::Admin);
        if protection.enforce_admins || !administrator {
            add_protection(&mut all, protection);
        }
    }
    all
}

/// Whether rulesets can be read at all.
///
/// # Errors
/// 403 on private repositories of free plans.
pub fn readable(world: &World, repo: RepoId) -> Outcome<()> {
    if repository(world, repo)?.has_paid_features() {
        Ok(())
    } else {
        Err(Refusal::new(
            403,
            "Upgrade to GitHub Pro or make this repository public to enable this feature.",
        ))
    }
}

/// The refusal of a push that breaks a ruleset.
pub(super) fn violation(sentence: &str) -> Refusal {
    Refusal::new(422, format!("Repository rule violations found\n\n{sentence}\n\n"))
}

fn add_protection(all: &mut BranchRules, protection: &Protection) {
    all.protected = true;
    if let Some(approvals) = protection.approvals {
        all.pull_request = true;
        all.approvals = all.approvals.max(approvals);
    }
    all.dismiss_stale_reviews |= protection.dismiss_stale_reviews;
    all.code_owner_reviews |= protection.code_owner_reviews;
    all.last_push_approval |= protection.last_push_approval;
    all.conversation_resolution |= protection.conversation_resolution;
    all.linear_history |= protection.linear_history;
    all.signatures |= protection.signatures;
    all.strict |= protection.strict;
    all.no_force |= !protection.allow_force_pushes;
    all.no_deletion |= !protection.allow_deletions;
    all.no_update |= protection.lock_branch;
    add_checks(all, protection.checks.iter().cloned());
}

fn add_checks(all: &mut BranchRules, checks: impl Iterator<Item = RequiredCheck>) {
    for check in checks {
        if !all.checks.contains(&check) {
            all.checks.push(check);
        }
    }
}

fn add_rule(all: &mut BranchRules, rule: &Rule) {
    let none = Value::Null;
    let parameters = rule.parameters.as_ref().unwrap_or(&none);
    let flag = |name: &str| parameters[name].as_bool().unwrap_or(false);
    match rule.kind.as_str() {
        "creation" => all.no_creation = true,
        "update" => all.no_update = true,
        "deletion" => all.no_deletion = true,
        "non_fast_forward" => all.no_force = true,
        "required_linear_history" => all.linear_history = true,
        "required_signatures" => all.signatures = true,
        "merge_queue" => all.merge_queue = true,
        "pull_request" => {
            all.pull_request = true;
            let approvals = parameters["required_approving_review_count"]
                .as_u64()
                .and_then(|count| u32::try_from(count).ok());
            all.approvals = all.approvals.max(approvals.unwrap_or(0));
            all.dismiss_stale_reviews |= flag("dismiss_stale_reviews_on_push");
            all.code_owner_reviews |= flag("require_code_owner_review");
            all.last_push_approval |= flag("require_last_push_approval");
            all.conversation_resolution |= flag("required_review_thread_resolution");
            let methods = parameters["allowed_merge_methods"].as_array().into_iter().flatten();
            all.merge_methods
                .extend(methods.filter_map(Value::as_str).map(ToOwned::to_owned));
        }
        "required_status_checks" => {
            all.strict |= flag("strict_required_status_checks_policy");
            let listed = parameters["required_status_checks"].as_array().into_iter().flatten();
            let check = |entry: &Value| {
                let context = entry["context"].as_str()?.to_owned();
                Some(RequiredCheck {
                    context,
                    app: entry["integration_id"].as_u64().map(AppId),
                })
            };
            add_checks(all, listed.filter_map(check));
        }
        "branch_name_pattern" => {
            if let (Some(operator), Some(pattern)) = (parameters["operator"].as_str(), parameters["pattern"].as_str()) {
                all.name_patterns.push((operator.to_owned(), pattern.to_owned()));
            }
        }
        // Rules that the simulated GitHub does not enforce are still listed.
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_are_read_as_github_writes_them() {
        let rules: Vec<Rule> = serde_json::from_value(json!([
            { "type": "deletion" },
            { "type": "pull_request", "parameters": { "required_approving_review_count": 2, "required_review_thread_resolution": true,
                "allowed_merge_methods": ["squash"] } },
            { "type": "required_status_checks", "parameters": { "strict_required_status_checks_policy": true,
                "required_status_checks": [{ "context": "test", "integration_id": 15368 }, { "context": "lint" }] } },
            { "type": "max_file_size", "parameters": { "max_file_size": 1 } },
        ]))
        .unwrap();
        let mut all = BranchRules::default();
        for rule in &rules {
            add_rule(&mut all, rule);
        }
        assert!(all.no_deletion && all.pull_request && all.strict && all.conversation_resolution);
        assert_eq!(
            (all.approvals, all.merge_methods.as_slice()),
            (2, ["squash".to_owned()].as_slice())
        );
        assert_eq!(all.checks.len(), 2);
        assert_eq!(all.checks[0].app, Some(AppId(15368)));
    }
}
