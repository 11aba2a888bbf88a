//! `list`, `status`, `history`, `events`, `handoffs`: what a server knows.

use serde_json::Value;

use super::args::{Read, Which};
use super::client::{Client, part};
use super::failure::Failure;
use super::{out, show};
use crate::config::Config;

pub(super) async fn read(what: Read, config: &Config) -> Result<(), Failure> {
    match what {
        Read::List {
            repository,
            state,
            status,
            limit,
            server,
        } => {
            let client = Client::new(&server, config)?;
            let filters = [("repository", repository), ("state", state), ("status", status)];
            let given: Vec<String> = filters
                .iter()
                .filter_map(|(name, value)| Some(format!("{name}={}", part(value.as_deref()?))))
                .collect();
            let path = if given.is_empty() {
                "workflows".to_owned()
            } else {
                format!("workflows?{}", given.join("&"))
            };
            let list = client.list(&path, "workflows", limit).await?;
            print(server.json, &list, show::workflows);
        }
        Read::Status(which) => {
            let whole = Client::new(&which.server, config)?
                .get(&format!("workflows/{}", part(&which.id)))
                .await?;
            print(which.server.json, &whole, show::workflow);
        }
        Read::History(which) => log(&which, config, ("history", "transitions"), show::history).await?,
        Read::Events(which) => log(&which, config, ("events", "events"), show::events).await?,
        Read::Handoffs(which) => log(&which, config, ("handoffs", "handoffs"), show::handoffs).await?,
    }
    Ok(())
}

async fn log(which: &Which, config: &Config, (route, member): (&str, &str), show: fn(&Value)) -> Result<(), Failure> {
    let client = Client::new(&which.server, config)?;
    let list = client
        .list(&format!("workflows/{}/{route}", part(&which.id)), member, usize::MAX)
        .await?;
    print(which.server.json, &list, show);
    Ok(())
}

fn print(json: bool, value: &Value, show: fn(&Value)) {
    if json { out::json(value) } else { show(value) }
}
