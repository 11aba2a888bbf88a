//! Who may do what.
//!
//! Invariant: authority is the permission that GitHub's API answered, never an association, a login or a word in a text.

use super::command::{Command, Manner, Name, Refusal, TABLE, Who};
use super::fact::App;
use super::ids::{Permission, Person};
use super::settings::SelfApproval;

/// What a decision about a person needs to know besides him.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Our App: what its bot writes is never a command.
    pub app: &'a App,
    /// `triggers.bots`: logins of bots that may start.
    pub bots: &'a [String],
}

/// Whether `person` may give `command`. Whether it has something to do now is not asked here.
///
/// # Errors
/// Why not, and how that is told: our own App silently, bots and refused starts by a reaction, other people by a reply.
pub fn may(person: &Person, command: &Command, context: &Context<'_>) -> Result<(), Refusal> {
    may_name(person, command.name(), context)
}

/// Whether `person` may give the command of this name; see [`may`].
///
/// # Errors
/// As [`may`].
pub fn may_name(person: &Person, name: Name, context: &Context<'_>) -> Result<(), Refusal> {
    let word = name.word();
    if is_ours(person, context) {
        return Err(refusal(Manner::Silence, format!("`/{word}` was written by Millhand itself.")));
    }
    if person.bot {
        // GitHub gives bots no collaborator permission: a bot's authority is that people with write listed it.
        return if name == Name::Start && is_listed(person, context) {
            Ok(())
        } else {
            Err(refusal(
                Manner::Reaction,
                format!(
                    "Bots may not `/{word}`; ask a person with write permission, or list the bot in `triggers.bots` if it is to start work."
                ),
            ))
        };
    }
    let enough = match name.entry().who {
        Who::Reader => person.permission >= Permission::Read,
        Who::Writer => person.writes(),
    };
    if enough {
        return Ok(());
    }
    let manner = if name == Name::Start || person.permission == Permission::None {
        Manner::Reaction
    } else {
        Manner::Reply
    };
    Err(refusal(
        manner,
        format!("`/{word}` is for {}; ask one of them.", name.entry().who.words()),
    ))
}

/// The commands `person` may give at all, in the order of the table.
#[must_use]
pub fn allowed(person: &Person, context: &Context<'_>) -> Vec<Name> {
    TABLE
        .iter()
        .map(|entry| entry.name)
        .filter(|name| may_name(person, *name, context).is_ok())
        .collect()
}

/// How what a person wrote wrongly is told to him: bots and outsiders get no replies, so that nobody can make us talk.
#[must_use]
pub fn manner(person: &Person, context: &Context<'_>) -> Manner {
    if is_ours(person, context) {
        Manner::Silence
    } else if person.bot || person.permission == Permission::None {
        Manner::Reaction
    } else {
        Manner::Reply
    }
}

/// Whether `person` may answer questions about the issue that `author` wrote.
///
/// # Errors
/// Why not. A comment that is no answer is an ordinary comment, so this is told to nobody.
pub fn may_answer(person: &Person, author: &Person, context: &Context<'_>) -> Result<(), Refusal> {
    if !is_ours(person, context) && !person.bot && (person.writes() || person.id == author.id) {
        return Ok(());
    }
    Err(refusal(
        Manner::Silence,
        "Questions are answered by the issue's author or by people with write permission.".to_owned(),
    ))
}

/// Whether `person` may approve code of the work that `requester` started. Plan, budget and retry are the requester's to
/// decide and are not asked about here. `active_writers` are the people with write who were active in the last 90 days.
///
/// # Errors
/// Why not, and who can.
pub fn may_approve_code(
    person: &Person,
    requester: &Person,
    setting: SelfApproval,
    active_writers: &[Person],
) -> Result<(), Refusal> {
    if person.bot || !person.writes() {
        return Err(Refusal::reply(
            "Code is approved by people with write permission; ask one of them to review it.",
        ));
    }
    if !approves_self(person, requester) {
        return Ok(());
    }
    let others = || active_writers.iter().filter(|p| p.id != requester.id && !p.bot && p.writes());
    match setting {
        SelfApproval::Yes => Ok(()),
        SelfApproval::No => Err(Refusal::reply(
            "Whoever started the work may not approve its code here (`approvals.self_approval` is false); ask somebody else with write permission.",
        )),
        SelfApproval::Auto => match others().min_by_key(|p| p.id) {
            None => Ok(()),
            Some(other) => Err(Refusal::reply(format!(
                "Whoever started the work may not approve its code as long as somebody else with write permission is active; ask `{}`, say.",
                other.login
            ))),
        },
    }
}

/// Whether an approval by `person` is one of his own work: the report says so where it is allowed.
#[must_use]
pub fn approves_self(person: &Person, requester: &Person) -> bool {
    person.id == requester.id
}

/// The bot of our App. A person cannot have its login: brackets are not allowed in one.
fn is_ours(person: &Person, context: &Context<'_>) -> bool {
    person.bot && bot_name(&person.login) == bot_name(&context.app.login)
}

fn is_listed(person: &Person, context: &Context<'_>) -> bool {
    context.bots.iter().any(|listed| bot_name(listed) == bot_name(&person.login))
}

/// A bot's name as compared: GitHub's logins ignore case, and teams write it with or without its suffix.
fn bot_name(login: &str) -> String {
    let lower = login.trim().to_ascii_lowercase();
    lower.strip_suffix("[bot]").unwrap_or(&lower).to_owned()
}

fn refusal(manner: Manner, sentence: String) -> Refusal {
    Refusal { sentence, manner }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::command::PhaseRef;
    use crate::workflow::ids::MicroUsd;

    fn person(id: u64, permission: Permission) -> Person {
        Person {
            id,
            login: format!("p{id}"),
            bot: false,
            permission,
            node_id: None,
        }
    }

    fn bot(login: &str, permission: Permission) -> Person {
        Person {
            id: 90,
            login: login.to_owned(),
            bot: true,
            permission,
            node_id: None,
        }
    }

    fn app() -> App {
        App {
            id: 7,
            login: "millhand[bot]".to_owned(),
        }
    }

    fn commands() -> [Command; 14] {
        [
            Command::Start,
            Command::Status,
            Command::Approve { what: None, hash: None },
            Command::Revise {
                phase: None,
                text: "x".to_owned(),
            },
            Command::Retry {
                phase: None,
                fresh: false,
                hint: None,
            },
            Command::Rollback {
                what: crate::workflow::command::RollbackWhat::All,
            },
            Command::Budget { amount: MicroUsd(1) },
            Command::Pause,
            Command::Resume,
            Command::Cancel,
            Command::Skip {
                phase: PhaseRef::Number(2),
            },
            Command::Hold { phase: None },
            Command::Unhold { phase: None },
            Command::Help,
        ]
    }

    /// The table of the rights: `+` may, `r` refused by a reaction, `c` refused by a comment, `-` not answered at all.
    #[test]
    fn every_command_for_everybody() {
        let app = app();
        let bots = ["Helper".to_owned()];
        let context = Context { app: &app, bots: &bots };
        let who = [
            person(1, Permission::Admin),
            person(2, Permission::Maintain),
            person(3, Permission::Write),
            person(4, Permission::Triage),
            person(5, Permission::Read),
            person(6, Permission::None),
            bot("other[bot]", Permission::Write),
            bot("helper[bot]", Permission::None),
            bot("Millhand[bot]", Permission::Admin),
            Person::operator(),
        ];
        //                admin, maintain, write, triage, read, none, bot, listed bot, our App, operator
        let expected = [
            "+++rrrr+-+", // start
            "+++++rrr-+", // status
            "+++ccrrr-+", // approve
            "+++ccrrr-+", // revise
            "+++ccrrr-+", // retry
            "+++ccrrr-+", // rollback
            "+++ccrrr-+", // budget
            "+++ccrrr-+", // pause
            "+++ccrrr-+", // resume
            "+++ccrrr-+", // cancel
            "+++ccrrr-+", // skip
            "+++ccrrr-+", // hold
            "+++ccrrr-+", // unhold
            "+++++rrr-+", // help
        ];
        for (command, row) in commands().iter().zip(expected) {
            let found: String = who
                .iter()
                .map(|person| match may(person, command, &context) {
                    Ok(()) => '+',
                    Err(refusal) => match refusal.manner {
                        Manner::Reaction => 'r',
                        Manner::Reply => 'c',
                        Manner::Silence => '-',
                    },
                })
                .collect();
            assert_eq!(found, row, "{command:?}");
        }
        let all: Vec<Name> = TABLE.iter().map(|entry| entry.name).collect();
        assert_eq!(allowed(&who[2], &context), all);
        assert_eq!(allowed(&who[4], &context), [Name::Status, Name::Help]);
        assert_eq!(allowed(&who[7], &context), [Name::Start]);
        assert_eq!(allowed(&who[8], &context), []);
        let manners = who.map(|person| manner(&person, &context));
        assert_eq!(manners[..5], [Manner::Reply; 5]);
        assert_eq!(manners[5..8], [Manner::Reaction; 3]);
        assert_eq!(manners[8], Manner::Silence);
    }

    #[test]
    fn a_person_called_like_a_bot_is_none() {
        let app = app();
        let bots = ["helper[bot]".to_owned()];
        let context = Context { app: &app, bots: &bots };
        let mut named = person(5, Permission::Read);
        for login in ["millhand", "helper", "millhand-bot"] {
            named.login = login.to_owned();
            let refused = may(&named, &Command::Start, &context).unwrap_err();
            assert_eq!(refused.manner, Manner::Reaction, "{login}");
        }
        named.permission = Permission::Write;
        assert_eq!(may(&named, &Command::Start, &context), Ok(()));
        // Not listed by a part of its name.
        assert!(may(&bot("helper2[bot]", Permission::None), &Command::Start, &context).is_err());
        assert!(may(&bot("help[bot]", Permission::None), &Command::Start, &context).is_err());
    }

    #[test]
    fn questions_are_answered_by_the_author_or_a_writer() {
        let app = app();
        let context = Context {
            app: &app,
            bots: &["helper".to_owned()],
        };
        let author = person(5, Permission::None);
        let may = |person: &Person| may_answer(person, &author, &context).is_ok();
        assert!(may(&author));
        assert!(may(&person(3, Permission::Write)));
        assert!(!may(&person(4, Permission::Triage)));
        assert!(!may(&person(6, Permission::Read)));
        assert!(!may(&bot("helper[bot]", Permission::Write)));
        assert!(!may(&bot("millhand[bot]", Permission::Write)));
    }

    #[test]
    fn who_approves_code() {
        let requester = person(1, Permission::Write);
        let other = person(2, Permission::Write);
        let reader = person(3, Permission::Read);
        let writing_bot = bot("helper[bot]", Permission::Write);
        let settings = [SelfApproval::Auto, SelfApproval::Yes, SelfApproval::No];
        let may = |person: &Person, active: &[Person]| settings.map(|s| may_approve_code(person, &requester, s, active).is_ok());
        assert_eq!(may(&other, &[]), [true; 3]);
        assert_eq!(may(&reader, &[]), [false; 3]);
        assert_eq!(may(&writing_bot, &[]), [false; 3]);
        assert_eq!(may(&requester, &[]), [true, true, false]);
        assert_eq!(may(&requester, std::slice::from_ref(&requester)), [true, true, false]);
        assert_eq!(may(&requester, std::slice::from_ref(&other)), [false, true, false]);
        assert_eq!(may(&requester, &[reader, writing_bot]), [true, true, false]);
        // The login may change, the number does not.
        let mut renamed = requester.clone();
        renamed.login = "new".to_owned();
        assert_eq!(may(&renamed, &[other]), [false, true, false]);
        assert!(approves_self(&renamed, &requester));
    }
}
