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
    /// Whether a planned phase builds this part.
    pub(super) fn is_in(&self, phase: &PlannedPhase) -> bool {
        phase.goal.lines().any(|line| line == self.goal)
    }

    fn paths(&self) -> [String; 2] {
        [naming::source(self.slug), naming::test(self.slug)]
    }
}

/// The phases that build these parts; when there are more than `most`, the rest go into the last one.
pub(super) fn drafts(parts: &[&Part], most: usize) -> Vec<PhaseDraft> {
    let alone = parts.len().min(most) - 1;
    let groups: Vec<&[&Part]> = parts[..alone].chunks(1).chain([&parts[alone..]]).collect();
    let place = |slug: &str| {
        (1..)
            .zip(&groups)
            .find(|(_, group)| group.iter().any(|part| part.slug == slug))
            .map(|(place, _)| place)
    };
    let draft = |(own, group): (u32, &&[&Part])| PhaseDraft {
        slug: group[0].slug.to_owned(),
        title: group.iter().map(|part| part.title).collect::<Vec<_>>().join(", "),
        goal: group.iter().map(|part| part.goal).collect::<Vec<_>>().join("\n"),
        files: group.iter().flat_map(|part| part.paths()).collect(),
        tests: group.iter().map(|part| naming::test(part.slug)).collect(),
        untested_because: None,
        criteria: group.iter().flat_map(|part| part.criteria).map(str::to_owned).collect(),
        depends_on: group
            .iter()
            .flat_map(|part| part.after)
            .filter_map(|slug| place(slug))
            .filter(|needed| *needed != own)
            .collect(),
    };
    (1..).zip(&groups).map(draft).collect()
}

/// The files in their first version, if a planned phase of the demo's issue builds scripted parts and nothing else.
pub(super) fn files(title: &str, phase: &PlannedPhase) -> Option<Vec<FileChange>> {
    let parts: Vec<&Part> = PARTS.iter().filter(|part| part.is_in(phase)).collect();
    let mut paths: Vec<String> = parts.iter().flat_map(|part| part.paths()).collect();
    paths.sort();
    let file = |part: &&Part| part.paths().into_iter().zip([part.source, part.test]);
    let files = parts.iter().flat_map(file).map(|(path, content)| FileChange {
        path,
        content: Some(content.to_owned()),
    });
    (title == TITLE && !parts.is_empty() && phase.files == paths).then(|| files.collect())
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
