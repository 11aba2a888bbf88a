//! Repositories: made, renamed, moved, archived, deleted; who works in them; their rules.
//!
//! Invariant: the folder on disk always carries the repository's name of now; old names lead to it until they are taken again.

use std::collections::BTreeMap;

use crate::sim::deliver::{emit, emit_installation};
use crate::sim::git::{EntryMode, NewCommit, TreeEdit};
use crate::sim::ops::auth::{self, ADMIN, Need};
use crate::sim::ops::{Actor, Outcome, Refusal, data, mergeability, repository, repository_mut};
use crate::sim::world::event::RepositoryAction;
use crate::sim::world::{
    CommitNote, EventKind, InstallationId, Label, Level, RepoId, RepoSettings, Repository, Role, Rule, Ruleset, UserId, World,
};

/// Default branch of new repositories.
const DEFAULT_BRANCH: &str = "main";
/// Unarchive and delete: what an archived repository still allows its administrators.
const ADMIN_OF_ARCHIVED: Need = ADMIN;
/// Labels that GitHub gives every new repository: name, colour, description.
const LABELS: [(&str, &str, &str); 9] = [
    ("bug", "d73a4a", "Something isn't working"),
    ("documentation", "0075ca", "Improvements or additions to documentation"),
    ("duplicate", "cfd3d7", "This issue or pull request already exists"),
    ("enhancement", "a2eeef", "New feature or request"),
    ("good first issue", "7057ff", "Good for newcomers"),
    ("help wanted", "008672", "Extra attention is needed"),
    ("invalid", "e4e669", "This doesn't seem right"),
    ("question", "d876e3", "Further information is requested"),
    ("wontfix", "ffffff", "This will not be worked on"),
];

/// A repository to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRepository {
    /// Owner.
    pub owner: UserId,
    /// Name.
    pub name: String,
    /// Private.
    pub private: bool,
    /// Files of the first commit; none leaves it empty. A file whose content begins with `#!` is executable.
    pub files: BTreeMap<String, String>,
    /// Who makes it, and becomes its administrator.
    pub creator: UserId,
}

/// What is changed; `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepoEdit {
    /// Name.
    pub name: Option<String>,
    /// One line about it.
    pub description: Option<String>,
    /// Private.
    pub private: Option<bool>,
    /// Archived.
    pub archived: Option<bool>,
    /// Default branch.
    pub default_branch: Option<String>,
    /// Issues switched on.
    pub has_issues: Option<bool>,
    /// Merge commits allowed.
    pub allow_merge_commit: Option<bool>,
    /// Squash merges allowed.
    pub allow_squash_merge: Option<bool>,
    /// Rebase merges allowed.
    pub allow_rebase_merge: Option<bool>,
    /// Auto-merge allowed.
    pub allow_auto_merge: Option<bool>,
    /// Head branches are deleted after a merge.
    pub delete_branch_on_merge: Option<bool>,
}

/// Makes a repository, with its first commit.
///
/// # Errors
/// 422 when the name is taken or malformed.
pub fn create(world: &mut World, new: NewRepository) -> Outcome<RepoId> {
    let owner = world.login(new.owner).to_owned();
    check_name(world, &owner, &new.name)?;
    let full_name = format!("{owner}/{}", new.name);
    world.renamed.remove(&full_name.to_lowercase());
    let store = world.git.init(&full_name, DEFAULT_BRANCH)?;
    let (id, now): (RepoId, _) = (world.fresh(), world.now());
    let labels = LABELS.map(|(name, color, description)| {
        let id = world.fresh();
        let (name, color, description) = (name.to_owned(), color.to_owned(), Some(description.to_owned()));
        (
            id,
            Label {
                id,
                name,
                color,
                description,
                default: true,
            },
        )
    });
    let mut made = Repository {
        id,
        owner: new.owner,
        name: new.name,
        description: None,
        private: new.private,
        archived: false,
        default_branch: DEFAULT_BRANCH.to_owned(),
        settings: RepoSettings::default(),
        collaborators: BTreeMap::from([(new.creator, Role::Admin)]),
        labels: BTreeMap::from(labels),
        rulesets: Vec::new(),
        protections: BTreeMap::new(),
        issues: BTreeMap::new(),
        next_number: 1,
        comments: BTreeMap::new(),
        reviews: BTreeMap::new(),
        review_comments: BTreeMap::new(),
        threads: BTreeMap::new(),
        suites: BTreeMap::new(),
        check_runs: BTreeMap::new(),
        statuses: BTreeMap::new(),
        workflows: BTreeMap::new(),
        runs: BTreeMap::new(),
        jobs: BTreeMap::new(),
        commits: BTreeMap::new(),
        created_at: now,
        updated_at: now,
        pushed_at: now,
    };
    if !new.files.is_empty() {
        let mut edits = Vec::new();
        for (path, content) in new.files {
            let mode = if content.starts_with("#!") {
                EntryMode::Executable
            } else {
                EntryMode::File
            };
            edits.push(TreeEdit::Put {
                path,
                mode,
                oid: store.write_blob(content.as_bytes())?,
            });
        }
        let tree = store.edit_tree(None, &edits)?;
        let author = data::ident(world, new.creator);
        let first = NewCommit {
            tree,
            parents: Vec::new(),
            author: author.clone(),
            committer: author,
            message: "Initial commit".to_owned(),
        };
        let oid = store.write_commit(&first)?;
        store.set_ref(&format!("refs/heads/{DEFAULT_BRANCH}"), None, Some(oid))?;
        made.commits.insert(
            oid,
            CommitNote {
                author: Some(new.creator),
                committer: Some(new.creator),
                verified: false,
            },
        );
    }
    world.repositories.insert(id, made);
    announce(world, id, new.creator);
    Ok(id)
}

/// Changes a repository.
///
/// # Errors
/// 403 for all but administrators, 422 for a taken name or an unknown branch.
pub fn edit(world: &mut World, actor: &Actor, repo: RepoId, edit: RepoEdit) -> Outcome<()> {
    require_admin(world, actor, repo)?;
    if let Some(name) = edit.name {
        rename(world, actor, repo, &name)?;
    }
    if let Some(private) = edit.private {
        set_private(world, actor, repo, private)?;
    }
    if let Some(branch) = edit.default_branch {
        set_default_branch(world, actor, repo, branch)?;
    }
    let found = repository_mut(world, repo)?;
    found.description = edit.description.or_else(|| found.description.take());
    let settings = &mut found.settings;
    for (to, from) in [
        (&mut settings.has_issues, edit.has_issues),
        (&mut settings.allow_merge_commit, edit.allow_merge_commit),
        (&mut settings.allow_squash_merge, edit.allow_squash_merge),
        (&mut settings.allow_rebase_merge, edit.allow_rebase_merge),
        (&mut settings.allow_auto_merge, edit.allow_auto_merge),
        (&mut settings.delete_branch_on_merge, edit.delete_branch_on_merge),
    ] {
        *to = from.unwrap_or(*to);
    }
    match edit.archived {
        Some(archived) => archive(world, actor, repo, archived),
        None => Ok(()),
    }
}

/// Renames a repository; the old name leads to the new one.
///
/// # Errors
/// 403, 422 when the name is taken or malformed.
pub fn rename(world: &mut World, actor: &Actor, repo: RepoId, name: &str) -> Outcome<()> {
    require_admin(world, actor, repo)?;
    let found = repository(world, repo)?;
    let (from, owner) = (found.name.clone(), world.login(found.owner).to_owned());
    if from == name {
        return Ok(());
    }
    if !from.eq_ignore_ascii_case(name) {
        check_name(world, &owner, name)?;
    }
    move_to(world, repo, &format!("{owner}/{name}"))?;
    name.clone_into(&mut repository_mut(world, repo)?.name);
    emit(
        world,
        repo,
        actor.user(),
        EventKind::Repository {
            action: RepositoryAction::Renamed { from },
        },
    );
    Ok(())
}

/// Moves a repository to another owner. Only the new owner's installations hear of it; the old ones lose it.
///
/// # Errors
/// 403, 422 when the name is taken there.
pub fn transfer(world: &mut World, actor: &Actor, repo: RepoId, to: UserId) -> Outcome<()> {
    require_admin(world, actor, repo)?;
    let found = repository(world, repo)?;
    let (from, name) = (found.owner, found.name.clone());
    let owner = world.login(to).to_owned();
    check_name(world, &owner, &name)?;
    let losing = reaching(world, repo);
    for installation in &losing {
        emit_installation(
            world,
            *installation,
            actor.user(),
            EventKind::InstallationRepositories {
                added: Vec::new(),
                removed: vec![repo],
            },
        );
    }
    move_to(world, repo, &format!("{owner}/{name}"))?;
    repository_mut(world, repo)?.owner = to;
    emit(
        world,
        repo,
        actor.user(),
        EventKind::Repository {
            action: RepositoryAction::Transferred { from },
        },
    );
    Ok(())
}

/// Archives a repository, or takes it out of the archive.
///
/// # Errors
/// 403.
pub fn archive(world: &mut World, actor: &Actor, repo: RepoId, archived: bool) -> Outcome<()> {
    require_admin(world, actor, repo)?;
    let found = repository_mut(world, repo)?;
    if std::mem::replace(&mut found.archived, archived) != archived {
        let action = if archived {
            RepositoryAction::Archived
        } else {
            RepositoryAction::Unarchived
        };
        emit(world, repo, actor.user(), EventKind::Repository { action });
    }
    Ok(())
}

/// Makes a repository private or public.
///
/// # Errors
/// 403.
pub fn set_private(world: &mut World, actor: &Actor, repo: RepoId, private: bool) -> Outcome<()> {
    require_admin(world, actor, repo)?;
    let found = repository_mut(world, repo)?;
    if std::mem::replace(&mut found.private, private) != private {
        let action = if private {
            RepositoryAction::Privatized
        } else {
            RepositoryAction::Publicized
        };
        emit(world, repo, actor.user(), EventKind::Repository { action });
    }
    Ok(())
}

/// Deletes a repository with everything in it.
///
/// # Errors
/// 403.
pub fn delete(world: &mut World, actor: &Actor, repo: RepoId) -> Outcome<()> {
    require_admin(world, actor, repo)?;
    emit(
        world,
        repo,
        actor.user(),
        EventKind::Repository {
            action: RepositoryAction::Deleted,
        },
    );
    let full_name = world.full_name(repo);
    world.git.remove(&full_name)?;
    world.repositories.remove(&repo);
    world.renamed.retain(|_, leads_to| *leads_to != repo);
    Ok(())
}

/// Gives an account a role; [`Role::None`] takes it away.
///
/// # Errors
/// 403 for all but administrators.
pub fn set_collaborator(world: &mut World, actor: &Actor, repo: RepoId, user: UserId, role: Role) -> Outcome<()> {
    auth::require(world, actor, repo, ADMIN)?;
    let found = repository_mut(world, repo)?;
    if role == Role::None {
        found.collaborators.remove(&user);
    } else {
        found.collaborators.insert(user, role);
    }
    Ok(())
}

/// Puts one ruleset on a branch, in place of the one put there before; no rules take it away.
///
/// # Errors
/// 404.
pub fn set_rules(world: &mut World, repo: RepoId, branch: &str, rules: Vec<Rule>) -> Outcome<()> {
    let id = world.fresh();
    let found = repository_mut(world, repo)?;
    let include = vec![if branch.starts_with('~') || branch.starts_with("refs/") {
        branch.to_owned()
    } else {
        format!("refs/heads/{branch}")
    }];
    found.rulesets.retain(|ruleset| ruleset.include != include);
    if !rules.is_empty() {
        let name = format!("Rules of {branch}");
        found.rulesets.push(Ruleset {
            id,
            name,
            include,
            exclude: Vec::new(),
            rules,
            bypass: Vec::new(),
            active: true,
        });
    }
    Ok(())
}

fn set_default_branch(world: &mut World, actor: &Actor, repo: RepoId, branch: String) -> Outcome<()> {
    if world.store(repo)?.branch(&branch)?.is_none() {
        return Err(Refusal::new(
            422,
            format!("The branch {branch} was not found. Please push that ref first or create it via the Git Data API."),
        ));
    }
    world.git.set_head(&world.full_name(repo), &branch)?;
    let from = std::mem::replace(&mut repository_mut(world, repo)?.default_branch, branch);
    emit(
        world,
        repo,
        actor.user(),
        EventKind::Repository {
            action: RepositoryAction::DefaultBranchChanged { from },
        },
    );
    let open: Vec<u64> = repository(world, repo)?.open_pulls().map(|(issue, _)| issue.number).collect();
    for number in open {
        mergeability::forget(world, repo, number);
    }
    Ok(())
}

/// Administrators of archived repositories may still change, rename and delete them.
fn require_admin(world: &World, actor: &Actor, repo: RepoId) -> Outcome<()> {
    let found = repository(world, repo)?;
    match actor {
        Actor::User(user) if found.archived && world.role(repo, *user) == Role::Admin => Ok(()),
        Actor::App(app) if found.archived && app.permissions.allows("administration", Level::Write) => Ok(()),
        Actor::User(_) | Actor::App(_) => auth::require(world, actor, repo, ADMIN_OF_ARCHIVED),
    }
}

fn check_name(world: &World, owner: &str, name: &str) -> Outcome<()> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let malformed =
        name.is_empty() || name.len() > 100 || matches!(name, "." | "..") || name.ends_with(".git") || !name.bytes().all(good);
    if malformed {
        return Err(Refusal::invalid("Repository", "name", "invalid"));
    }
    let there = |repo: &&Repository| repo.name.eq_ignore_ascii_case(name) && world.login(repo.owner).eq_ignore_ascii_case(owner);
    if world.repositories.values().any(|repo| there(&repo)) {
        return Err(Refusal::custom("Repository", "name already exists on this account"));
    }
    Ok(())
}

fn move_to(world: &mut World, repo: RepoId, to: &str) -> Outcome<()> {
    let from = world.full_name(repo);
    world.git.rename(&from, to)?;
    world.renamed.insert(from.to_lowercase(), repo);
    world.renamed.remove(&to.to_lowercase());
    Ok(())
}

fn reaching(world: &World, repo: RepoId) -> Vec<InstallationId> {
    let apps = world.apps.keys().filter_map(|app| world.installation_for(*app, repo));
    apps.map(|installation| installation.id).collect()
}

/// Tells of a new repository: `installation_repositories` first, also to installations on all repositories.
fn announce(world: &mut World, repo: RepoId, creator: UserId) {
    for installation in reaching(world, repo) {
        emit_installation(
            world,
            installation,
            creator,
            EventKind::InstallationRepositories {
                added: vec![repo],
                removed: Vec::new(),
            },
        );
    }
    emit(
        world,
        repo,
        creator,
        EventKind::Repository {
            action: RepositoryAction::Created,
        },
    );
}
