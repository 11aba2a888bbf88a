//! All integration tests, in one binary.

mod repo_path;
