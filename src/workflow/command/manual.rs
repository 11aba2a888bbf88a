//! The table of commands in words: the answer to `/help`, and the page `docs/commands.md`.
//!
//! Invariant: no command is described but out of the table.

use super::table::{Name, TABLE};

/// What `/help` says besides the list; also stands in the documentation.
const HOW_TO_WRITE: &str = "Write a command at the start of a line. Leave an empty line between it and a quote, a list or a \
    table above it, else it belongs to them. It is read once, as the comment was first sent; at most five a comment.";

/// What a person may do now, as Markdown. `allowed` is the core's answer for this person and moment, `bare` the setting
/// `commands.bare`.
#[must_use]
pub fn help(allowed: &[Name], bare: bool) -> String {
    let rows: Vec<String> = TABLE
        .iter()
        .filter(|entry| allowed.contains(&entry.name))
        .map(|entry| format!("- `{}` {}", entry.usage(bare), entry.does))
        .collect();
    if rows.is_empty() {
        return "There is nothing you may do here now; commands need permission in this repository.".to_owned();
    }
    let other = if bare {
        "\n`/millhand <command>` is the same as `/<command>`."
    } else {
        ""
    };
    format!("What you may do now:\n\n{}\n\n{HOW_TO_WRITE}{other}\n", rows.join("\n"))
}

/// The text of `docs/commands.md`; a test holds that the file equals it.
#[must_use]
pub fn commands_md() -> String {
    let rows: Vec<String> = TABLE
        .iter()
        .map(|entry| {
            format!(
                "| `{}` | {} | {} | {} |",
                entry.usage(true).replace('|', "\\|"),
                entry.does,
                entry.who.words(),
                entry.needs.words()
            )
        })
        .collect();
    format!("{MD_HEAD}\n{}\n{MD_TAIL}", rows.join("\n"))
}

const MD_HEAD: &str = "# Commands

Written in a comment on the issue or on one of Millhand's pull requests. `/millhand <command>` is the same as `/<command>`; with
`commands.bare: false` it is the only form, and the short one is left to other programs.

| command | what it does | who may | needs |
|---|---|---|---|";

const MD_TAIL: &str = "
A phase is named by its number (`2`) or its id (`02-parser`); a hash by at least seven of its digits.

## How a comment is read

- Write a command at the start of a line. Capital letters do not matter.
- In code, quotes, lists, tables, HTML comments and edited comments a command does nothing.
- A line directly under a quote, a list or a table belongs to it in Markdown: leave an empty line above the command.
- A comment is read once, as it was first sent. At most five commands of it are run.
- The answer is a reaction: eyes when it was read, then +1 or confused. A refused command gets one short reply that says why and
  what to do; a start that is refused gets the reaction only.
- A misspelt command gets one suggestion. Commands of other programs are left alone.
- The text of `/revise` and the hint of `/retry` are passed on without HTML.

## Reviews

On Millhand's pull requests the reviews of people with write permission count, by their last word; those of others start
nothing and are context for what is written next.

- One that requests changes, or that comments on a line, is taken up: by one commit and one review in answer for all that came in before
  `reviews.quiet_seconds` of quiet, with an answer in each thread. Whoever requested changes is then waited for.
- One that approves is an approval, also with remarks: they go to the release notes as open remarks.
- One that only comments and on no line is read like a comment: its commands are run. A comment in a pull request without a command is
  guidance for the next attempt; eyes say that it was read. It starts nothing.
- An approval counts for the changes it saw. Commits that change them void it, and the check run and what is waited for say so; where
  Millhand merged the base in and the diff stayed the same it counts on, and the check run shows both commits to compare.
- Threads are resolved by people. Where the rules ask for that, what is waited for links to the open ones; once they are resolved
  Millhand merges by itself.

## Buttons

The check run `millhand` of a pull request's newest commit has up to three buttons. They do what the command does that is written in
that pull request, for the people who may write it:

- `Approve`, where something there waits for an `/approve`: it counts for this commit, or for this change of protected paths.
- `Retry`, where it is stuck.
- `Hold`, or `Unhold` once it is held, until it is merged.

A press counts as long as the check run's commit is the newest and the state still offers that button. Else nothing happens; the log
says why, and whoever may press reads it in the check run. GitHub tells a press by a webhook only and keeps no list of presses: where
Millhand gets no webhooks buttons are not heard, and a press whose webhook never arrives has to be repeated. A command in a comment is
always heard.

## Who may

Permission is what GitHub answers at that moment, never the association shown beside a comment. Bots command nothing; one that is
listed in `triggers.bots` may start work and nothing else. Questions are answered by the issue's author or by anybody with write
permission, in a plain comment.
";
