//! `replay`: decides a workflow's stored events again.

use std::sync::Arc;

use serde_json::json;

use super::failure::Failure;
use super::out;
use crate::clock::SystemEntropy;
use crate::config::Config;
use crate::engine::record::{self, Replayed};
use crate::store::sqlite::SqliteStore;
use crate::store::{Store, WorkflowFilter};

pub(super) async fn replay(config: &Config, id: &str, as_json: bool) -> Result<(), Failure> {
    let store = SqliteStore::open_read_only(&config.database, Arc::new(SystemEntropy)).await?;
    let workflow = find(&store, id)
        .await?
        .ok_or_else(|| Failure::not_found(format!("There is no workflow {id}.")))?;
    let found = record::replay(&store, &workflow).await?;
    if as_json {
        out::json(&json!({ "id": workflow, "rows": found.rows, "compared": found.compared, "differences": found.differences }));
    } else {
        tell(&workflow, &found);
    }
    if found.differences.is_empty() {
        Ok(())
    } else {
        Err(Failure::failed(format!(
            "The log of {workflow} and what is decided from it differ."
        )))
    }
}

fn tell(workflow: &str, found: &Replayed) {
    for (seq, sentence) in &found.differences {
        out::line(&format!("row {seq}: {sentence}"));
    }
    let Replayed {
        rows,
        compared,
        differences,
    } = found;
    out::line(&format!(
        "{workflow}: {rows} rows, {compared} decisions taken again, {} differ",
        differences.len()
    ));
}

/// The id of a workflow by itself or by OWNER/REPO#N, its newest round.
async fn find(store: &SqliteStore, id: &str) -> Result<Option<String>, Failure> {
    let Some((repository, issue)) = id.split_once('#') else {
        return Ok(store.workflow(id.to_owned()).await?.map(|row| row.id));
    };
    let Ok(issue) = issue.parse() else { return Ok(None) };
    let filter = WorkflowFilter {
        repository: Some(repository.to_owned()),
        issue: Some(issue),
        limit: 1,
        ..WorkflowFilter::default()
    };
    Ok(store.workflows(filter).await?.into_iter().next().map(|row| row.id))
}
