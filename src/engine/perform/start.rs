//! Whether somebody who may has started work on an issue.
//!
//! Who labelled is read from the issue's own timeline, never from a webhook; authority is the permission read now.

use super::facts::{issue_view, permitted};
use super::{Ended, Performing, Trouble, repo};
use crate::clock::Millis;
use crate::engine::job::{Job, StartHint};
use crate::engine::reconcile::served;
use crate::engine::{configuration, record};
use crate::github::render::{Marker, Renderer};
use crate::github::{IssueEventKind, NewIssue, NodeId, Reaction, Repo, WorkflowState};
use crate::store::{NewDelivery, RepositoryRow, WorkflowFilter, WorkflowRow};
use crate::workflow::command::{self, Command, Manner};
use crate::workflow::fact::{App, Configuration, Fact, Repository, Start, StartedBy, Timing};
use crate::workflow::ids::Person;
use crate::workflow::policy;
use crate::workflow::settings::Settings;

/// What started it.
struct Found {
    id: String,
    by: Person,
    how: StartedBy,
    at: Millis,
    comment: Option<(u64, String)>,
    /// What is reacted to if it is refused.
    node_id: String,
}

/// Reads an issue, and starts work if somebody who may asked for it.
pub(super) async fn read_start(p: &Performing<'_>, repository: i64, issue: u64, hint: &StartHint) -> Result<Ended, Trouble> {
    let Some(row) = served(p, repository).await? else {
        return Ok(Ended::saying("not served"));
    };
    let repo = repo(&row);
    let filter = WorkflowFilter {
        repository: Some(repo.full_name()),
        issue: i64::try_from(issue).ok(),
        limit: 1,
        ..WorkflowFilter::default()
    };
    let previous = p.engine.0.store.workflows(filter).await?.into_iter().next();
    if previous.as_ref().is_some_and(|w| w.open) {
        return Ok(Ended::saying("a workflow is open"));
    }
    let configuration = configuration::at_start(p, &row).await?;
    let settings = configuration.settings();
    if matches!(hint, StartHint::Label(name) if !is_ours(name, settings)) {
        return Ok(Ended::saying("another label"));
    }
    let state = p.github.read_issue(&repo, issue).await?;
    let Some(read) = state.issue.as_ref().filter(|i| i.open) else {
        return Ok(Ended::saying("no open issue"));
    };
    let since = previous.as_ref().map_or(Millis(0), |w| w.updated_at);
    let identity = p.github.identity(repo.installation).await?.clone();
    let app = App {
        id: identity.app_id,
        login: identity.login,
    };
    let asked = match hint {
        StartHint::Operator { key, .. } => vec![Found {
            id: format!("start:api:{key}"),
            by: Person::operator(),
            how: StartedBy::Operator,
            at: p.engine.now(),
            comment: None,
            node_id: read.node_id.0.clone(),
        }],
        StartHint::Seen | StartHint::Label(_) => starts(p, &repo, (&state, since), settings).await?,
    };
    let context = policy::Context {
        app: &app,
        bots: &settings.triggers.bots,
    };
    let (found, refused) = chosen(p, asked, &context, &read.node_id.0, repository);
    let Some(found) = found else {
        return Ok(Ended {
            deliveries: refused,
            ..Ended::saying("nobody who may started")
        });
    };
    let auto_label = read.labels.iter().any(|l| l.eq_ignore_ascii_case(&settings.labels.auto)) && found.how != StartedBy::Command;
    let auto = auto_label || matches!(hint, StartHint::Operator { auto: true, .. });
    let view = issue_view(p, &repo, read, &app.login).await?;
    // Whoever labelled saw the text as it was then.
    let edited_since = view.edited_at.is_some_and(|at| at > found.at) && !view.editor.as_ref().is_some_and(Person::writes);
    if edited_since {
        return Ok(Ended {
            deliveries: refused,
            ..Ended::saying("the text was edited by somebody else after the label")
        });
    }
    let start = start(p, &row, (&view, &found), (auto, app, previous.as_ref()), configuration);
    let fact = Fact::Started(Box::new(start));
    let begun = record::fact_delivery(&p.effect.subject, &found.id, &fact, p.engine.now());
    Ok(Ended {
        deliveries: refused.into_iter().chain([begun]).collect(),
        ..Ended::saying("started")
    })
}

fn is_ours(label: &str, settings: &Settings) -> bool {
    label.eq_ignore_ascii_case(&settings.labels.trigger) || label.eq_ignore_ascii_case(&settings.labels.auto)
}

/// Opens an issue out of a text and starts work on it. A second attempt looks for the issue of the first.
pub(super) async fn generate(p: &Performing<'_>, repository: i64, text: &str, key: &str) -> Result<Ended, Trouble> {
    let Some(row) = served(p, repository).await? else {
        return Ok(Ended::saying("not served"));
    };
    let repo = repo(&row);
    let renderer = Renderer::new(p.github.endpoints(), &repo);
    let (title, body) = text.split_once('\n').unwrap_or((text, ""));
    let new = NewIssue {
        title: renderer.line(title)?,
        text: renderer.marked(&Marker::new("generated", key, "1"), body)?,
        labels: vec![configuration::at_start(p, &row).await?.settings().labels.trigger.clone()],
    };
    let issue = p.github.open_issue(&repo, &new, p.attempt()).await?;
    let hint = StartHint::Operator {
        auto: false,
        key: key.to_owned(),
    };
    let job = Job::ReadStart { repository, issue, hint };
    let next = job.wanted_by(&job.subject(), &format!("api:{key}"), p.engine.now());
    Ok(Ended {
        deliveries: vec![next],
        ..Ended::saying("opened")
    })
}

/// Reacts to what was refused.
pub(super) async fn refuse(p: &Performing<'_>, repository: i64, node_id: &str) -> Result<Ended, Trouble> {
    if let Some(row) = served(p, repository).await? {
        p.github
            .react(&repo(&row), &NodeId(node_id.to_owned()), Reaction::Confused)
            .await?;
    }
    Ok(Ended::saying("reacted"))
}

/// The newest start by somebody who may, and what answers the others: a reaction each. A label that was refused is answered
/// on the issue, and only if nobody else started.
fn chosen(
    p: &Performing<'_>,
    asked: Vec<Found>,
    context: &policy::Context<'_>,
    issue: &str,
    repository: i64,
) -> (Option<Found>, Vec<NewDelivery>) {
    let mut best: Option<Found> = None;
    let mut refused: Vec<Found> = Vec::new();
    for found in asked {
        match policy::may(&found.by, &Command::Start, context) {
            Ok(()) if best.as_ref().is_none_or(|best| best.at <= found.at) => best = Some(found),
            Err(refusal) if refusal.manner != Manner::Silence => refused.push(found),
            Ok(()) | Err(_) => {}
        }
    }
    let told = refused.into_iter().filter(|found| best.is_none() || found.node_id != issue);
    let deliveries = told.map(|found| {
        let job = Job::Refuse {
            repository,
            node_id: found.node_id,
        };
        job.wanted_by(&job.subject(), &format!("refused:{}", found.id), p.engine.now())
    });
    let deliveries = deliveries.collect();
    (best, deliveries)
}

/// Everything since `since` that asks for a start: a label that is still on, a reopening with the label on, `/start`.
async fn starts(
    p: &Performing<'_>,
    repo: &Repo,
    (state, since): (&WorkflowState, Millis),
    settings: &Settings,
) -> Result<Vec<Found>, Trouble> {
    let labels = &settings.labels;
    let Some(issue) = &state.issue else { return Ok(Vec::new()) };
    let on = |name: &str| issue.labels.iter().any(|l| l.eq_ignore_ascii_case(name));
    let mut found = Vec::new();
    for event in issue.events.iter().filter(|e| e.at > since) {
        let how = match &event.kind {
            IssueEventKind::Labeled(name) if name.eq_ignore_ascii_case(&labels.auto) && on(&labels.auto) => StartedBy::AutoLabel,
            IssueEventKind::Labeled(name) if name.eq_ignore_ascii_case(&labels.trigger) && on(&labels.trigger) => {
                StartedBy::Label
            }
            IssueEventKind::Reopened if since.0 > 0 && on(&labels.trigger) => StartedBy::Label,
            IssueEventKind::Labeled(_)
            | IssueEventKind::Unlabeled(_)
            | IssueEventKind::Closed { .. }
            | IssueEventKind::Reopened
            | IssueEventKind::Renamed { .. } => continue,
        };
        let Some(actor) = &event.actor else { continue };
        let by = permitted(p, repo, actor).await?;
        let id = format!("label-event:{}", event.node_id.0);
        found.push(Found {
            id,
            by,
            how,
            at: event.at,
            comment: None,
            node_id: issue.node_id.0.clone(),
        });
    }
    let bare = settings.commands.bare;
    for comment in state
        .comments
        .iter()
        .filter(|c| c.created_at > since && c.edited_at.is_none())
    {
        let starts = command::looks_like(&comment.body) && command::parse(&comment.body, bare).commands.contains(&Command::Start);
        let Some(actor) = comment.author.as_ref().filter(|_| starts) else {
            continue;
        };
        let node_id = comment.node_id.0.clone();
        found.push(Found {
            id: format!("comment:{}", comment.id),
            by: permitted(p, repo, actor).await?,
            how: StartedBy::Command,
            at: comment.created_at,
            comment: Some((comment.id, node_id.clone())),
            node_id,
        });
    }
    Ok(found)
}

/// Where no webhook has ever come, looking is the only way in: then there is no idle pace.
fn timing(p: &Performing<'_>, set: Timing) -> Timing {
    let deaf = p.engine.0.heard.load(std::sync::atomic::Ordering::Relaxed) == 0;
    Timing {
        idle_ms: if deaf { set.active_ms.min(set.idle_ms) } else { set.idle_ms },
        ..set
    }
}

fn start(
    p: &Performing<'_>,
    row: &RepositoryRow,
    (view, found): (&crate::workflow::fact::IssueView, &Found),
    rest: (bool, App, Option<&WorkflowRow>),
    configuration: Configuration,
) -> Start {
    let (auto, app, previous) = rest;
    let config = &p.engine.0.config;
    let now = p.engine.now();
    let name = format!("{}/{}", row.owner, row.name);
    Start {
        id: p.engine.0.entropy.uuid_v7(now).to_string(),
        repository: Repository {
            id: u64::try_from(row.id).unwrap_or(0),
            node_id: row.node_id.clone(),
            installation: u64::try_from(row.installation).unwrap_or(0),
            url: format!("{}/{name}", p.github.endpoints().web.trim_end_matches('/')),
            name,
        },
        issue: view.clone(),
        at: found.at,
        comment: found.comment.clone(),
        by: found.by.clone(),
        how: found.how,
        auto,
        round: previous.map_or(1, |w| u32::try_from(w.round).unwrap_or(0) + 1),
        previous: previous.map(|w| w.id.clone()),
        reopened: previous.is_some_and(|w| w.status == "complete"),
        configuration,
        timing: timing(p, config.timing),
        budget_max: config.policy.budget_max(),
        app,
    }
}
