//! What repositories set: their file is read when the default branch moves, and what it says is kept beside them.
//!
//! Invariant: every open workflow of a repository is told of a change before the change is remembered, so that no process
//! that dies in between leaves one with old settings.

use serde::{Deserialize, Serialize};

use super::job::Job;
use super::perform::{Ended, Performing, Trouble};
use super::{Engine, Parts, reconcile, record, subject};
use crate::github::render::Renderer;
use crate::github::{
    Annotation, AnnotationLevel, CheckReport, Conclusion, Conditional, ConfigurationFile, Conflict, Error, FileContent, Sha,
};
use crate::store::{NewDelivery, RepositoryRow};
use crate::workflow::fact::{Configuration, Fact, FileSeen};
use crate::workflow::ids;
use crate::workflow::repo_config::{self, FILE_BYTES_MAX, Refusal, RepoConfig, effective};
use crate::workflow::text::{check, settings};

/// Where the file lies: its folder, its name.
const PLACE: (&str, &str) = (".github", "millhand.yml");

/// What is known of a repository's file.
#[derive(Debug, Serialize, Deserialize)]
struct Known {
    /// The commit it was read at.
    head: Sha,
    /// To ask with next time.
    etag: Option<String>,
    /// Whether Prow listens there.
    prow: bool,
    file: File,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum File {
    Absent,
    Given(RepoConfig),
    Refused(Refusal),
}

/// What holds in a repository, as far as it was read: the operator's settings before that.
pub(super) fn of(parts: &Parts, row: &RepositoryRow) -> Configuration {
    match known(row) {
        Some(known) => holding(parts, &known),
        None => Configuration::of_operator(&parts.config.settings, &parts.config.policy),
    }
}

/// What holds in a repository that somebody starts work in: it may have been changed a moment ago.
pub(super) async fn at_start(p: &Performing<'_>, row: &RepositoryRow) -> Result<Configuration, Trouble> {
    let etag = known(row).and_then(|known| known.etag);
    Ok(match ask(p, row, etag.as_deref()).await? {
        Some(read) => holding(&p.engine.0, &read),
        None => of(&p.engine.0, row),
    })
}

/// Reads the file if the default branch has moved; tells the open workflows of a change, and the branch's head of a
/// refusal.
pub(super) async fn read(p: &Performing<'_>, row: &RepositoryRow) -> Result<Configuration, Trouble> {
    let before = known(row);
    let etag = before.as_ref().and_then(|known| known.etag.clone());
    let Some(read) = ask(p, row, etag.as_deref()).await? else {
        return Ok(of(&p.engine.0, row));
    };
    let configuration = holding(&p.engine.0, &read);
    let same = before.is_some_and(|before| before.file == read.file && before.prow == read.prow);
    let mut told = if same {
        Vec::new()
    } else {
        tell(p.engine, row, &configuration, read.head.as_str()).await?
    };
    // A refusal is said on every head that brings it, also where nothing new is to be said about it.
    if configuration.file.refusal().is_some() {
        told.push(reported(p.engine, row, read.head.as_str()));
    }
    if !told.is_empty() {
        p.engine.0.store.ingest(told).await?;
    }
    let stored = serde_json::to_string(&read).unwrap_or_default();
    p.engine.0.store.set_configuration(row.id, stored).await?;
    Ok(configuration)
}

/// The check run that says why the file is refused, on the head that brought it.
pub(super) async fn report(p: &Performing<'_>, row: &RepositoryRow, head: &str) -> Result<Ended, Trouble> {
    let Some((refusal, known)) = known(row).and_then(|known| Some((refusal(&known.file)?.clone(), known))) else {
        return Ok(Ended::saying("it is mended already"));
    };
    if known.head.as_str() != head {
        return Ok(Ended::saying("the branch has moved on"));
    }
    let repo = super::perform::repo(row);
    let renderer = Renderer::new(p.github.endpoints(), &repo);
    let line = u64::from(refusal.place.line);
    let said = settings::refused(&refusal);
    let report = CheckReport {
        name: check::NAME.to_owned(),
        head: known.head.clone(),
        external_id: format!("configuration:{}", known.head),
        conclusion: Conclusion::Failure,
        title: renderer.line("The settings are not understood")?,
        summary: renderer.markdown(&settings::refused_at_length(&refusal))?,
        annotations: vec![Annotation {
            path: repo_config::FILE.to_owned(),
            start_line: line,
            end_line: line,
            level: AnnotationLevel::Failure,
            message: renderer.line(&said)?,
            title: None,
        }],
        buttons: Vec::new(),
        details_url: None,
    };
    p.github.report_check(&repo, &report, p.attempt()).await?;
    Ok(Ended::saying("reported"))
}

/// Asks GitHub; `None`: the branch has not moved, or there is none.
async fn ask(p: &Performing<'_>, row: &RepositoryRow, etag: Option<&str>) -> Result<Option<Known>, Trouble> {
    let repo = super::perform::repo(row);
    match p.github.configuration(&repo, PLACE, FILE_BYTES_MAX, etag).await {
        Ok(Conditional::Unchanged) => Ok(None),
        Ok(Conditional::Changed { value, etag }) => Ok(Some(understood(value, etag))),
        Err(Error::Conflict {
            kind: Conflict::EmptyRepository,
            ..
        }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn understood(read: ConfigurationFile, etag: Option<String>) -> Known {
    let file = match read.content {
        FileContent::Absent => File::Absent,
        FileContent::Bytes(bytes) => repo_config::parse(&bytes).map_or_else(File::Refused, File::Given),
        FileContent::TooLarge => File::Refused(Refusal::too_large()),
        FileContent::Link => File::Refused(Refusal::link()),
        FileContent::NoFile => File::Refused(Refusal::no_file()),
    };
    Known {
        head: read.head,
        etag,
        prow: read.has_owners,
        file,
    }
}

fn known(row: &RepositoryRow) -> Option<Known> {
    serde_json::from_str(row.configuration.as_deref()?).ok()
}

fn refusal(file: &File) -> Option<&Refusal> {
    match file {
        File::Refused(refusal) => Some(refusal),
        File::Absent | File::Given(_) => None,
    }
}

fn holding(parts: &Parts, known: &Known) -> Configuration {
    let (given, file) = match &known.file {
        File::Absent => (RepoConfig::default(), FileSeen::Absent),
        File::Given(given) => (
            given.clone(),
            FileSeen::Used {
                warnings: given.warnings.clone(),
            },
        ),
        File::Refused(refusal) => (RepoConfig::default(), FileSeen::Refused(refusal.clone())),
    };
    let effective = effective(&parts.config.settings, &parts.config.policy, &given);
    Configuration {
        head: Some(ids::Sha(known.head.to_string())),
        file,
        effective: if known.prow { effective.beside_prow() } else { effective },
    }
}

/// A fact for every open workflow of the repository.
async fn tell(
    engine: &Engine,
    row: &RepositoryRow,
    configuration: &Configuration,
    head: &str,
) -> Result<Vec<NewDelivery>, Trouble> {
    let (now, id) = (engine.now(), format!("configuration:{head}"));
    let fact = Fact::Configured(Box::new(configuration.clone()));
    let open = reconcile::open_workflows(engine).await?;
    Ok(open
        .iter()
        .filter(|w| w.repository == row.id)
        .map(|w| record::fact_delivery(&w.subject, &id, &fact, now))
        .collect())
}

/// The job of writing the check run of a refusal; asked for twice, it is done once.
fn reported(engine: &Engine, row: &RepositoryRow, head: &str) -> NewDelivery {
    let job = Job::ReportConfiguration {
        repository: row.id,
        head: head.to_owned(),
    };
    job.wanted_by(&subject::repository(row.id), &format!("configuration:{head}"), engine.now())
}
