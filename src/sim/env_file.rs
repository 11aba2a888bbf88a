//! The settings with which a bot reaches this simulated GitHub.
//!
//! Invariant: the file appears whole or not at all, and the key beside it can be read by its owner only.

use std::io::Write;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;
use tempfile::NamedTempFile;

use crate::sim::seed::APP_SLUG;
use crate::sim::{Sim, SimError};

/// Writes `NAME=value` lines to `path`, and the App's private key beside it, as `<path>.private-key.pem` with mode 0600.
/// Call it when the port listens: whoever waits for the file may start at once.
///
/// # Errors
/// When a file cannot be written.
pub fn env_file(sim: &Sim, path: &Path) -> Result<(), SimError> {
    let whole = std::path::absolute(path).map_err(|source| SimError::File {
        path: path.to_owned(),
        source,
    })?;
    let mut name = whole.clone().into_os_string();
    name.push(".private-key.pem");
    let key_path = PathBuf::from(name);
    let (text, key) = sim.with(|world| {
        let app = world.app_named(APP_SLUG);
        let lines = [
            ("GITHUB_API_URL", format!("{}/api/v3", world.base_url)),
            ("GITHUB_APP_ID", app.map_or_else(String::new, |app| app.id.to_string())),
            ("GITHUB_PRIVATE_KEY_PATH", key_path.display().to_string()),
            ("GITHUB_WEBHOOK_SECRET", world.webhook_secret.expose_secret().to_owned()),
            ("MILLHAND_MODEL", "offline".to_owned()),
            ("MILLHAND__GITHUB__MUTATION_INTERVAL_MS", "0".to_owned()),
        ];
        let text: String = lines.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        let key = app
            .and_then(|app| app.private_key_pem.as_ref())
            .map_or_else(String::new, |key| key.expose_secret().to_owned());
        (text, key)
    });
    replace(&key_path, &key)?;
    replace(&whole, &text)
}

/// Writes beside and renames. A temporary file has mode 0600 from the start.
fn replace(path: &Path, content: &str) -> Result<(), SimError> {
    let failed = |source| SimError::File {
        path: path.to_owned(),
        source,
    };
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut file = NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(content.as_bytes()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::WebhookTarget;
    use crate::sim::tests::sim;

    #[test]
    fn the_file_has_what_a_bot_needs_and_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let sim = sim(dir.path(), WebhookTarget::None);
        sim.set_base_url("http://127.0.0.1:4000/");
        let path = dir.path().join("sim.env");
        env_file(&sim, &path).unwrap();
        let key = dir.path().join("sim.env.private-key.pem");
        let text = std::fs::read_to_string(&path).unwrap();
        let names: Vec<&str> = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, _)| name)
            .collect();
        let expected = [
            "GITHUB_API_URL",
            "GITHUB_APP_ID",
            "GITHUB_PRIVATE_KEY_PATH",
            "GITHUB_WEBHOOK_SECRET",
            "MILLHAND_MODEL",
            "MILLHAND__GITHUB__MUTATION_INTERVAL_MS",
        ];
        assert_eq!(names, expected);
        assert!(text.starts_with("GITHUB_API_URL=http://127.0.0.1:4000/api/v3\n") && !text.contains(['"', '\'']));
        assert!(text.contains(&format!("GITHUB_PRIVATE_KEY_PATH={}\n", key.display())));
        let pem = std::fs::read(&key).unwrap();
        assert!(pem.starts_with(b"-----BEGIN RSA PRIVATE KEY-----\n"));
        jsonwebtoken::EncodingKey::from_rsa_pem(&pem).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(env_file(&sim, &dir.path().join("none").join("sim.env")).is_err());
    }
}
