//! A maintainer's afternoon, as `examples/afternoon.sh` drives it by curl: a plan is revised, phases are left out, held, begun
//! afresh and taken back, the budget is raised, the work is released, and then all of it is taken back.
//!
//! Invariant: the script compares the default branch's tree with the one from before; here it is seen that it did.

use std::process::Command;

use super::run;
use super::town::{Plan, Town};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/afternoon.sh");

#[test]
fn a_maintainers_afternoon_by_curl() {
    let mut town = Town::found(Plan {
        webhooks: true,
        ..Plan::default()
    });
    town.serve();
    let tree = |town: &Town| town.read("commits/main")["commit"]["tree"]["sha"].clone();
    let before = tree(&town);
    let mut people = Command::new("bash");
    people
        .arg(SCRIPT)
        .env("GITHUB", &town.github)
        .env("MILLHAND", town.bot_url())
        .env("MILLHAND_API_TOKEN", "let-me-in");
    let (code, told, err) = run(&mut people);
    assert_eq!(code, 0, "{told}{err}");
    assert_eq!(tree(&town), before);
    eprintln!("{told}");
    for line in [
        "17: handoff_to_coder -> planning  (plan revised, maintainer)",
        "23: verification -> handoff_to_coder 2 (phase restarted from scratch, maintainer)",
        "10: deployment -> complete  (released)",
        "28: complete -> deployment  (rollback after the release, maintainer)",
        "9: handoff_to_releaser -> deployment  (for a person to merge)",
        "10: deployment -> complete  (rolled back, reviewer)",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    town.issue = 3;
    town.assert_replays();
    assert_eq!(town.take_bot().stop(), 0);
}
