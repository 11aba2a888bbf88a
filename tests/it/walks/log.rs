//! The log, as a walk reads it.
//!
//! Invariant: reading changes nothing.

use millhand::store::{EventRow, Store as _, WorkflowFilter, WorkflowRow};
use serde_json::Value;

use super::walk::Walk;

/// Rows read at once; a walk's log is longer.
const PAGE: u32 = 1_000;

impl Walk {
    /// All workflows, of all rounds.
    pub(super) async fn rows(&self) -> Vec<WorkflowRow> {
        let filter = WorkflowFilter {
            limit: 100,
            ..WorkflowFilter::default()
        };
        self.town.store().workflows(filter).await.unwrap()
    }

    /// The whole log of a workflow.
    pub(super) async fn events(&self, id: &str) -> Vec<EventRow> {
        let mut all: Vec<EventRow> = Vec::new();
        loop {
            let after = all.last().map_or(0, |row| row.seq);
            let page = self.town.store().events(id.to_owned(), after, PAGE).await.unwrap();
            if page.is_empty() {
                return all;
            }
            all.extend(page);
        }
    }

    /// The numbers of its transitions.
    pub(super) async fn taken(&self, id: &str) -> Vec<u64> {
        let rows = self.events(id).await;
        let numbers = |row: &EventRow| -> Vec<u64> {
            let stored: Value = serde_json::from_str(&row.transitions).unwrap();
            let taken = stored["taken"].as_array().unwrap();
            taken.iter().map(|t| t["number"].as_u64().unwrap()).collect()
        };
        rows.iter().flat_map(numbers).collect()
    }
}
