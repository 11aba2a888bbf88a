//! Envelopes: data of others between marks that its writers cannot guess.
//!
//! Invariant: what stands in an envelope never holds the envelope's mark.

use hmac::{Hmac, KeyInit as _, Mac as _};
use minijinja::Value;
use serde::Serialize;
use sha2::Sha256;

use super::task::{Conflict, Exchange, FailedCheck, IssueText, Reason, Remark, RepositoryView, SourceFile};

/// The key that makes envelope marks unguessable. It must stay the same over restarts, or no cached answer is found again.
#[derive(Clone)]
pub struct EnvelopeKey(Hmac<Sha256>);

impl EnvelopeKey {
    /// A key made from a secret of the operator's; the secret cannot be had back from it.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        let mut derived = Self::hmac(secret);
        derived.update(b"millhand prompt envelope 1");
        Self(Self::hmac(&derived.finalize().into_bytes()))
    }

    fn hmac(key: &[u8]) -> Hmac<Sha256> {
        Hmac::new_from_slice(key).expect("HMAC takes keys of every length")
    }

    /// The envelope for a task's content.
    pub(super) fn envelope(&self, content: &[u8]) -> Envelope {
        let mut hash = self.0.clone();
        hash.update(content);
        Envelope {
            mark: hex::encode(&hash.finalize().into_bytes()[..16]),
        }
    }
}

impl std::fmt::Debug for EnvelopeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnvelopeKey")
    }
}

/// Wraps what others wrote.
pub(super) struct Envelope {
    pub(super) mark: String,
}

impl Envelope {
    pub(super) fn put(&self, what: &str, by: Option<&str>, text: &str) -> String {
        // A model that has read the mark may write it; who wrote the issue cannot know it.
        let safe = |text: &str| text.replace(&self.mark, "[mark]");
        let by = by.map_or_else(String::new, |by| format!(", by {:?}", safe(by)));
        format!(
            "<<<{mark} {what}{by}\n{text}\n{mark}>>>",
            mark = self.mark,
            what = safe(what),
            text = safe(text)
        )
    }

    pub(super) fn json(&self, what: &str, value: &impl Serialize) -> String {
        // The task's types have no maps with keys other than text: serialising them cannot fail.
        self.put(what, None, &serde_json::to_string_pretty(value).unwrap_or_default())
    }

    pub(super) fn maybe(&self, what: &str, value: Option<&impl Serialize>) -> Value {
        value.map_or_else(|| Value::from(()), |value| Value::from(self.json(what, value)))
    }

    pub(super) fn each(&self, what: &str, texts: &[String]) -> Vec<String> {
        texts.iter().map(|text| self.put(what, None, text)).collect()
    }

    pub(super) fn issue(&self, issue: &IssueText) -> String {
        let text = format!("# {}\n\n{}", issue.title, issue.body);
        self.put(&format!("issue {}", issue.number), Some(&issue.author), &text)
    }

    pub(super) fn exchange(&self, exchange: &Exchange) -> String {
        let questions = self.put("questions asked", None, &exchange.questions.join("\n"));
        format!(
            "{questions}\n{}",
            self.put("answer", Some(&exchange.author), &exchange.answer)
        )
    }

    pub(super) fn repository(&self, view: &RepositoryView) -> String {
        let more = if view.truncated { "\n(and more: the list is cut)" } else { "" };
        self.put(
            &format!("paths of {:?}", view.name),
            None,
            &format!("{}{more}", view.paths.join("\n")),
        )
    }

    pub(super) fn files(&self, files: &[SourceFile]) -> Vec<String> {
        files
            .iter()
            .map(|file| self.put(&format!("file {:?}", file.path), None, &file.content))
            .collect()
    }

    pub(super) fn failure(&self, check: &FailedCheck) -> String {
        let log = if check.readable {
            check.log.as_str()
        } else {
            "(no log could be read)"
        };
        let text = format!(
            "conclusion: {}\n\n{}\n\n{log}",
            check.conclusion,
            check.annotations.join("\n")
        );
        self.put(&format!("check {:?}", check.name), None, &text)
    }

    pub(super) fn reason(&self, reason: &Reason) -> Vec<String> {
        match reason {
            Reason::First | Reason::Hint => Vec::new(),
            Reason::Validation { errors, change } => {
                let mut blocks = self.each("what validation found", errors);
                blocks.push(self.json("the change that was refused", change));
                blocks
            }
            Reason::Checks { diagnosis, failures } => {
                let mut blocks = vec![self.json("diagnosis", diagnosis)];
                blocks.extend(failures.iter().map(|check| self.failure(check)));
                blocks
            }
            Reason::Verdict { findings } => self.each("finding", findings),
            Reason::Conflict { base, files } => {
                let base = self.put("the base it clashes with", None, base);
                let files = files.iter().map(|file| self.conflict(file));
                std::iter::once(base).chain(files).collect()
            }
            Reason::Review { remarks, others } => {
                let asked = remarks
                    .iter()
                    .map(|remark| self.remark(&format!("remark {}", remark.id), remark));
                let beside = others.iter().map(|remark| self.remark("context", remark));
                asked.chain(beside).collect()
            }
        }
    }

    fn conflict(&self, file: &Conflict) -> String {
        let what = match &file.deleted_on {
            None => format!("conflict in {:?}", file.path),
            Some(branch) => format!(
                "conflict: {:?}, deleted on {branch:?}, here as the other side has it",
                file.path
            ),
        };
        self.put(&what, None, &file.text)
    }

    fn remark(&self, what: &str, remark: &Remark) -> String {
        let line = remark.line.map_or_else(String::new, |line| format!(" line {line}"));
        let place = remark
            .path
            .as_ref()
            .map_or_else(String::new, |path| format!(" at {path:?}{line}"));
        self.put(&format!("{what}{place}"), Some(&remark.author), &remark.text)
    }
}
