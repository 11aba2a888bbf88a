//! Repositories: made, renamed, moved, archived, deleted; who works in them; their rules.
//!
//! Invariant: the folder on disk always carries the repository's name of now; old names lead to it until they are taken again.

use std::collections::BTreeMap;

use crate::sim::deliver::{emit, emit_installation};
use crate::sim::git::{EntryMode, NewCommit, Oid, Store, TreeEdit};
use crate::sim::ops::auth::{self, ADMIN};
use crate::sim::ops::{Actor, Outcome, Refusal, data, repository_mut};
use crate::sim::world::event::RepositoryAction;
use crate::sim::world::{
    CommitNote, EventKind, InstallationId, Label, RepoId, RepoSettings, Repository, Role, Rule, Ruleset, UserId, World,
};

pub use super::repo_settings::{RepoEdit, archive, delete, edit, rename, set_private, transfer};

/// Default branch of new repositories.
const DEFAULT_BRANCH: &str = "main";

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
    /// Who makes it, and becomes its administrator; others work in it as the owner's team says.
    pub creator: UserId,
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
    let creator = new.creator;
    let first = first_commit(world, &store, creator, &new.files)?;
    let mut made = empty(world, new);
    if let Some(oid) = first {
        let note = CommitNote {
            author: Some(creator),
            committer: Some(creator),
            verified: false,
        };
        made.commits.insert(oid, note);
    }
    let id = made.id;
    world.repositories.insert(id, made);
    announce(world, id, creator);
    Ok(id)
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

pub(super) fn check_name(world: &World, owner: &str, name: &str) -> Outcome<()> {
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

pub(super) fn reaching(world: &World, repo: RepoId) -> Vec<InstallationId> {
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

fn first_commit(world: &World, store: &Store, creator: UserId, files: &BTreeMap<String, String>) -> Outcome<Option<Oid>> {
    if files.is_empty() {
        return Ok(None);
    }
    let mut edits = Vec::new();
    for (path, content) in files {
        let mode = if content.starts_with("#!") {
            EntryMode::Executable
        } else {
            EntryMode::File
        };
        edits.push(TreeEdit::Put {
            path: path.clone(),
            mode,
            oid: store.write_blob(content.as_bytes())?,
        });
    }
    let tree = store.edit_tree(None, &edits)?;
    let author = data::ident(world, creator);
    let first = NewCommit {
        tree,
        parents: Vec::new(),
        author: author.clone(),
        committer: author,
        message: "Initial commit".to_owned(),
    };
    let oid = store.write_commit(&first)?;
    store.set_ref(&format!("refs/heads/{DEFAULT_BRANCH}"), None, Some(oid))?;
    Ok(Some(oid))
}

fn empty(world: &mut World, new: NewRepository) -> Repository {
    let (id, now): (RepoId, _) = (world.fresh(), world.now());
    let mut collaborators = world
        .accounts
        .get(&new.owner)
        .map(|owner| owner.team.clone())
        .unwrap_or_default();
    collaborators.insert(new.creator, Role::Admin);
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
    Repository {
        id,
        owner: new.owner,
        name: new.name,
        description: None,
        private: new.private,
        archived: false,
        default_branch: DEFAULT_BRANCH.to_owned(),
        settings: RepoSettings::default(),
        collaborators,
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
    }
}
