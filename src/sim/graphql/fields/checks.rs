//! Check runs, statuses, and the roll-up of a commit.
//!
//! Invariant: runs that somebody started by hand (`workflow_dispatch`) are on the commit and not in its roll-up, as on GitHub.

use super::super::connection::{connection, connection_with};
use super::super::object::{Cx, Field, Item, Object, account, leaf, node, null, record};
use super::suites::nested;
use super::{repository, time, word};
use crate::sim::git::Oid;
use crate::sim::ops::{Outcome, Refusal, checks, rules};
use crate::sim::world::{
    Annotation, AppId, CheckRun, CheckRunId, CommitStatus, Conclusion, NodeRef, RepoId, Repository, StatusId, StatusState,
    SuiteId, World,
};

/// `checkSuites` and `statusCheckRollup` of a commit.
pub(super) fn of_commit(cx: &Cx<'_>, repo: RepoId, head: Oid, field: &Field) -> Outcome<Item> {
    if field.name == "statusCheckRollup" {
        return rollup_item(cx, repo, head);
    }
    let filter = nested(field, "filterBy");
    let (app, name) = (filter.number("appId"), filter.text("checkName"));
    let found = cx.read(|world| -> Outcome<Vec<Item>> {
        let repository = repository(world, repo)?;
        let named = |suite: SuiteId| {
            name.is_none_or(|name| {
                repository
                    .check_runs
                    .values()
                    .any(|run| run.suite == suite && run.name == name)
            })
        };
        let suites = repository
            .suites_of(head)
            .filter(|suite| app.is_none_or(|app| suite.app == AppId(app)) && named(suite.id));
        Ok(suites.map(|suite| node(NodeRef::CheckSuite(repo, suite.id))).collect())
    })?;
    connection("CheckSuiteConnection", field, found)
}

/// The roll-up of a commit; null where nothing has reported.
pub(super) fn rollup_item(cx: &Cx<'_>, repo: RepoId, head: Oid) -> Outcome<Item> {
    let empty = cx.read(|world| -> Outcome<bool> {
        let repository = repository(world, repo)?;
        Ok(rolled_up(world, repository, head).is_empty() && checks::latest_statuses(world, repo, head).is_empty())
    })?;
    Ok(if empty {
        null()
    } else {
        Item::Object(Object::Rollup(repo, head))
    })
}

/// The newest check runs of a commit that count in its roll-up.
fn rolled_up<'w>(world: &'w World, repo: &'w Repository, head: Oid) -> Vec<&'w CheckRun> {
    let by_hand = |run: &CheckRun| {
        let workflow_run = repo.suites.get(&run.suite).and_then(|suite| repo.runs.get(&suite.run?));
        workflow_run.is_some_and(|run| run.event == "workflow_dispatch")
    };
    let latest = checks::latest_runs(world, repo.id, head)
        .into_iter()
        .filter_map(|id| repo.check_runs.get(&id));
    latest.filter(|run| !by_hand(run)).collect()
}

pub(super) fn rollup(cx: &Cx<'_>, repo: RepoId, head: Oid, field: &Field) -> Outcome<Option<Item>> {
    cx.read(|world| {
        let repository = repository(world, repo)?;
        let runs = rolled_up(world, repository, head);
        let statuses = checks::latest_statuses(world, repo, head)
            .into_iter()
            .filter_map(|id| repository.statuses.get(&id));
        let statuses: Vec<&CommitStatus> = statuses.collect();
        Ok(Some(match field.name.as_str() {
            "id" => leaf(format!("SCR_{}", NodeRef::Commit(repo, head).encode())),
            "commit" => node(NodeRef::Commit(repo, head)),
            "state" => leaf(rollup_state(&runs, &statuses)),
            "contexts" => {
                let counts = [
                    ("checkRunCount", leaf(runs.len())),
                    ("statusContextCount", leaf(statuses.len())),
                ];
                let runs = runs.iter().map(|run| node(NodeRef::CheckRun(repo, run.id)));
                let statuses = statuses.iter().map(|status| node(NodeRef::Status(repo, status.id)));
                connection_with(
                    "StatusCheckRollupContextConnection",
                    field,
                    runs.chain(statuses).collect(),
                    counts,
                )?
            }
            _ => return Ok(None),
        }))
    })
}

/// What failed outweighs what runs, and that outweighs what passed.
fn rollup_state(runs: &[&CheckRun], statuses: &[&CommitStatus]) -> &'static str {
    let of_run = |run: &&CheckRun| match run.conclusion {
        Some(conclusion) if conclusion.passes() => "SUCCESS",
        Some(_) => "FAILURE",
        None => "PENDING",
    };
    let of_status = |status: &&CommitStatus| match status.state {
        StatusState::Error => "ERROR",
        StatusState::Failure => "FAILURE",
        StatusState::Pending => "PENDING",
        StatusState::Success => "SUCCESS",
    };
    let all: Vec<&str> = runs.iter().map(of_run).chain(statuses.iter().map(of_status)).collect();
    ["FAILURE", "ERROR", "PENDING"]
        .into_iter()
        .find(|state| all.contains(state))
        .unwrap_or("SUCCESS")
}

pub(super) fn run(cx: &Cx<'_>, repo: RepoId, id: CheckRunId, field: &Field) -> Outcome<Option<Item>> {
    if field.name == "isRequired" {
        return is_required(cx, repo, field, |r| {
            r.check_runs.get(&id).map(|run| (run.name.clone(), Some(run.app)))
        })
        .map(Some);
    }
    cx.read(|world| {
        let run = repository(world, repo)?.check_runs.get(&id).ok_or_else(Refusal::not_found)?;
        let path = || format!("/{}/runs/{id}", world.full_name(repo));
        Ok(Some(match field.name.as_str() {
            "id" => leaf(NodeRef::CheckRun(repo, id).encode()),
            "databaseId" => leaf(id.0),
            "name" => leaf(run.name.as_str()),
            "status" => word(run.status.name()),
            "conclusion" => conclusion(run.conclusion),
            "startedAt" => time(run.started_at),
            "completedAt" => time(run.completed_at),
            "externalId" => leaf(run.external_id.clone()),
            "detailsUrl" => leaf(run.details_url.clone().unwrap_or_else(|| world.base_url.clone() + &path())),
            "title" => leaf(run.output.title.clone()),
            "summary" => leaf(run.output.summary.clone()),
            "text" => leaf(run.output.text.clone()),
            "checkSuite" => node(NodeRef::CheckSuite(repo, run.suite)),
            "repository" => node(NodeRef::Repository(repo)),
            "resourcePath" => leaf(path()),
            "url" | "permalink" => leaf(world.base_url.clone() + &path()),
            "annotations" => {
                let blob = format!("{}/{}/blob/{}", world.base_url, world.full_name(repo), run.head);
                let found = run
                    .output
                    .annotations
                    .iter()
                    .map(|annotation| annotation_item(annotation, &blob))
                    .collect();
                connection("CheckAnnotationConnection", field, found)?
            }
            _ => return Ok(None),
        }))
    })
}

fn annotation_item(annotation: &Annotation, blob: &str) -> Item {
    let position =
        |line: u64, column: Option<u64>| record("CheckAnnotationPosition", [("line", leaf(line)), ("column", leaf(column))]);
    let span = [
        ("start", position(annotation.start_line, annotation.start_column)),
        ("end", position(annotation.end_line, annotation.end_column)),
    ];
    record(
        "CheckAnnotation",
        [
            ("annotationLevel", word(annotation.level.name())),
            ("path", leaf(annotation.path.as_str())),
            ("location", record("CheckAnnotationSpan", span)),
            ("message", leaf(annotation.message.as_str())),
            ("title", leaf(annotation.title.clone())),
            ("rawDetails", leaf(annotation.raw_details.clone())),
            ("blobUrl", leaf(format!("{blob}/{}", annotation.path))),
        ],
    )
}

pub(super) fn conclusion(conclusion: Option<Conclusion>) -> Item {
    conclusion.map_or_else(null, |conclusion| word(conclusion.name()))
}

pub(super) fn status(cx: &Cx<'_>, repo: RepoId, id: StatusId, field: &Field) -> Outcome<Option<Item>> {
    if field.name == "isRequired" {
        return is_required(cx, repo, field, |r| {
            r.statuses.get(&id).map(|status| (status.context.clone(), None))
        })
        .map(Some);
    }
    cx.read(|world| {
        let status = repository(world, repo)?.statuses.get(&id).ok_or_else(Refusal::not_found)?;
        Ok(Some(match field.name.as_str() {
            "id" => leaf(NodeRef::Status(repo, id).encode()),
            "context" => leaf(status.context.as_str()),
            "state" => word(status.state.name()),
            "description" => leaf(status.description.clone()),
            "targetUrl" => leaf(status.target_url.clone()),
            "createdAt" => time(Some(status.created_at)),
            "creator" => account(world, status.creator),
            "commit" => node(NodeRef::Commit(repo, status.head)),
            _ => return Ok(None),
        }))
    })
}

/// Whether the rules of the pull request's base demand this check, from this App where they name one.
fn is_required(
    cx: &Cx<'_>,
    repo: RepoId,
    field: &Field,
    check: impl Fn(&Repository) -> Option<(String, Option<AppId>)>,
) -> Outcome<Item> {
    let arguments = &field.arguments;
    let by_id = arguments.text("pullRequestId").and_then(NodeRef::decode);
    let number = match (by_id, arguments.number("pullRequestNumber")) {
        (Some(NodeRef::PullRequest(of, number)), None) if of == repo => number,
        (None, Some(number)) => number,
        _ => {
            return Err(Refusal::new(
                422,
                "One of pullRequestId or pullRequestNumber must name a pull request of this repository.",
            ));
        }
    };
    cx.read(|world| {
        let repository = repository(world, repo)?;
        let (name, app) = check(repository).ok_or_else(Refusal::not_found)?;
        let (_, pull) = super::pull::record_of(world, repo, number)?;
        let required = rules::rules_for(repository, &pull.base_ref).checks;
        Ok(leaf(required.iter().any(|check| {
            check.context == name && check.app.is_none_or(|wanted| Some(wanted) == app)
        })))
    })
}
