//! `git http-backend`, the CGI program that comes with git, as a function from request to response.
//!
//! Invariant: the program sees nothing of our environment but `PATH`, and no configuration but the repository's own.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::sentence;

/// The program that has `http-backend`.
pub(super) const GIT: &str = "git";

/// One request to the program.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    /// The program: [`GIT`].
    pub(super) program: &'a str,
    /// Folder that holds the repositories.
    pub(super) root: &'a Path,
    /// Path below it, `/acme/todo.git/info/refs`.
    pub(super) path: &'a str,
    /// Query without `?`.
    pub(super) query: &'a str,
    /// `GET` or `POST`.
    pub(super) method: &'a str,
    /// The client's headers.
    pub(super) headers: &'a HeaderMap,
    /// Who pushes. Setting it is what opens `receive-pack`.
    pub(super) pusher: Option<&'a str>,
}

/// Runs the program to its end. Without git the answer is 501 with a sentence.
pub(super) fn run(asked: &Asked<'_>, body: &[u8]) -> Response<Body> {
    match talk(asked, body) {
        Ok(output) if output.is_empty() => sentence(StatusCode::NOT_IMPLEMENTED, "This machine's git has no http-backend."),
        Ok(output) => response(&output),
        Err(error) if error.kind() == io::ErrorKind::NotFound => sentence(
            StatusCode::NOT_IMPLEMENTED,
            "git is not installed here, so nothing can be cloned or pushed.",
        ),
        Err(error) => sentence(StatusCode::INTERNAL_SERVER_ERROR, &format!("git http-backend: {error}")),
    }
}

fn talk(asked: &Asked<'_>, body: &[u8]) -> io::Result<Vec<u8>> {
    let mut child = command(asked, body.len()).spawn()?;
    let output = std::thread::scope(|scope| {
        let stdin = child.stdin.take();
        // In a thread of its own: the program may answer before it has read everything, and would then wait for us.
        let feeding = scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(body)));
        let output = read(&mut child);
        // A program that refuses closes its end early; its answer says so better than a broken pipe.
        drop(feeding.join());
        output
    });
    child.wait()?;
    output
}

fn read(child: &mut Child) -> io::Result<Vec<u8>> {
    let mut output = Vec::new();
    if let Some(stdout) = child.stdout.as_mut() {
        io::copy(stdout, &mut output)?;
    }
    Ok(output)
}

fn command(asked: &Asked<'_>, length: usize) -> Command {
    let header = |name: HeaderName| {
        asked
            .headers
            .get(name)
            .map(|value| OsString::from(String::from_utf8_lossy(value.as_bytes()).as_ref()))
    };
    let mut command = Command::new(asked.program);
    command
        .arg("http-backend")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", "/nonexistent")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        // The folder may belong to whoever made it; we were told to serve it.
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*")
        .env("GIT_PROJECT_ROOT", asked.root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", asked.path)
        .env("QUERY_STRING", asked.query)
        .env("REQUEST_METHOD", asked.method)
        .env("CONTENT_LENGTH", length.to_string())
        .env("REMOTE_ADDR", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let passed = [
        ("CONTENT_TYPE", header(header::CONTENT_TYPE)),
        ("HTTP_CONTENT_ENCODING", header(header::CONTENT_ENCODING)),
        ("GIT_PROTOCOL", header(HeaderName::from_static("git-protocol"))),
        ("REMOTE_USER", asked.pusher.map(OsString::from)),
    ];
    for (name, value) in passed {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command
}

/// A CGI answer: header lines, an empty line, the body. `Status:` sets the code, absent it is 200.
fn response(output: &[u8]) -> Response<Body> {
    let (head, body) = split(output);
    let mut response = Response::new(Body::from(body.to_vec()));
    for line in String::from_utf8_lossy(head).lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        if name.eq_ignore_ascii_case("status") {
            let code = value.split(' ').next().and_then(|code| code.parse().ok());
            *response.status_mut() = code.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        } else if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn split(output: &[u8]) -> (&[u8], &[u8]) {
    let end = |mark: &[u8]| {
        output
            .windows(mark.len())
            .position(|window| window == mark)
            .map(|at| (at, at + mark.len()))
    };
    match end(b"\r\n\r\n").into_iter().chain(end(b"\n\n")).min() {
        Some((head, body)) => (&output[..head], &output[body..]),
        None => (output, &[]),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::http::HeaderMap;

    use super::{Asked, response, run};

    #[tokio::test]
    async fn without_git_the_answer_says_so() {
        let asked = Asked {
            program: "git-that-is-not-installed",
            root: std::path::Path::new("/"),
            path: "/acme/todo.git/info/refs",
            query: "service=git-upload-pack",
            method: "GET",
            headers: &HeaderMap::new(),
            pusher: None,
        };
        let answer = run(&asked, b"");
        assert_eq!(answer.status().as_u16(), 501);
        let sentence = to_bytes(answer.into_body(), 1000).await.unwrap();
        assert!(String::from_utf8_lossy(&sentence).contains("git is not installed"));
    }

    #[tokio::test]
    async fn a_cgi_answer_becomes_a_response() {
        let found = response(b"Status: 404 Not Found\r\nContent-Type: text/plain\r\n\r\nno\n\nsuch");
        assert_eq!(
            (found.status().as_u16(), found.headers()["content-type"].to_str().unwrap()),
            (404, "text/plain")
        );
        assert_eq!(to_bytes(found.into_body(), 100).await.unwrap().as_ref(), b"no\n\nsuch");
        assert_eq!(response(b"Cache-Control: no-cache\r\n\r\n").status().as_u16(), 200);
    }
}
