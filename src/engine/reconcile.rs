//! *reconcile*: what no webhook told is found by looking, from time to time.
//!
//! Every workflow orders its own reads; here is the sweep that finds new starts. It is a chain of effects: each one orders
//! the next, under a name made of the time it is due, so that two chains (after a restart, on two replicas) become one.
//!
//! Invariant: a label that was never delivered starts work all the same.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::job::{Job, StartHint};
use super::perform::{Ended, Performing, Trouble};
use super::{Engine, configuration, record, subject};
use crate::clock::Millis;
use crate::github::{Conditional, InstallationId};
use crate::store::{InstallationRow, NewDelivery, RepositoryRow, StoreError, WorkflowFilter, WorkflowRow};
use crate::workflow::fact::{Fact, Look};

/// How often the list of installations is read: webhooks tell at once, this heals what they missed.
const LIST_EVERY: Duration = Duration::from_secs(10 * 60);

/// Open workflows that are read at once.
const OPEN_PAGE: u32 = 100;

/// How far a sweep looks back beyond its last look, for clocks that differ and reads that lag.
const OVERLAP: Duration = Duration::from_secs(120);

/// Where a repository's sweep stands.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    /// When it was looked at last.
    since: Option<Millis>,
    /// ETags of the lists, by label and for the comments.
    etags: BTreeMap<String, String>,
}

/// Orders a look at all installations now.
pub(super) async fn order_discovery(engine: &Engine) -> Result<(), StoreError> {
    let now = engine.now();
    // What happened to open workflows while nobody was here.
    let look =
        |w: &WorkflowRow| record::fact_delivery(&w.subject, &format!("look:start:{}", now.0), &Fact::Look(Look::Issue), now);
    let open = open_workflows(engine).await?;
    engine.0.store.ingest(open.iter().map(look).collect()).await?;
    let list = Job::ListInstallations { due: now };
    let again = super::redelivery::first(now);
    for (job, name) in [(list, "list"), (again, "redeliver")] {
        engine
            .deliver(job.wanted_by(subject::SERVICE, &format!("{name}:start:{}", now.0), now))
            .await?;
    }
    Ok(())
}

/// All open workflows.
pub(super) async fn open_workflows(engine: &Engine) -> Result<Vec<WorkflowRow>, StoreError> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let filter = WorkflowFilter {
            open: true,
            before: before.take(),
            limit: OPEN_PAGE,
            ..WorkflowFilter::default()
        };
        let page = engine.0.store.workflows(filter).await?;
        let more = page.len() == OPEN_PAGE as usize;
        before = page.last().map(|last| last.id.clone()).filter(|_| more);
        all.extend(page);
        if before.is_none() {
            return Ok(all);
        }
    }
}

/// Lists installations and repositories, stores them, and orders each repository's sweep.
pub(super) async fn list_installations(p: &Performing<'_>) -> Result<Ended, Trouble> {
    let mut rows = Vec::new();
    let mut next: Vec<NewDelivery> = Vec::new();
    let now = p.engine.now();
    for installation in p.github.installations().await? {
        let suspended = installation.suspended_at.is_some();
        let repositories = if suspended {
            Vec::new()
        } else {
            if let Err(error) = p.github.identity(installation.id).await {
                tracing::debug!(%error, "Who Millhand is could not be asked; it is asked again with the next list");
            }
            p.github.repositories(installation.id).await?
        };
        let id = number(installation.id.0);
        let repositories: Vec<RepositoryRow> = repositories
            .into_iter()
            .map(|r| RepositoryRow {
                id: number(r.id.0),
                installation: id,
                node_id: r.node_id.0,
                owner: r.owner,
                name: r.name,
                cursor: None,
                configuration: None,
            })
            .collect();
        for repository in &repositories {
            let job = Job::Discover {
                repository: repository.id,
                due: now,
            };
            next.push(job.wanted_by(&job.subject(), &format!("discover:listed:{}", now.0), now));
        }
        let account = installation.account.map(|a| a.login).unwrap_or_default();
        rows.push(InstallationRow {
            id,
            account,
            suspended,
            repositories,
        });
    }
    p.engine.0.store.put_installations(rows).await?;
    next.push(chained(&|due| Job::ListInstallations { due }, "list", LIST_EVERY, now));
    Ok(Ended {
        deliveries: next,
        ..Ended::saying("listed")
    })
}

/// A repository that is served.
pub(super) async fn served(p: &Performing<'_>, repository: i64) -> Result<Option<RepositoryRow>, StoreError> {
    let all = p.engine.0.store.repositories().await?;
    Ok(all.into_iter().find(|r| r.id == repository))
}

/// Reads what a repository sets, since its default branch moved.
pub(super) async fn read_configuration(p: &Performing<'_>, repository: i64) -> Result<Ended, Trouble> {
    if let Some(row) = served(p, repository).await? {
        configuration::read(p, &row).await?;
    }
    Ok(Ended::saying("read"))
}

/// Looks at a repository for starts that no webhook told.
pub(super) async fn discover(p: &Performing<'_>, repository: i64) -> Result<Ended, Trouble> {
    let now = p.engine.now();
    let Some(row) = served(p, repository).await? else {
        return Ok(Ended::saying("not served any more")); // the chain ends; listing it again begins a new one
    };
    let repo = super::perform::repo(&row);
    let mut cursor: Cursor = row
        .cursor
        .as_deref()
        .and_then(|c| serde_json::from_str(c).ok())
        .unwrap_or_default();
    let since = cursor
        .since
        .map(|at| Millis(at.0 - i64::try_from(OVERLAP.as_millis()).unwrap_or(0)));
    let configuration = configuration::read(p, &row).await?;
    let labels = &configuration.settings().labels;
    let mut issues: BTreeMap<u64, Millis> = BTreeMap::new();
    for label in [&labels.trigger, &labels.auto] {
        let etag = cursor.etags.get(label).cloned();
        if let Conditional::Changed { value, etag } = p.github.labelled_issues(&repo, label, None, etag.as_deref()).await? {
            issues.extend(value.into_iter().map(|stub| (stub.number, stub.updated_at)));
            remember(&mut cursor, label, etag);
        }
    }
    // Only comments written since we first looked can be commands: older ones were for nobody.
    if let Some(since) = since
        && let Conditional::Changed { value, .. } = p.github.recent_comments(&repo, since, None).await?
    {
        issues.extend(
            value
                .into_iter()
                .filter(|c| c.app.is_none())
                .map(|c| (c.number, c.updated_at)),
        );
    }
    cursor.since = Some(now);
    let cursor = serde_json::to_string(&cursor).unwrap_or_default();
    p.engine.0.store.set_cursor(repository, cursor).await?;
    let mut next: Vec<NewDelivery> = issues
        .into_iter()
        .map(|(issue, at)| {
            let job = Job::ReadStart {
                repository,
                issue,
                hint: StartHint::Seen,
            };
            // One look for each change of the issue, however often the sweep sees it.
            job.wanted_by(&subject::issue(repository, issue), &format!("found:{issue}:{}", at.0), now)
        })
        .collect();
    let every = interval(p.engine).await?;
    next.push(chained(&|due| Job::Discover { repository, due }, "discover", every, now));
    Ok(Ended {
        deliveries: next,
        ..Ended::saying("looked")
    })
}

fn remember(cursor: &mut Cursor, label: &str, etag: Option<String>) {
    match etag {
        Some(etag) => cursor.etags.insert(label.to_owned(), etag),
        None => cursor.etags.remove(label),
    };
}

/// Fast while anything is being built, or while no webhook comes: then sweeps are the only way in.
async fn interval(engine: &Engine) -> Result<Duration, StoreError> {
    let timing = engine.0.config.timing;
    let idle = Duration::from_millis(timing.idle_ms);
    let heard = Millis(engine.0.heard.load(std::sync::atomic::Ordering::Relaxed));
    let deaf = heard.0 == 0 || engine.now().since(heard) > idle;
    let busy = !engine
        .0
        .store
        .workflows(WorkflowFilter {
            open: true,
            limit: 1,
            ..WorkflowFilter::default()
        })
        .await?
        .is_empty();
    Ok(if deaf || busy {
        Duration::from_millis(timing.active_ms)
    } else {
        idle
    })
}

/// The next link of a chain: due at the next multiple of `every`, under that time's name.
pub(super) fn chained(job: &dyn Fn(Millis) -> Job, name: &str, every: Duration, now: Millis) -> NewDelivery {
    let every = i64::try_from(every.as_millis()).unwrap_or(i64::MAX).max(1);
    let due = Millis((now.0 / every).saturating_add(1).saturating_mul(every));
    let job = job(due);
    job.wanted_by(&job.subject(), &format!("{name}:{}", due.0), now)
}

fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

/// The installation of a stored repository.
pub(super) fn installation(row: &RepositoryRow) -> InstallationId {
    InstallationId(u64::try_from(row.installation).unwrap_or(0))
}
