//! The world as it is at the start: an organisation, people, the App, one repository with a little history.
//!
//! Invariant: everything is done by the same operations that people and Apps use, under a clock that is set back; only its
//! webhooks are never sent. The same start gives the same ids.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::clock::{ManualClock, Millis};
use crate::sim::git::Git;
use crate::sim::keys::app_key;
use crate::sim::ops::{Outcome, issues, repos};
use crate::sim::world::{
    ACTIONS_SLUG, Account, AccountKind, Actor, App, AppId, HELPER_SLUG, Installation, InstallationId, Level, Permissions, RepoId,
    Role, UserId, World,
};
use crate::sim::{SimError, SimOptions};

mod history;

/// Owner of everything that is seeded.
pub const ORGANISATION: &str = "acme";
/// Name of the seeded repository.
pub const REPOSITORY: &str = "todo";
/// Slug of the seeded App.
pub const APP_SLUG: &str = "millhand";
/// Client id of the seeded App.
pub const CLIENT_ID: &str = "Iv23liMILLHANDSIM001";
/// Title of issue 1.
pub const ISSUE_TITLE: &str = "Let todo read, rank and list its items";
/// Body of issue 1.
pub const ISSUE_BODY: &str = "\
`todo` knows a single item so far. Let it work with a whole list, each part in a file of its own with its tests:

- Parse a line: `[x] (A) buy milk` is an item that is done, of priority A, with the text `buy milk`; mark and priority may be missing. A line without text is refused, with the reason.
- Rank items: what is open comes before what is done, then by priority from A to Z with none last, then in the order given.
- List items: read many lines, rank them and print them numbered; a line that cannot be read is named by its number. (after 1, 2)

Only the standard library, please.
";

/// Number of the App that stands for GitHub Actions, as on github.com.
const ACTIONS_APP: AppId = AppId(15_368);
/// Number of the App whose bot `helper[bot]` is, and of its installation: a CI beside Actions.
pub const HELPER_APP: AppId = AppId(29_110);
const HELPER_INSTALLATION: InstallationId = InstallationId(29_111);
/// Numbers begin behind this one, so that ids are told from issue numbers at a glance.
const FIRST_ID: u64 = 1000;
/// How long ago the organisation began.
const FIRST_DAY: Duration = Duration::from_secs(10 * 24 * 3600);

/// People: login, role in the organisation's repositories, kind, token.
const PEOPLE: [(&str, Role, AccountKind, &str); 6] = [
    ("maintainer", Role::Admin, AccountKind::User, "sim-maintainer"),
    ("reviewer", Role::Write, AccountKind::User, "sim-reviewer"),
    ("triager", Role::Triage, AccountKind::User, "sim-triager"),
    ("reader", Role::Read, AccountKind::User, "sim-reader"),
    ("outsider", Role::None, AccountKind::User, "sim-outsider"),
    ("helper[bot]", Role::Write, AccountKind::Bot, "sim-bot"),
];

/// What the App may do: the core set, without anything optional.
const APP_PERMISSIONS: [(&str, Level); 8] = [
    ("metadata", Level::Read),
    ("contents", Level::Write),
    ("issues", Level::Write),
    ("pull_requests", Level::Write),
    ("checks", Level::Write),
    ("actions", Level::Write),
    ("statuses", Level::Read),
    ("merge_queues", Level::Read),
];

/// What the App hears of.
const APP_EVENTS: [&str; 13] = [
    "issues",
    "issue_comment",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "check_run",
    "check_suite",
    "workflow_run",
    "status",
    "push",
    "repository",
    "merge_group",
];

/// The seeded world.
pub(in crate::sim) fn world(options: SimOptions) -> Result<World, SimError> {
    let past = Arc::new(ManualClock::new(Millis(
        options.clock.now().0.saturating_sub(millis(FIRST_DAY)).max(0),
    )));
    let clock = options.clock;
    let mut world = World {
        accounts: BTreeMap::new(),
        apps: BTreeMap::new(),
        installations: BTreeMap::new(),
        tokens: BTreeMap::new(),
        repositories: BTreeMap::new(),
        renamed: BTreeMap::new(),
        journal: Vec::new(),
        deliveries: BTreeMap::new(),
        outbox: BTreeSet::new(),
        agenda: BTreeMap::new(),
        webhook_switches: Vec::new(),
        fault_switches: Vec::new(),
        ci_scripts: Vec::new(),
        ci_queue: VecDeque::new(),
        ci: crate::sim::ci::State::default(),
        notices: Vec::new(),
        base_url: options.base_url,
        webhook_secret: options.webhook_secret,
        renderer: crate::sim::render::webhook,
        git: Git::new(options.data_dir),
        clock: Arc::clone(&past) as Arc<_>,
        entropy: options.entropy,
        clock_ahead: Duration::ZERO,
        last_id: FIRST_ID,
    };
    let owner = account(&mut world, ORGANISATION, AccountKind::Organization, None);
    for (login, role, kind, token) in PEOPLE {
        let id = account(&mut world, login, kind, Some(token));
        if let Some(owner) = world.accounts.get_mut(&owner).filter(|_| role != Role::None) {
            owner.team.insert(id, role);
        }
    }
    apps(&mut world, owner)?;
    let repo = repository(&mut world, owner).map_err(|refusal| SimError::Seed(refusal.to_string()))?;
    history::write(&mut world, repo, &past).map_err(|refusal| SimError::Seed(refusal.to_string()))?;
    forget_the_noise(&mut world);
    world.clock = clock;
    Ok(world)
}

/// A person of the seed.
pub(in crate::sim) fn person(world: &World, login: &str) -> Actor {
    Actor::User(world.account_named(login).map_or(UserId(0), |account| account.id))
}

fn account(world: &mut World, login: &str, kind: AccountKind, token: Option<&str>) -> UserId {
    let (id, created_at): (UserId, _) = (world.fresh(), world.now());
    let token = token.map(SecretString::from);
    world.accounts.insert(
        id,
        Account {
            id,
            login: login.to_owned(),
            kind,
            token,
            team: BTreeMap::new(),
            created_at,
        },
    );
    id
}

fn apps(world: &mut World, owner: UserId) -> Result<(), SimError> {
    let key = app_key()?;
    let bot = account(world, &format!("{APP_SLUG}[bot]"), AccountKind::Bot, None);
    let created_at = world.now();
    let millhand = App {
        id: world.fresh(),
        slug: APP_SLUG.to_owned(),
        name: "Millhand".to_owned(),
        client_id: CLIENT_ID.to_owned(),
        owner,
        bot,
        permissions: Permissions::of(&APP_PERMISSIONS),
        events: APP_EVENTS.iter().map(|event| (*event).to_owned()).collect(),
        public_key_der: key.public_der,
        private_key_pem: Some(key.private_pem),
        hooked: false,
        created_at,
    };
    let actions_bot = account(world, &format!("{ACTIONS_SLUG}[bot]"), AccountKind::Bot, None);
    let actions = App {
        id: ACTIONS_APP,
        slug: ACTIONS_SLUG.to_owned(),
        name: "GitHub Actions".to_owned(),
        client_id: "Iv1.05c79e9ad1f6bdfa".to_owned(),
        owner,
        bot: actions_bot,
        permissions: Permissions::of(&[
            ("metadata", Level::Read),
            ("contents", Level::Write),
            ("checks", Level::Write),
        ]),
        events: BTreeSet::new(),
        public_key_der: Vec::new(),
        private_key_pem: None,
        hooked: false,
        created_at,
    };
    let ids = [world.fresh(), world.fresh(), HELPER_INSTALLATION];
    for (app, id) in [millhand, actions, helper(world, owner)].into_iter().zip(ids) {
        let installation = Installation {
            id,
            app: app.id,
            account: owner,
            permissions: app.permissions.clone(),
            repositories: None,
            suspended: None,
            created_at,
            updated_at: created_at,
        };
        world.installations.insert(installation.id, installation);
        world.apps.insert(app.id, app);
    }
    Ok(())
}

/// It acts by its bot's standing token, which counts as one of its installation where GitHub asks for an App.
fn helper(world: &World, owner: UserId) -> App {
    App {
        id: HELPER_APP,
        slug: HELPER_SLUG.to_owned(),
        name: "Helper".to_owned(),
        client_id: "Iv1.2b7d1c0a9e8f4d63".to_owned(),
        owner,
        bot: person(world, "helper[bot]").user(),
        permissions: Permissions::of(&[
            ("metadata", Level::Read),
            ("contents", Level::Write),
            ("checks", Level::Write),
            ("statuses", Level::Write),
        ]),
        events: BTreeSet::new(),
        public_key_der: Vec::new(),
        private_key_pem: None,
        hooked: false,
        created_at: world.now(),
    }
}

fn repository(world: &mut World, owner: UserId) -> Outcome<RepoId> {
    let maintainer = person(world, "maintainer");
    let files = history::FIRST_FILES.map(|(path, content)| (path.to_owned(), content.to_owned()));
    let new = repos::NewRepository {
        owner,
        name: REPOSITORY.to_owned(),
        private: false,
        files: BTreeMap::from(files),
        creator: maintainer.user(),
    };
    let repo = repos::create(world, new)?;
    let description = Some("A todo list in plain Rust".to_owned());
    repos::edit(
        world,
        &maintainer,
        repo,
        repos::RepoEdit {
            description,
            ..Default::default()
        },
    )?;
    let issue = issues::NewIssue {
        title: ISSUE_TITLE.to_owned(),
        body: Some(ISSUE_BODY.to_owned()),
        ..Default::default()
    };
    issues::create(world, &maintainer, repo, issue)?;
    Ok(repo)
}

/// The past sends no webhooks, starts no CI and counts for nothing.
fn forget_the_noise(world: &mut World) {
    world.deliveries.clear();
    world.outbox.clear();
    world.agenda.clear();
    world.ci_queue.clear();
    world.notices.clear();
    for app in world.apps.values_mut() {
        app.hooked = app.slug == APP_SLUG;
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
