//! The log of a failed job: the one redirect that is followed, and by hand.
//!
//! GitHub answers with an address at a storage host that is good for a minute and carries its own signature; it refuses our
//! token there. So the address is fetched without credentials, only over https (or on this machine), once, and only the end
//! of the log is kept: that is where it failed.
//!
//! Invariant: a log is untrusted text; no signed address is logged, stored or shown.

use http::header::LOCATION;
use url::Url;

use super::Github;
use super::endpoints::is_guarded;
use super::error::{Error, optional};
use super::request::{Request, Scope, below};
use super::types::Repo;
use super::wire::Keep;

/// How much of a log's end is kept, in bytes: some thousand lines.
const LOG_TAIL: usize = 256 * 1024;

/// The longest log that is read to its end, in bytes.
const LOG_MOST: usize = 128 * 1024 * 1024;

/// The end of a job's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTail {
    /// Its text, as it is: with time stamps and colour codes.
    pub text: String,
    /// Whether its beginning is missing.
    pub cut: bool,
}

impl Github {
    /// The end of the log of a job of Actions; `None` while the job runs and after the log expired.
    ///
    /// # Errors
    /// [`Error::Malformed`] if GitHub names an address that may not be fetched, or the log is larger than any sensible one.
    pub async fn job_log(&self, repo: &Repo, job: u64) -> Result<Option<LogTail>, Error> {
        let path = below(repo, &format!("/actions/jobs/{job}/logs"));
        let Some(reply) = optional(self.call_unfollowed(Scope::read(repo), Request::get(path)).await)? else {
            return Ok(None);
        };
        let body = if reply.status.is_redirection() {
            let location = reply.headers.get(LOCATION).and_then(|value| value.to_str().ok());
            let url = location.and_then(|text| Url::parse(text).ok()).filter(is_guarded);
            let Some(url) = url else {
                return Err(Error::malformed("a job log's address must be https and hold no credentials"));
            };
            if !url.username().is_empty() || url.password().is_some() {
                return Err(Error::malformed("a job log's address must be https and hold no credentials"));
            }
            let log = self
                .fetch(
                    url.as_str(),
                    Keep::Tail {
                        last: LOG_TAIL,
                        of: LOG_MOST,
                    },
                )
                .await?;
            match log.status.as_u16() {
                200 => log.body,
                404 | 410 => return Ok(None),
                _ => return Err(self.refusal(&log)),
            }
        } else {
            reply.body
        };
        let cut = body.len() >= LOG_TAIL;
        // The window may begin inside a character.
        let text = String::from_utf8_lossy(&body);
        let text = if cut {
            text.split_once('\n').map_or(&*text, |(_, rest)| rest)
        } else {
            &*text
        };
        Ok(Some(LogTail {
            text: text.to_owned(),
            cut,
        }))
    }
}
