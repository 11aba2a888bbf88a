//! `millhand validate` and `millhand schema`, as people run them.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{millhand, run};

fn write(folder: &TempDir, file: &str, text: &[u8]) {
    let path = folder.path().join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn validate(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    run(millhand(folder).arg("validate").args(arguments))
}

#[test]
fn a_good_file_shows_what_holds() {
    let folder = TempDir::new().unwrap();
    write(
        &folder,
        ".github/millhand.yml",
        b"recipe: single\nlimits:\n  budget_usd: 80\nnotifications:\n  events: [failed]\n",
    );
    let (code, out, err) = validate(folder.path(), &[]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(
        err,
        ".github/millhand.yml:5:3: warning: `notifications.events` has no effect in this version.\n\
         .github/millhand.yml:3:15: warning: `limits.budget_usd` is `80` in the file; the operator's policy allows less, and `50` holds.\n"
    );
    let line = |key: &str| {
        out.lines()
            .find(|line| line.contains(key))
            .unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(line("recipe"), "recipe single repository");
    assert_eq!(
        line("limits.budget_usd"),
        "limits.budget_usd 50 repository, held at the operator's policy"
    );
    assert_eq!(line("limits.phases"), "limits.phases 6 built in");
}

#[test]
fn a_bad_file_is_told_with_its_place() {
    let folder = TempDir::new().unwrap();
    write(&folder, "other.yml", b"limits:\n  phasez: 3\n");
    let (code, out, err) = validate(folder.path(), &["other.yml"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(err, "other.yml:2:3: `phasez` is no key of `limits`; did you mean `phases`?\n");
    let (code, out, err) = validate(folder.path(), &["other.yml", "--json"]);
    assert_eq!((code, err.as_str()), (2, ""));
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        told,
        json!({
            "file": "other.yml", "valid": false, "warnings": [], "settings": [],
            "errors": [{ "line": 2, "column": 3, "sentence": "`phasez` is no key of `limits`; did you mean `phases`?" }]
        })
    );
}

#[test]
fn programs_get_json() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.yml", b"delivery: stacked\nlimits: { phases: 9 }\n");
    let (code, out, err) = run(millhand(folder.path())
        .args(["validate", "a.yml", "--json"])
        .env("MILLHAND__POLICY__LIMITS__PHASES", "4")
        .env("MILLHAND__DEFAULTS__COMMANDS__BARE", "false"));
    assert_eq!((code, err.as_str()), (0, ""));
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&told["valid"], &told["errors"]), (&json!(true), &json!([])));
    let warnings: Vec<(&Value, &Value)> = told["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["key"], &it["line"]))
        .collect();
    assert_eq!(
        warnings,
        [(&json!("delivery"), &json!(1)), (&json!("limits.phases"), &json!(2))]
    );
    let row = |key: &str| {
        told["settings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["key"] == key)
            .unwrap()
            .clone()
    };
    assert_eq!(row("limits.phases")["value"], json!(4));
    assert_eq!(row("limits.phases")["origin"], "held");
    assert_eq!(
        (&row("commands.bare")["value"], &row("commands.bare")["origin"]),
        (&json!(false), &json!("operator"))
    );
    assert_eq!(row("delivery")["origin"], "built_in");
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = TempDir::new().unwrap();
    write(&folder, "real.yml", b"recipe: single\n");
    std::os::unix::fs::symlink("real.yml", folder.path().join("link.yml")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("dangling.yml")).unwrap();
    write(&folder, "large.yml", &vec![b'#'; 10 * 1024 * 1024]);
    for (file, exit, begins) in [
        ("link.yml", 2, "millhand: link.yml is a symbolic link"),
        ("dangling.yml", 2, "millhand: dangling.yml is a symbolic link"),
        (".", 2, "millhand: . is no file"),
        ("absent.yml", 3, "millhand: There is no file absent.yml."),
        ("large.yml", 2, "large.yml:1:1: The file has more than 64 KiB"),
    ] {
        let (code, out, err) = validate(folder.path(), &[file]);
        assert_eq!((code, out.as_str()), (exit, ""), "{file}: {err}");
        assert!(err.starts_with(begins), "{file}: {err}");
        assert_eq!(err.lines().count(), 1, "{err}");
    }
    let (code, _, err) = validate(folder.path(), &[]);
    assert!(code == 3 && err.contains(".github/millhand.yml"), "{err}");
}

#[test]
fn the_schema_is_printed() {
    let folder = TempDir::new().unwrap();
    for arguments in [&["schema"][..], &["schema", "--json"]] {
        let (code, out, err) = run(millhand(folder.path()).args(arguments));
        assert_eq!((code, err.as_str()), (0, ""));
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/millhand.schema.json");
        assert_eq!(out, std::fs::read_to_string(shipped).unwrap());
    }
}
