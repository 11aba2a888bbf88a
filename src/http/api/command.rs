//! `POST /api/v1/workflows/{id}/<command>`: the operator's commands.
//!
//! The bodies are closed: a member that a command does not take is refused, since silence would make people believe that
//! it was heeded.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Deserialize;

use super::given::Order;
use super::phase::{self, Phase, SHAPE};
use super::{NO_WORKFLOW, PATIENCE, find, shown};
use crate::engine::Reply;
use crate::http::AppState;
use crate::http::answer::ApiError;
use crate::workflow::command::{ApproveWhat, BUDGET_USD_MAX, Command, HASH_DIGITS_MIN, RollbackWhat, TEXT_CHARS_MAX};
use crate::workflow::ids::MicroUsd;

/// Digits of a SHA-256.
const HASH_DIGITS_MAX: usize = 64;

type Answer = Result<Response, ApiError>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Approve {
    /// `plan`, `release`, a phase, or a wait's own word for it.
    what: Option<String>,
    phase: Option<Phase>,
    hash: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Revise {
    /// A phase whose change of protected paths waits for its approval; the plan when it is not given.
    phase: Option<Phase>,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Retry {
    phase: Option<Phase>,
    #[serde(default)]
    fresh: bool,
    hint: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Rollback {
    /// `plan`, `all`, or a phase.
    what: Option<String>,
    phase: Option<Phase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Skip {
    phase: Phase,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Hold {
    /// All when it is not given.
    phase: Option<Phase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Budget {
    amount: Amount,
}

/// US dollars, `7.5` or `"7.50"`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Amount {
    Number(serde_json::Number),
    Text(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Nothing {}

pub(in crate::http) async fn approve(state: State<AppState>, id: Path<String>, order: Order<Approve>) -> Answer {
    let Approve { what, phase, hash } = order.body;
    let what = approved(what.as_deref(), phase)?;
    let hash = hash.as_deref().map(digits).transpose()?;
    give(state, id, Command::Approve { what, hash }, &order.key).await
}

pub(in crate::http) async fn revise(state: State<AppState>, id: Path<String>, order: Order<Revise>) -> Answer {
    let text = words("text", order.body.text)?;
    let phase = order.body.phase.map(|phase| phase.0);
    give(state, id, Command::Revise { phase, text }, &order.key).await
}

pub(in crate::http) async fn retry(state: State<AppState>, id: Path<String>, order: Order<Retry>) -> Answer {
    let hint = order.body.hint.map(|hint| words("hint", hint)).transpose()?;
    let phase = order.body.phase.map(|phase| phase.0);
    let fresh = order.body.fresh;
    give(state, id, Command::Retry { phase, fresh, hint }, &order.key).await
}

pub(in crate::http) async fn rollback(state: State<AppState>, id: Path<String>, order: Order<Rollback>) -> Answer {
    let Rollback { what, phase } = order.body;
    let what = match (what.as_deref(), phase) {
        (Some("plan"), None) => RollbackWhat::Plan,
        (Some("all"), None) => RollbackWhat::All,
        (None | Some("phase"), Some(phase)) => RollbackWhat::Phase(phase.0),
        (Some(other), None) => RollbackWhat::Phase(
            phase::read(other).ok_or_else(|| unprocessable(format!("what must be plan, all or a phase: {SHAPE}.")))?,
        ),
        (None, None) => return Err(unprocessable(format!("what is missing: plan, all or a phase; {SHAPE}."))),
        (Some(_), Some(_)) => return Err(unprocessable("what and phase name different things.".to_owned())),
    };
    give(state, id, Command::Rollback { what }, &order.key).await
}

pub(in crate::http) async fn skip(state: State<AppState>, id: Path<String>, order: Order<Skip>) -> Answer {
    let phase = order.body.phase.0;
    give(state, id, Command::Skip { phase }, &order.key).await
}

pub(in crate::http) async fn hold(state: State<AppState>, id: Path<String>, order: Order<Hold>) -> Answer {
    let phase = order.body.phase.map(|phase| phase.0);
    give(state, id, Command::Hold { phase }, &order.key).await
}

pub(in crate::http) async fn unhold(state: State<AppState>, id: Path<String>, order: Order<Hold>) -> Answer {
    let phase = order.body.phase.map(|phase| phase.0);
    give(state, id, Command::Unhold { phase }, &order.key).await
}

pub(in crate::http) async fn budget(state: State<AppState>, id: Path<String>, order: Order<Budget>) -> Answer {
    let amount = micro(&order.body.amount)?;
    give(state, id, Command::Budget { amount }, &order.key).await
}

pub(in crate::http) async fn pause(state: State<AppState>, id: Path<String>, order: Order<Nothing>) -> Answer {
    give(state, id, Command::Pause, &order.key).await
}

pub(in crate::http) async fn resume(state: State<AppState>, id: Path<String>, order: Order<Nothing>) -> Answer {
    give(state, id, Command::Resume, &order.key).await
}

pub(in crate::http) async fn cancel(state: State<AppState>, id: Path<String>, order: Order<Nothing>) -> Answer {
    give(state, id, Command::Cancel, &order.key).await
}

/// 200 once decided, 202 if that takes too long, 409 with the sentence a person would get.
async fn give(State(app): State<AppState>, Path(id): Path<String>, command: Command, key: &str) -> Answer {
    match app.engine().command(&id, command, key, PATIENCE).await? {
        Reply::Done(row) => Ok(Json(shown(&app, &row)?).into_response()),
        Reply::Refused(sentence) => Err(ApiError::Refused(sentence)),
        Reply::NotFound => Err(NO_WORKFLOW),
        Reply::Pending => {
            let row = find(&app, &id).await?;
            Ok((StatusCode::ACCEPTED, Json(shown(&app, &row)?)).into_response())
        }
    }
}

/// What is approved; a wait's own word (`plan_approval`, `phase_review`) is understood as well.
fn approved(what: Option<&str>, phase: Option<Phase>) -> Result<Option<ApproveWhat>, ApiError> {
    let phase = phase.map(|phase| ApproveWhat::Phase(phase.0));
    let word = match what {
        Some("plan" | "plan_approval") => ApproveWhat::Plan,
        Some("release" | "release_approval") => ApproveWhat::Release,
        Some("rollback") => ApproveWhat::Rollback,
        Some("phase" | "phase_review" | "protected_change" | "no_ci") => {
            return phase
                .map(Some)
                .ok_or_else(|| unprocessable(format!("phase is missing: {SHAPE}.")));
        }
        Some(other) => ApproveWhat::Phase(
            phase::read(other).ok_or_else(|| unprocessable(format!("what must be plan, release or a phase: {SHAPE}.")))?,
        ),
        None => return Ok(phase),
    };
    match phase {
        Some(named) if named != word => Err(unprocessable("what and phase name different things.".to_owned())),
        Some(_) | None => Ok(Some(word)),
    }
}

fn digits(hash: &str) -> Result<String, ApiError> {
    let fits = (HASH_DIGITS_MIN..=HASH_DIGITS_MAX).contains(&hash.len()) && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    if fits {
        return Ok(hash.to_ascii_lowercase());
    }
    Err(unprocessable(format!(
        "hash must be at least {HASH_DIGITS_MIN} hexadecimal digits of the one that was shown."
    )))
}

fn words(member: &str, text: String) -> Result<String, ApiError> {
    let trimmed = text.trim();
    if trimmed.is_empty() || trimmed.chars().count() > TEXT_CHARS_MAX {
        return Err(unprocessable(format!("{member} must have 1 to {TEXT_CHARS_MAX} characters.")));
    }
    Ok(if trimmed.len() == text.len() {
        text
    } else {
        trimmed.to_owned()
    })
}

/// Money by its decimal digits: no binary fraction is between what was written and what is booked.
fn micro(amount: &Amount) -> Result<MicroUsd, ApiError> {
    let text = match amount {
        Amount::Number(number) => number.to_string(),
        Amount::Text(text) => text.trim().trim_start_matches('$').to_owned(),
    };
    let (whole, part) = text.split_once('.').unwrap_or((&text, "0"));
    let digits = |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let read = || -> Option<i64> {
        let (whole, part): (i64, i64) = (whole.parse().ok()?, format!("{part:0<6}").parse().ok()?);
        whole.checked_mul(1_000_000)?.checked_add(part)
    };
    let found = if digits(whole, 12) && digits(part, 6) { read() } else { None };
    let most = BUDGET_USD_MAX * 1_000_000;
    found.filter(|micro| (0..=most).contains(micro)).map(MicroUsd).ok_or_else(|| {
        unprocessable(format!(
            "amount must be US dollars, such as 7.50, and at most {BUDGET_USD_MAX}."
        ))
    })
}

fn unprocessable(text: String) -> ApiError {
    ApiError::Unprocessable(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::command::PhaseRef;

    fn amount(json: &str) -> Option<i64> {
        let body: Budget = serde_json::from_str(json).ok()?;
        micro(&body.amount).ok().map(|it| it.0)
    }

    #[test]
    fn money_is_read_by_its_digits() {
        for (json, micro) in [
            ("7", 7_000_000),
            ("7.5", 7_500_000),
            ("\"7.50\"", 7_500_000),
            ("\"$7.50\"", 7_500_000),
            ("0.1", 100_000),
            ("0", 0),
            ("1000000", 1_000_000_000_000),
            ("1e3", 1_000_000_000),
        ] {
            assert_eq!(amount(&format!("{{\"amount\":{json}}}")), Some(micro), "{json}");
        }
        for json in [
            "-1",
            "1e400",
            "\"\"",
            "\"7,5\"",
            "\"7.\"",
            "\"NaN\"",
            "1000001",
            "null",
            "[7]",
            "true",
            "0.0000001",
        ] {
            assert_eq!(amount(&format!("{{\"amount\":{json}}}")), None, "{json}");
        }
    }

    #[test]
    fn what_is_approved_has_several_words() {
        let phase = || Some(Phase(PhaseRef::Number(2)));
        assert_eq!(approved(None, None), Ok(None));
        assert_eq!(approved(Some("plan_approval"), None), Ok(Some(ApproveWhat::Plan)));
        assert_eq!(approved(Some("release"), None), Ok(Some(ApproveWhat::Release)));
        assert_eq!(approved(Some("2"), None), Ok(Some(ApproveWhat::Phase(PhaseRef::Number(2)))));
        assert_eq!(approved(None, phase()), Ok(Some(ApproveWhat::Phase(PhaseRef::Number(2)))));
        assert_eq!(
            approved(Some("phase_review"), phase()),
            Ok(Some(ApproveWhat::Phase(PhaseRef::Number(2))))
        );
        for (what, phase) in [
            (Some("phase"), None),
            (Some("everything"), None),
            (Some("plan"), phase()),
            (Some("3"), phase()),
        ] {
            assert!(approved(what, phase).is_err(), "{what:?}");
        }
    }
}
