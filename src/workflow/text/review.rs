//! Answers to reviews: one review of ours for all remarks.

use std::collections::BTreeSet;

use super::markdown::{plain, prose};
use super::words::{Doc, TITLE_CHARS, commit_link, count, enumerate, provenance};
use crate::workflow::answer::Reply;
use crate::workflow::fact::{ReviewView, Target};
use crate::workflow::ids::Sha;
use crate::workflow::model::Workflow;

/// Characters of an answer.
const REPLY_CHARS: usize = 4_000;

/// A review that answers others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewAnswer {
    /// Its text, Markdown.
    pub body: String,
    /// Its answers in the threads, at most one a thread's remark.
    pub replies: Vec<ThreadReply>,
}

/// An answer in a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadReply {
    /// Numeric id of the comment answered.
    pub comment: u64,
    /// Node id of its thread.
    pub thread: String,
    /// Markdown.
    pub text: String,
}

/// Answers these reviews of a target; `commit` is the one made for them.
#[must_use]
pub fn answer(w: &Workflow, target: Target, reviews: &[u64], replies: &[Reply], commit: &Sha) -> ReviewAnswer {
    let answered: Vec<&ReviewView> = w
        .track(target)
        .map(|t| reviews.iter().filter_map(|id| t.reviews.get(id)).collect())
        .unwrap_or_default();
    let link = commit_link(w, commit);
    let mut threads = Vec::new();
    let mut done = BTreeSet::new();
    let mut silent = 0;
    for remark in answered.iter().flat_map(|r| &r.remarks) {
        if !done.insert(remark.id) {
            continue;
        }
        match replies.iter().find(|r| r.remark == remark.id && !r.text.trim().is_empty()) {
            Some(reply) => threads.push(ThreadReply {
                comment: remark.id,
                thread: remark.thread.clone(),
                text: format!("{}\n\nIn {link}.", prose(&reply.text, REPLY_CHARS)),
            }),
            None => silent += 1,
        }
    }
    ReviewAnswer {
        body: body(w, &answered, silent, &link),
        replies: threads,
    }
}

fn body(w: &Workflow, answered: &[&ReviewView], silent: usize, link: &str) -> String {
    let mut doc = Doc::default();
    let names: BTreeSet<String> = answered.iter().map(|r| plain(&r.by.login, TITLE_CHARS)).collect();
    let names: Vec<String> = names.into_iter().collect();
    if names.is_empty() {
        doc.add(format!("What was asked for is taken up in {link}."));
    } else {
        doc.add(format!("What {} asked for is taken up in {link}.", enumerate(&names, "and")));
    }
    if silent > 0 {
        let verb = if silent == 1 { "has" } else { "have" };
        doc.add(format!(
            "{} {verb} no answer of {} own; please look at the commit.",
            count(silent, "remark"),
            if silent == 1 { "its" } else { "their" }
        ));
    }
    doc.add(provenance(w));
    doc.finish()
}
