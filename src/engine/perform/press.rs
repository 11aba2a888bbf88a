//! Whether whoever pressed a button of our check run may: the permission is read from GitHub.
//!
//! Invariant: a press is told under its body's digest, so that one body is one press however often and under whatever name it
//! is delivered.

use super::facts::permitted;
use super::{Ended, Performing, Trouble, repo};
use crate::engine::job::Pressed;
use crate::engine::reconcile::served;
use crate::workflow::fact::{Fact, Press};
use crate::workflow::ids::Sha;

/// Reads what somebody may do who pressed a button, and tells the workflow.
pub(super) async fn read_press(p: &Performing<'_>, repository: i64, pressed: &Pressed) -> Result<Ended, Trouble> {
    let Some(row) = served(p, repository).await? else {
        return Ok(Ended::saying("not served"));
    };
    let repo = repo(&row);
    if pressed.app != Some(p.github.identity(repo.installation).await?.app_id) {
        return Ok(Ended::saying("a check run of another App"));
    }
    let by = permitted(p, &repo, &pressed.by).await?;
    let press = Press {
        by,
        run: pressed.run,
        head: Sha(pressed.head.clone()),
        button: pressed.button.clone(),
        at: pressed.at,
    };
    Ok(Ended {
        facts: vec![(format!("button:{}", pressed.digest), Fact::Pressed(press))],
        ..Ended::saying("read")
    })
}
