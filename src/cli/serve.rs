//! `serve`: the bot, until it is told to stop.

use super::failure::Failure;
use super::service::Service;
use super::{out, signals};
use crate::config::Config;

pub(super) async fn serve(config: &Config) -> Result<(), Failure> {
    let stop = signals::told_to_stop();
    let mut service = Service::start(config).await?;
    tell(config, &service);
    let end = tokio::select! {
        () = stop => Ok(()),
        failure = service.broken() => Err(failure),
    };
    if end.is_ok() {
        out::line("Stopping.");
    }
    service.stop().await;
    end
}

fn tell(config: &Config, service: &Service) {
    let here = format!("http://{}", service.address);
    let base = config.base_url.as_ref().unwrap_or(&here);
    out::line(&format!("Millhand listens at {here}; GitHub is {}", config.endpoints.web));
    out::line(&format!("Webhooks: {base}/webhooks/github"));
    match &config.api_token {
        Some(_) => out::line(&format!("API: {base}/api/v1/workflows, with the token of MILLHAND_API_TOKEN")),
        None => out::line("API: closed, since MILLHAND_API_TOKEN is not set: every request is answered with 401"),
    }
    if config.model.as_deref() == Some("offline") {
        out::line("Model: offline. It is scripted and understands no language; its prices are nominal");
    }
    out::line(&format!("Database: {}", config.database));
}
