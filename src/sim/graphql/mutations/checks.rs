//! An App's own check runs.
//!
//! Invariant: what is not given stays as it is.

use super::super::object::{Arguments, Cx};
use super::{Payload, oid, one, repository, target};
use crate::clock::Millis;
use crate::sim::ops::checks::{self, CheckRunUpdate, NewCheckRun};
use crate::sim::ops::{Outcome, Refusal};
use crate::sim::world::{Annotation, AnnotationLevel, CheckAction, CheckOutput, CheckStatus, Conclusion, NodeRef};

pub(super) fn create(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let repo = repository(cx, input)?;
    let mut update = read(input)?;
    let new = NewCheckRun {
        name: update.name.take().unwrap_or_default(),
        head: oid(input, "headSha")?,
        update,
    };
    let id = cx.change(|world, actor| checks::create_run(world, actor, repo, new))?;
    Ok(one("checkRun", NodeRef::CheckRun(repo, id)))
}

pub(super) fn update(cx: &Cx<'_>, input: &Arguments) -> Outcome<Payload> {
    let repo = repository(cx, input)?;
    let id = target(cx, input, "checkRunId", "CheckRun", |node| {
        if let NodeRef::CheckRun(of, id) = node {
            (of == repo).then_some(id)
        } else {
            None
        }
    })?;
    let update = read(input)?;
    cx.change(|world, actor| checks::update_run(world, actor, repo, id, update))?;
    Ok(one("checkRun", NodeRef::CheckRun(repo, id)))
}

fn read(input: &Arguments) -> Outcome<CheckRunUpdate> {
    let own = |name: &str| input.text(name).map(str::to_owned);
    let time = |name: &str| input.text(name).map(moment).transpose();
    let status = input.text("status").map(|word| {
        CheckStatus::parse(word)
            .ok_or_else(|| Refusal::new(501, format!("The simulated GitHub has not built the status {word}.")))
    });
    Ok(CheckRunUpdate {
        name: own("name"),
        status: status.transpose()?,
        conclusion: input.text("conclusion").and_then(Conclusion::parse),
        external_id: own("externalId"),
        details_url: own("detailsUrl"),
        started_at: time("startedAt")?,
        completed_at: time("completedAt")?,
        output: input.objects("output").first().map(output).transpose()?,
        actions: input
            .get("actions")
            .map(|_| input.objects("actions").iter().map(action).collect::<Outcome<_>>())
            .transpose()?,
    })
}

fn moment(text: &str) -> Outcome<Millis> {
    Millis::parse_rfc3339(text).ok_or_else(|| Refusal::new(422, format!("'{text}' is not a valid DateTime.")))
}

fn output(output: &Arguments) -> Outcome<CheckOutput> {
    let own = |name: &str| output.text(name).map(str::to_owned);
    Ok(CheckOutput {
        title: own("title"),
        summary: own("summary"),
        text: own("text"),
        annotations: output.objects("annotations").iter().map(annotation).collect::<Outcome<_>>()?,
    })
}

fn annotation(annotation: &Arguments) -> Outcome<Annotation> {
    let location = annotation.objects("location").into_iter().next().unwrap_or_default();
    let level = annotation.demanded("annotationLevel")?;
    Ok(Annotation {
        path: annotation.demanded("path")?.to_owned(),
        start_line: location.number("startLine").unwrap_or(1),
        end_line: location.number("endLine").unwrap_or(1),
        start_column: location.number("startColumn"),
        end_column: location.number("endColumn"),
        level: AnnotationLevel::parse(level).ok_or_else(|| Refusal::new(422, format!("'{level}' is no level.")))?,
        message: annotation.demanded("message")?.to_owned(),
        title: annotation.text("title").map(str::to_owned),
        raw_details: annotation.text("rawDetails").map(str::to_owned),
    })
}

fn action(action: &Arguments) -> Outcome<CheckAction> {
    Ok(CheckAction {
        label: action.demanded("label")?.to_owned(),
        description: action.demanded("description")?.to_owned(),
        identifier: action.demanded("identifier")?.to_owned(),
    })
}
