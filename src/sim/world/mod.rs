//! The world of the simulated GitHub: plain data behind one lock.
//!
//! Invariant: operations (`sim::ops`) change it, everything else reads; all maps are ordered and ids are given in order, so
//! the same acts make the same world.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;

pub mod account;
pub mod actions;
pub mod actor;
pub mod checks;
pub mod event;
pub mod ids;
pub mod issue;
pub mod pull;
pub mod repository;
pub mod review;
pub mod rules;
pub mod talk;
pub mod timeline;
pub mod traffic;

pub use account::{Account, AccountKind, App, Installation, InstallationToken, Level, Permissions, Role};
pub use actions::{Job, Step, Workflow, WorkflowRun};
pub use actor::{Actor, AppActor};
pub use checks::{
    Annotation, AnnotationLevel, CheckAction, CheckOutput, CheckRun, CheckStatus, CheckSuite, CommitStatus, Conclusion,
    StatusState,
};
pub use event::{Event, EventKind};
pub use ids::{
    AppId, CheckRunId, CommentId, DeliveryId, InstallationId, IssueId, LabelId, NodeRef, PullId, ReactionId, RepoId,
    ReviewCommentId, ReviewId, RulesetId, RunId, StatusId, SuiteId, ThreadId, TimelineId, UserId, WorkflowId,
};
pub use issue::{Edit, Issue, IssueState, StateReason};
pub use pull::{AutoMerge, MergeMethod, MergeState, Mergeability, Merged, PullRequest};
pub use repository::{CommitNote, Label, RepoSettings, Repository};
pub use review::{Review, ReviewComment, ReviewEvent, ReviewState, Side, Thread};
pub use rules::{BranchRules, Protection, RequiredCheck, Rule, Ruleset};
pub use talk::{Comment, Reaction, ReactionContent};
pub use timeline::{Closer, TimelineEvent, TimelineKind};
pub use traffic::{
    Chore, CiScript, CiTrigger, Delivery, DeliveryOutcome, Fault, FaultKind, FaultSwitch, JournalEntry, Notice, NoticeCount,
    NoticeKind, WebhookSwitch,
};

use crate::clock::{Clock, Entropy, Millis};
use crate::sim::git::{Git, GitError, Store};

/// Slug of the App that stands for GitHub Actions.
pub const ACTIONS_SLUG: &str = "github-actions";
/// Slug of the App whose bot `helper[bot]` is: a CI beside Actions.
pub const HELPER_SLUG: &str = "helper";

/// Writes an event as the JSON that is sent. Given, so that operations need not know the renderer.
pub type Renderer = fn(&World, &Event) -> Value;

/// Everything the simulated GitHub knows, but for git objects and refs, which are on disk.
#[derive(Clone, Debug)]
pub struct World {
    /// Accounts.
    pub accounts: BTreeMap<UserId, Account>,
    /// Apps.
    pub apps: BTreeMap<AppId, App>,
    /// Installations.
    pub installations: BTreeMap<InstallationId, Installation>,
    /// Minted installation tokens by SHA-256.
    pub tokens: BTreeMap<[u8; 32], InstallationToken>,
    /// Repositories.
    pub repositories: BTreeMap<RepoId, Repository>,
    /// Old full names in lower case and where they lead.
    pub renamed: BTreeMap<String, RepoId>,
    /// Requests answered.
    pub journal: Vec<JournalEntry>,
    /// Webhooks, one row an attempt.
    pub deliveries: BTreeMap<DeliveryId, Delivery>,
    /// Webhooks not sent yet, in the order of sending: when, place, which.
    pub outbox: BTreeSet<(Millis, u64, DeliveryId)>,
    /// What GitHub does later by itself, by time and order of planning.
    pub agenda: BTreeMap<(Millis, u64), Chore>,
    /// Switches on webhooks.
    pub webhook_switches: Vec<WebhookSwitch>,
    /// Switches on requests.
    pub fault_switches: Vec<FaultSwitch>,
    /// What CI is told to do.
    pub ci_scripts: Vec<CiScript>,
    /// What CI has not looked at yet.
    pub ci_queue: VecDeque<CiTrigger>,
    /// What CI has begun.
    pub(in crate::sim) ci: crate::sim::ci::State,
    /// Acts that others notice.
    pub notices: Vec<Notice>,
    /// Where everything is, as in `http://127.0.0.1:3000`.
    pub base_url: String,
    /// Signs webhooks.
    pub webhook_secret: SecretString,
    /// Writes events.
    pub renderer: Renderer,
    /// Repositories on disk.
    pub git: Git,
    /// The time, moved by `POST /_sim/clock`.
    pub(in crate::sim) clock: Arc<dyn Clock>,
    /// Randomness.
    pub(in crate::sim) entropy: Arc<dyn Entropy>,
    /// How much later than the clock it is here.
    pub(in crate::sim) clock_ahead: Duration,
    /// Last number given.
    pub(in crate::sim) last_id: u64,
}

impl World {
    /// The time here.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.clock.now().plus(self.clock_ahead)
    }

    /// A fresh number for anything that needs one. Numbers grow and are never used twice, whatever they are for.
    pub fn fresh<T: From<u64>>(&mut self) -> T {
        self.last_id += 1;
        T::from(self.last_id)
    }

    /// Randomness.
    #[must_use]
    pub fn entropy(&self) -> &dyn Entropy {
        self.entropy.as_ref()
    }

    /// The account with this login; case does not matter.
    #[must_use]
    pub fn account_named(&self, login: &str) -> Option<&Account> {
        self.accounts
            .values()
            .find(|account| account.login.eq_ignore_ascii_case(login))
    }

    /// The account's login; `ghost` when it is gone.
    #[must_use]
    pub fn login(&self, id: UserId) -> &str {
        self.accounts.get(&id).map_or("ghost", |account| &account.login)
    }

    /// The App with this slug.
    #[must_use]
    pub fn app_named(&self, slug: &str) -> Option<&App> {
        self.apps.values().find(|app| app.slug == slug)
    }

    /// The App whose bot this is.
    #[must_use]
    pub fn app_of_bot(&self, bot: UserId) -> Option<&App> {
        self.apps.values().find(|app| app.bot == bot)
    }

    /// The repository `owner/name`, old names followed; case does not matter.
    #[must_use]
    pub fn repository_named(&self, owner: &str, name: &str) -> Option<&Repository> {
        self.repositories
            .values()
            .find(|repo| repo.name.eq_ignore_ascii_case(name) && self.login(repo.owner).eq_ignore_ascii_case(owner))
            .or_else(|| {
                self.repositories
                    .get(self.renamed.get(&format!("{owner}/{name}").to_lowercase())?)
            })
    }

    /// `owner/name`.
    #[must_use]
    pub fn full_name(&self, repo: RepoId) -> String {
        self.repositories
            .get(&repo)
            .map_or_else(String::new, |repo| format!("{}/{}", self.login(repo.owner), repo.name))
    }

    /// The role of an account in a repository; the owner and the organisation's administrators are collaborators by seed.
    #[must_use]
    pub fn role(&self, repo: RepoId, user: UserId) -> Role {
        let Some(repo) = self.repositories.get(&repo) else {
            return Role::None;
        };
        if repo.owner == user {
            Role::Admin
        } else {
            repo.collaborators.get(&user).copied().unwrap_or(Role::None)
        }
    }

    /// The repository's git store on disk.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn store(&self, repo: RepoId) -> Result<Store, GitError> {
        self.git.open(&self.full_name(repo))
    }

    /// The installation of `app` that reaches `repo`.
    #[must_use]
    pub fn installation_for(&self, app: AppId, repo: RepoId) -> Option<&Installation> {
        let owner = self.repositories.get(&repo)?.owner;
        self.installations
            .values()
            .find(|i| i.app == app && i.account == owner && i.repositories.as_ref().is_none_or(|list| list.contains(&repo)))
    }
}
