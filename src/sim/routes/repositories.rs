//! Routes of repositories, their people, branches and rules.
//!
//! Invariant: `branches/{branch}` shows classic protection to every reader; rulesets are shown by `rules/branches`.

use super::call::{Answer, Call, accepted, nothing, ok};
use super::fields::not_a_member;
use super::table::{Access, Route, route};
use crate::sim::git::Oid;
use crate::sim::ops::auth::{self, Caller};
use crate::sim::ops::{Actor, Outcome, Refusal, repos, rules};
use crate::sim::world::{Role, Rule, Ruleset, UserId};

/// See the module.
pub(super) static ROUTES: [Route; 13] = [
    route("GET", "/repos/{owner}/{repo}", Access::Read("metadata"), show),
    route("PATCH", "/repos/{owner}/{repo}", Access::Write, edit),
    route("DELETE", "/repos/{owner}/{repo}", Access::Write, delete),
    route("POST", "/repos/{owner}/{repo}/transfer", Access::Write, transfer),
    route(
        "GET",
        "/repos/{owner}/{repo}/collaborators",
        Access::Read("metadata"),
        collaborators,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/collaborators/{username}",
        Access::Read("metadata"),
        collaborator,
    ),
    route(
        "PUT",
        "/repos/{owner}/{repo}/collaborators/{username}",
        Access::Write,
        add_collaborator,
    ),
    route(
        "DELETE",
        "/repos/{owner}/{repo}/collaborators/{username}",
        Access::Write,
        remove_collaborator,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/collaborators/{username}/permission",
        Access::Read("metadata"),
        permission,
    ),
    route("GET", "/repos/{owner}/{repo}/assignees", Access::Read("metadata"), assignees),
    route("GET", "/repos/{owner}/{repo}/branches", Access::Read("contents"), branches),
    route(
        "GET",
        "/repos/{owner}/{repo}/branches/{branch}",
        Access::Read("contents"),
        branch,
    ),
    route(
        "GET",
        "/repos/{owner}/{repo}/rules/branches/{branch}",
        Access::Read("metadata"),
        branch_rules,
    ),
];

fn show(call: &mut Call<'_>) -> Outcome<Answer> {
    let repo = call.repository()?;
    let app = !matches!(call.caller, Caller::Actor(Actor::User(_)));
    ok(call.render().full_repository(repo, call.role(repo), app))
}

fn edit(call: &mut Call<'_>) -> Outcome<Answer> {
    let change = repos::RepoEdit {
        name: call.text("name")?,
        description: call.text("description")?,
        private: call.flag("private")?,
        archived: call.flag("archived")?,
        default_branch: call.text("default_branch")?,
        has_issues: call.flag("has_issues")?,
        allow_merge_commit: call.flag("allow_merge_commit")?,
        allow_squash_merge: call.flag("allow_squash_merge")?,
        allow_rebase_merge: call.flag("allow_rebase_merge")?,
        allow_auto_merge: call.flag("allow_auto_merge")?,
        delete_branch_on_merge: call.flag("delete_branch_on_merge")?,
    };
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    repos::edit(call.world, &actor, repo, change)?;
    show(call)
}

fn delete(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    repos::delete(call.world, &actor, repo)?;
    nothing()
}

/// GitHub answers at once and moves it a moment later; here it is moved when the answer comes.
fn transfer(call: &mut Call<'_>) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let to = call.text("new_owner")?.unwrap_or_default();
    let to = call.account(&to)?;
    repos::transfer(call.world, &actor, repo, to)?;
    let found = call.world.repositories.get(&repo).ok_or_else(Refusal::not_found)?;
    accepted(call.render().repository(found))
}

/// Everybody with a role of their own, and the owner.
fn people(call: &Call<'_>) -> Outcome<Vec<(UserId, Role)>> {
    let repo = call.repository()?;
    let mut people: Vec<(UserId, Role)> = repo
        .collaborators
        .iter()
        .filter(|(_, role)| **role > Role::None)
        .map(|(user, role)| (*user, *role))
        .collect();
    if call.render().organization(repo.owner).is_null() && !repo.collaborators.contains_key(&repo.owner) {
        people.push((repo.owner, Role::Admin));
    }
    Ok(people)
}

fn collaborators(call: &mut Call<'_>) -> Outcome<Answer> {
    pushers_only(call)?;
    let least = call
        .asked("permission")
        .map(|text| Role::parse(text).ok_or_else(|| not_a_member("permission", text)));
    let least = least.transpose()?.unwrap_or(Role::Read);
    let people: Vec<(UserId, Role)> = people(call)?.into_iter().filter(|(_, role)| *role >= least).collect();
    call.list(&people, |(user, role)| call.render().collaborator(*user, *role))
}

fn collaborator(call: &mut Call<'_>) -> Outcome<Answer> {
    pushers_only(call)?;
    let user = call.account(call.param("username"))?;
    if people(call)?.iter().any(|(one, _)| *one == user) {
        nothing()
    } else {
        Err(Refusal::not_found())
    }
}

/// Who works in a repository is told to those who may push to it, and to Apps.
fn pushers_only(call: &Call<'_>) -> Outcome<()> {
    match call.actor()? {
        Actor::App(_) => Ok(()),
        actor @ Actor::User(_) => auth::require(call.world, &actor, call.repo_id()?, auth::PUSH)
            .map_err(|_| Refusal::new(403, "Must have push access to view repository collaborators.")),
    }
}

fn add_collaborator(call: &mut Call<'_>) -> Outcome<Answer> {
    let role = call.word("permission", Role::parse)?.unwrap_or(Role::Write);
    set_collaborator(call, role)
}

fn remove_collaborator(call: &mut Call<'_>) -> Outcome<Answer> {
    set_collaborator(call, Role::None)
}

fn set_collaborator(call: &mut Call<'_>, role: Role) -> Outcome<Answer> {
    let (actor, repo) = (call.actor()?, call.repo_id()?);
    let user = call.account(call.param("username"))?;
    repos::set_collaborator(call.world, &actor, repo, user, role)?;
    nothing()
}

/// The role of a person; on a public repository everybody reads.
fn permission(call: &mut Call<'_>) -> Outcome<Answer> {
    let repo = call.repository()?;
    // A stranger may not ask who works where.
    call.actor()?;
    let user = call.account(call.param("username"))?;
    let role = match call.world.role(repo.id, user) {
        Role::None if !repo.private => Role::Read,
        role @ (Role::None | Role::Read | Role::Triage | Role::Write | Role::Maintain | Role::Admin) => role,
    };
    ok(call.render().collaborator_permission(user, role))
}

fn assignees(call: &mut Call<'_>) -> Outcome<Answer> {
    let people = people(call)?;
    call.list(&people, |(user, _)| call.render().user(*user))
}

fn branches(call: &mut Call<'_>) -> Outcome<Answer> {
    let (repo, store) = (call.repository()?, call.store()?);
    let wanted = call.asked("protected").map(|text| text == "true");
    let heads: Vec<(String, Oid, bool)> = store
        .refs("refs/heads/")?
        .into_iter()
        .map(|(name, head)| {
            let branch = name.trim_start_matches("refs/heads/").to_owned();
            let protected = rules::rules_for(repo, &branch).protected;
            (branch, head, protected)
        })
        .filter(|(_, _, protected)| wanted.is_none_or(|wanted| wanted == *protected))
        .collect();
    call.list(&heads, |(branch, head, protected)| {
        call.render().short_branch(repo, branch, (*head, *protected))
    })
}

fn branch(call: &mut Call<'_>) -> Outcome<Answer> {
    let (repo, store) = (call.repository()?, call.store()?);
    let name = call.param("branch");
    let Some(head) = store.branch(name)? else {
        return Err(Refusal::new(404, "Branch not found"));
    };
    let commit = call.render().commit(repo, &store.commit(head)?);
    let protected = rules::rules_for(repo, name).protected;
    ok(call.render().branch(repo, name, (&commit, protected)))
}

/// The active rules of a branch, which need not exist.
fn branch_rules(call: &mut Call<'_>) -> Outcome<Answer> {
    let repo = call.repository()?;
    rules::readable(call.world, repo.id)?;
    let active: Vec<(&Ruleset, &Rule)> = rules::rulesets_for(repo, call.param("branch"))
        .flat_map(|ruleset| ruleset.rules.iter().map(move |rule| (ruleset, rule)))
        .collect();
    call.list(&active, |(ruleset, rule)| call.render().rule(repo, ruleset, rule))
}
