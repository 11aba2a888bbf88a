//! The App's side of GitHub: transport, credentials, pace, every call the engine orders, and what webhooks say.
//!
//! A call is one method of [`Github`] with a typed input and outcome. Calls that change something take an [`Attempt`]: the
//! first acts at once, any later one looks what is there, does only what is missing, and reports the same as the first
//! would have. Whatever is posted is a [`render::Rendered`], so nothing reaches people that did not pass the one renderer.
//!
//! Invariant: knows nothing of workflows, store or engine; nothing is sent twice unasked, and no error hides what GitHub
//! said.

mod api;
mod auth;
mod branch;
mod checks;
mod ci;
mod classify;
mod comments;
mod commit;
mod compare;
mod configuration;
mod deletion;
mod deliveries;
mod discovery;
mod documents;
mod endpoints;
mod error;
mod generate;
mod graphql;
mod installations;
mod issue;
mod logs;
mod phase;
mod pull_state;
mod pulls;
pub mod render;
mod request;
mod resolve;
mod review;
mod rules;
mod sides;
mod survey;
mod take_out;
mod three_way;
mod types;
pub mod webhook;
mod wire;
pub mod workflows;

use std::fmt;
use std::sync::Arc;

use octocrab::{AuthState, Octocrab, OctocrabBuilder};

pub use auth::{Access, App, KeyError};
pub use branch::{BranchAt, Merged};
pub use checks::{Annotation, AnnotationLevel, Button, CheckReport, Conclusion, OwnCheck};
pub use ci::{FoundAnnotation, Job};
pub use comments::{Minimise, Posted, Reaction};
pub use commit::{Change, Changes, Content, Message, NewCommit};
pub use compare::{CommitSummary, Comparison, FileDiff};
pub use configuration::{ConfigurationFile, FileContent};
pub use deletion::Deletion;
pub use deliveries::FailedDelivery;
pub use discovery::{CommentStub, Conditional, IssueStub};
pub use documents::documents;
pub use endpoints::{EndpointError, Endpoints};
pub use error::{Conflict, Denial, Error, MESSAGE_CHARS};
pub use generate::NewIssue;
pub use graphql::Outcome;
pub use installations::{Installation, Permission, Permitted};
pub use issue::{BranchState, ClosingPull, Comment, Issue, IssueEvent, IssueEventKind, WorkflowQuestion, WorkflowState};
pub use logs::LogTail;
pub use phase::{
    Merge, MergeMethod, Merging, NewPull, Opened, Opening, Present, PresentCheck, Presented, Push, Pushed, Route, StatusRide,
};
pub use pull_state::{
    Check, CheckSource, MergeState, Mergeable, PullEvent, PullLife, PullState, Review, ReviewState, Suite, Thread, ThreadComment,
};
pub use pulls::{PullEdit, PullFound};
pub use request::{RequestKind, RequestNote};
pub use resolve::Resolution;
pub use review::{Answered, ReviewAnswer};
pub use rules::{RequiredCheck, Rules};
pub use sides::{Clash, Sides, Texts, Together};
pub use survey::{Entry, EntryKind, FileText, MergeSettings, RecentPull, Survey, Tree};
pub use take_out::{TakeOut, TakenOut};
pub use types::{Actor, ActorKind, Attempt, Identity, InstallationId, NodeId, PullRef, Repo, RepositoryId, Sha};
pub use wire::{REQUEST_TIMEOUT, Wire, WireError};

use crate::clock::{Clock, Entropy};

/// Told about every exchange with GitHub, after it ended.
pub type Observer = Arc<dyn Fn(&RequestNote<'_>) + Send + Sync>;

/// GitHub, as one App sees it. Cheap to clone; clones share connections and tokens.
///
/// A handle belongs to the runtime it was made on: octocrab keeps a task there.
#[derive(Clone)]
pub struct Github {
    inner: Arc<Inner>,
    observer: Observer,
    /// Only looks: whatever would change something is refused before it is sent.
    looks: bool,
}

/// What a [`Github`] is made of.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where GitHub is.
    pub endpoints: Endpoints,
    /// The way there.
    pub wire: Wire,
    /// The App's credentials.
    pub app: App,
    /// Decides when tokens and waits are over.
    pub clock: Arc<dyn Clock>,
    /// Spreads waits.
    pub entropy: Arc<dyn Entropy>,
}

struct Inner {
    endpoints: Endpoints,
    octocrab: Octocrab,
    app: App,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    tokens: auth::Tokens,
    identity: tokio::sync::OnceCell<Identity>,
}

impl Github {
    /// A handle; nothing is sent yet. Must be called on a Tokio runtime.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let built = OctocrabBuilder::new_empty()
            .with_service(wire::Carrier(setup.wire))
            .with_auth(AuthState::None)
            .build();
        let Ok(octocrab) = built;
        let inner = Inner {
            endpoints: setup.endpoints,
            octocrab,
            app: setup.app,
            clock: setup.clock,
            entropy: setup.entropy,
            tokens: auth::Tokens::default(),
            identity: tokio::sync::OnceCell::new(),
        };
        Self {
            inner: Arc::new(inner),
            observer: Arc::new(|_| ()),
            looks: false,
        }
    }

    /// The same handle with somebody else told about its exchanges: one workflow's counter, a test's gate.
    #[must_use]
    pub fn observed_by(&self, observer: Observer) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            observer,
            looks: self.looks,
        }
    }

    /// The same, but it changes nothing: what a second attempt does not find done ends in [`Error::Superseded`].
    #[must_use]
    pub fn looking(self) -> Self {
        Self { looks: true, ..self }
    }

    /// Who is told about exchanges now.
    #[must_use]
    pub fn observer(&self) -> Observer {
        Arc::clone(&self.observer)
    }

    /// Where GitHub is.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.inner.endpoints
    }

    /// Drops the tokens of an installation whose permissions changed, or that is suspended or gone.
    pub fn forget_tokens(&self, installation: InstallationId) {
        self.inner.tokens.forget(installation);
    }
}

impl fmt::Debug for Github {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Github")
            .field("endpoints", &self.inner.endpoints)
            .field("app", &self.inner.app)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod bench;
#[cfg(test)]
mod tests;
