//! `start`, `generate` and the commands: what a server is told.

use serde_json::{Map, Value, json};

use super::args::{Server, Steer, Which};
use super::client::{Answer, Client, part};
use super::failure::Failure;
use super::{out, show};
use crate::config::Config;

pub(super) async fn steer(what: Steer, config: &Config) -> Result<(), Failure> {
    match what {
        Steer::Start { issue, auto, server } => {
            let (repository, number) = issue_of(&issue)?;
            let body = json!({ "repository": repository, "issue": number, "auto": auto });
            tell(&server, config, "workflows", &body).await
        }
        Steer::Generate {
            repository,
            text,
            server,
        } => {
            tell(
                &server,
                config,
                "workflows",
                &json!({ "repository": repository, "text": text }),
            )
            .await
        }
        Steer::Approve { which, what, hash } => {
            command(&which, config, "approve", [("what", text(what)), ("hash", text(hash))]).await
        }
        Steer::Revise {
            which,
            phase,
            text: words,
        } => {
            command(
                &which,
                config,
                "revise",
                [("phase", text(phase)), ("text", text(Some(words)))],
            )
            .await
        }
        Steer::Retry {
            which,
            phase,
            fresh,
            hint,
        } => {
            let members = [
                ("phase", text(phase)),
                ("fresh", fresh.then_some(true.into())),
                ("hint", text(hint)),
            ];
            command(&which, config, "retry", members).await
        }
        Steer::Rollback { which, what } => command(&which, config, "rollback", [("what", text(Some(what)))]).await,
        Steer::Skip { which, phase } => command(&which, config, "skip", [("phase", text(Some(phase)))]).await,
        Steer::Hold { which, phase } => command(&which, config, "hold", [("phase", text(phase))]).await,
        Steer::Unhold { which, phase } => command(&which, config, "unhold", [("phase", text(phase))]).await,
        Steer::Budget { which, amount } => command(&which, config, "budget", [("amount", text(Some(amount)))]).await,
        Steer::Pause(which) => command(&which, config, "pause", []).await,
        Steer::Resume(which) => command(&which, config, "resume", []).await,
        Steer::Cancel(which) => command(&which, config, "cancel", []).await,
    }
}

async fn command<const N: usize>(
    which: &Which,
    config: &Config,
    name: &str,
    members: [(&str, Option<Value>); N],
) -> Result<(), Failure> {
    let given = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let body = Value::Object(given.collect::<Map<_, _>>());
    tell(&which.server, config, &format!("workflows/{}/{name}", part(&which.id)), &body).await
}

fn text(given: Option<String>) -> Option<Value> {
    given.map(Value::String)
}

async fn tell(server: &Server, config: &Config, path: &str, body: &Value) -> Result<(), Failure> {
    let Answer { undecided, body } = Client::new(server, config)?.post(path, body).await?;
    if server.json {
        out::json(&body);
        return Ok(());
    }
    if undecided {
        out::line("The server has it and has not decided yet; `millhand status` tells when it has.");
    }
    if !body["id"].is_null() {
        show::workflow(&body);
    }
    Ok(())
}

fn issue_of(text: &str) -> Result<(&str, u64), Failure> {
    let found = text
        .split_once('#')
        .and_then(|(repository, number)| Some((repository, number.parse().ok()?)));
    found
        .filter(|(repository, number)| *number > 0 && repository.contains('/'))
        .ok_or_else(|| Failure::usage(format!("{text} is no issue, such as acme/todo#1.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_is_a_repository_and_a_number() {
        assert_eq!(issue_of("acme/todo#1").unwrap(), ("acme/todo", 1));
        for text in ["", "acme/todo", "acme#1", "acme/todo#0", "acme/todo#x", "acme/todo#-1"] {
            assert_eq!(issue_of(text).unwrap_err().code, 2, "{text}");
        }
    }
}
