//! From the label to `complete`, as a new user drives it: two processes and HTTP.
//!
//! Invariant: every issue here is one that no script of the offline model knows.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::run;
use super::town::{Plan, Town};

const TITLE: &str = "Greet people";
const BODY: &str = "- greet by name\n- say goodbye\n- do both (after 1, 2)\n";

fn labelled(plan: Plan) -> Town {
    let mut town = Town::found(plan);
    town.serve();
    town.open_issue(TITLE, BODY);
    town.label();
    town
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut git = Command::new("git");
    git.env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", folder);
    git.env("GIT_CONFIG_NOSYSTEM", "1").current_dir(folder).args(arguments);
    let (code, out, err) = run(&mut git);
    assert_eq!(code, 0, "git {arguments:?}: {out}{err}");
    assert!(
        !err.contains("warning") && !err.contains("error"),
        "git {arguments:?}: {out}{err}"
    );
    out.trim().to_owned()
}

/// A clone of the default branch in which Git finds nothing wrong.
pub(super) fn sound_clone(town: &Town) -> PathBuf {
    let top = town.folder.path();
    git(top, &["clone", "--quiet", &format!("{}/acme/todo.git", town.github), "clone"]);
    let clone = top.join("clone");
    for arguments in [&["fsck", "--strict"][..], &["fsck", "--full", "--strict", "--no-dangling"]] {
        assert_eq!(git(&clone, arguments), "");
    }
    assert_eq!(
        git(&clone, &["branch", "--remotes", "--format=%(refname:lstrip=3)"]),
        "HEAD\nmain"
    );
    clone
}

#[test]
fn an_issue_that_no_script_knows_becomes_merged_code() {
    let mut town = labelled(Plan {
        webhooks: true,
        ..Plan::default()
    });
    let workflow = town.until_complete();
    assert_eq!(workflow["state"], "complete");
    assert_eq!(town.read(&format!("issues/{}", town.issue))["state"], "closed");

    let clone = sound_clone(&town);
    let phases = workflow["phases"].as_array().unwrap();
    assert_eq!(phases.len(), 3);
    let mut merged = vec![workflow["release"]["merged"].as_str().unwrap().to_owned()];
    for phase in phases {
        let sha = phase["merged"].as_str().unwrap();
        merged.push(sha.to_owned());
        let written = git(&clone, &["diff", "--name-only", &format!("{sha}^1"), sha]);
        assert_eq!(written.lines().count(), 2, "a file and its test: {written}");
        for file in written.lines() {
            assert!(clone.join(file).is_file(), "{file} of {} is not in the clone", phase["id"]);
            assert_eq!(
                git(&clone, &["rev-parse", &format!("HEAD:{file}")]),
                git(&clone, &["rev-parse", &format!("{sha}:{file}")])
            );
        }
    }
    let history = git(&clone, &["rev-list", "HEAD"]);
    for sha in &merged {
        assert!(history.contains(sha), "{sha} is not in the default branch");
    }
    for sha in history.lines() {
        let told = town.read(&format!("git/commits/{sha}"));
        let tree = git(&clone, &["rev-parse", &format!("{sha}^{{tree}}")]);
        assert_eq!(told["tree"]["sha"], tree.as_str(), "{sha}");
    }
    let mut ci = Command::new("sh");
    let (code, out, err) = run(ci.arg("ci.sh").current_dir(&clone));
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("test result: ok"), "{out}");
    town.assert_replays();
    assert_eq!(town.take_bot().stop(), 0);
}

#[test]
fn without_any_webhook_it_is_built_all_the_same() {
    let mut town = labelled(Plan {
        settings: &[("MILLHAND__RECONCILE__ACTIVE_SECONDS", "2")],
        ..Plan::default()
    });
    town.until_complete();
    let sent = town.verb("deliveries");
    assert!(
        sent.as_array().unwrap().iter().all(|row| row["outcome"] == "no_target"),
        "{sent:#}"
    );
    sound_clone(&town);
    town.assert_replays();
}

#[test]
fn webhooks_of_a_wrong_secret_move_nothing_and_hinder_nothing() {
    let mut town = labelled(Plan {
        webhooks: true,
        estranged: true,
        no_ci: true,
        settings: &[
            ("MILLHAND__RECONCILE__ACTIVE_SECONDS", "1"),
            ("MILLHAND__DEFAULTS__CI__ABSENT", "proceed"),
            ("MILLHAND__DEFAULTS__CI__GRACE_MINUTES", "0.01"),
        ],
        ..Plan::default()
    });
    town.until_complete();
    let sent = town.verb("deliveries");
    let sent = sent.as_array().unwrap();
    assert!(sent.len() > 20, "{sent:#?}");
    for row in sent
        .iter()
        .filter(|row| row["outcome"] != "pending" && row["outcome"] != "sending")
    {
        assert_eq!(
            (&row["outcome"], &row["status"]),
            (&"answered".into(), &401.into()),
            "{row:#}"
        );
    }
    // The bot itself is well: GitHub and the database answer it.
    let (status, ready) = town.bot_says("/readyz").unwrap();
    assert_eq!(status, 200, "{ready}");
    town.assert_replays();
}
