//! The script for the demo's issue: three phases of real code, one of them with a slip that its own test finds.
//!
//! The slip is in the first version only, where a person would make it: what has no priority is given the place of `Z`.
//! Its repair is not in here; it is derived from the log like any other.
//!
//! Invariant: a scripted phase is recognised by everything the plan says of it; a plan that people changed is not.

use crate::workflow::answer::{FileChange, PhaseDraft, Requirements};
use crate::workflow::plan::PlannedPhase;

use super::naming;

/// The demo's issue.
pub(super) const TITLE: &str = "Let todo read, rank and list its items";

/// A phase of the script.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) slug: &'static str,
    title: &'static str,
    goal: &'static str,
    criteria: [&'static str; 2],
    after: &'static [&'static str],
    source: &'static str,
    test: &'static str,
}

/// The phases in order.
pub(super) const PARTS: [Part; 3] = [
    Part {
        slug: "parser",
        title: "Parse a line",
        goal: "Read a line such as `[x] (A) buy milk` as an entry; mark and priority may be missing, a line without text is \
               refused with the reason.",
        criteria: [
            "`src/parser.rs` reads a line with `parse` and refuses one without text",
            "`tests/parser.rs` checks `mark_and_priority_may_be_missing` and `a_line_without_text_is_refused_with_the_reason`",
        ],
        after: &[],
        source: include_str!("todo/parser.rs.txt"),
        test: include_str!("todo/parser_test.rs.txt"),
    },
    Part {
        slug: "priority",
        title: "Rank items",
        goal: "Put what is open before what is done, then go by priority from A to Z with none last, then by the order given.",
        criteria: [
            "`src/priority.rs` gives every priority a `place` and orders entries with `rank`",
            "`tests/priority.rs` checks `no_priority_comes_behind_every_priority` and \
             `open_comes_before_done_and_equals_keep_their_order`",
        ],
        after: &[],
        source: include_str!("todo/priority.rs.txt"),
        test: include_str!("todo/priority_test.rs.txt"),
    },
    Part {
        slug: "listing",
        title: "List items",
        goal: "Read many lines, rank them and print them numbered; name a line that cannot be read by its number.",
        criteria: [
            "`src/listing.rs` lists many lines with `list`",
            "`tests/listing.rs` checks `entries_are_ranked_and_numbered` and `a_line_that_cannot_be_read_is_named_by_its_number`",
        ],
        after: &["parser", "priority"],
        source: include_str!("todo/listing.rs.txt"),
        test: include_str!("todo/listing_test.rs.txt"),
    },
];

/// The file the script builds on; where it is missing the repository is another one.
pub(super) const BUILT_ON: &str = "src/item.rs";

impl Part {
    /// The phase as the plan proposes it; `place` tells the place of another part, if it is in the plan.
    pub(super) fn draft(&self, place: impl Fn(&str) -> Option<u32>) -> PhaseDraft {
        PhaseDraft {
            slug: self.slug.to_owned(),
            title: self.title.to_owned(),
            goal: self.goal.to_owned(),
            files: vec![naming::source(self.slug), naming::test(self.slug)],
            tests: vec![naming::test(self.slug)],
            untested_because: None,
            criteria: self.criteria.iter().map(|criterion| (*criterion).to_owned()).collect(),
            depends_on: self.after.iter().filter_map(|slug| place(slug)).collect(),
        }
    }

    /// Whether a planned phase is this part.
    pub(super) fn is(&self, phase: &PlannedPhase) -> bool {
        let mut files = vec![naming::source(self.slug), naming::test(self.slug)];
        files.sort();
        phase.goal == self.goal && phase.title == self.title && phase.files == files && phase.criteria == self.criteria
    }

    /// The files in their first version.
    pub(super) fn files(&self) -> Vec<FileChange> {
        [(naming::source(self.slug), self.source), (naming::test(self.slug), self.test)]
            .map(|(path, content)| FileChange {
                path,
                content: Some(content.to_owned()),
            })
            .into()
    }
}

/// The scripted part that a planned phase of the demo's issue is.
pub(super) fn part(title: &str, phase: &PlannedPhase) -> Option<&'static Part> {
    (title == TITLE).then(|| PARTS.iter().find(|part| part.is(phase))).flatten()
}

/// The requirements of the demo's issue.
pub(super) fn requirements() -> Requirements {
    Requirements {
        summary:
            "Lines of text are read as entries with mark and priority, ranked, and listed with numbers; what cannot be read \
                  is named. (Offline model: this issue has a script.)"
                .to_owned(),
        criteria: PARTS.iter().flat_map(|part| part.criteria).map(str::to_owned).collect(),
        questions: Vec::new(),
    }
}
