-- Millhand's first tables. Times are milliseconds since 1970 UTC, money is micro-dollars, identifiers are text,
-- booleans are 0 and 1, so that the statements written for these tables mean the same on SQLite and PostgreSQL.

-- "Mill" in ASCII: lets the program tell its own files from other programs' databases before it touches them.
pragma application_id = 1298754668;

-- A subject is the lock: whoever decides for a workflow holds its subject. `dirty_at` is set while the inbox has rows
-- for it that are not decided; `turns` counts how often it was left dirty, so that a flood or a failing decision on one
-- subject cannot keep the others waiting.
create table subjects (
    subject  text    not null primary key,
    dirty_at integer,
    turns    integer not null default 0
) strict;

create index subjects_dirty on subjects (dirty_at, turns, subject) where dirty_at is not null;

-- The inbox.
create table deliveries (
    seq         integer primary key autoincrement,
    subject     text    not null,
    fact_id     text    not null,
    kind        text    not null,
    body        blob    not null,
    received_at integer not null,
    done_at     integer,
    result      text,
    unique (subject, fact_id)
) strict;

create index deliveries_undecided on deliveries (subject, seq) where done_at is null;

-- Ways from pull requests, branches and commits to a subject. `unrouted` is the subject under which deliveries wait
-- that came before the way was known.
create table routes (
    repository integer not null,
    key        text    not null,
    subject    text    not null,
    unrouted   text    not null,
    primary key (repository, key)
) strict;

create index routes_unrouted on routes (unrouted);

create table build_workflows (
    id              text    not null primary key,
    subject         text    not null,
    installation    integer not null,
    repository      integer not null,
    repository_name text    not null,
    issue           integer not null,
    round           integer not null,
    version         integer not null,
    shown_state     text    not null,
    status          text    not null,
    open            integer not null check (open in (0, 1)),
    state           text    not null,
    created_at      integer not null,
    updated_at      integer not null,
    unique (repository, issue, round)
) strict;

create index build_workflows_subject on build_workflows (subject, round);
create index build_workflows_open on build_workflows (id) where open = 1;

-- The log: rows are only ever added, one number after the other.
create table workflow_events (
    workflow     text    not null references build_workflows (id),
    seq          integer not null,
    fact_id      text    not null,
    fact         text    not null,
    transitions  text    not null,
    phase        integer,
    actor        text,
    at           integer not null,
    decided      integer not null check (decided in (0, 1)),
    core_version integer not null,
    state_hash   text    not null,
    previous     text    not null,
    hash         text    not null,
    primary key (workflow, seq)
) strict;

create trigger workflow_events_have_no_gaps before insert on workflow_events
when new.seq <> (select coalesce(max(seq), 0) + 1 from workflow_events where workflow = new.workflow)
begin
    select raise(abort, 'workflow_events is numbered without gaps');
end;

create trigger workflow_events_are_not_changed before update on workflow_events
begin
    select raise(abort, 'workflow_events is append-only');
end;

create trigger workflow_events_are_not_deleted before delete on workflow_events
begin
    select raise(abort, 'workflow_events is append-only');
end;

create table workflow_handoffs (
    workflow   text    not null,
    seq        integer not null,
    event_seq  integer not null,
    from_role  text    not null,
    to_role    text    not null,
    from_state text    not null,
    to_state   text    not null,
    phase      integer,
    data       text    not null,
    at         integer not null,
    primary key (workflow, seq),
    foreign key (workflow, event_seq) references workflow_events (workflow, seq)
) strict;

create table micro_phases (
    workflow     text    not null references build_workflows (id),
    number       integer not null,
    id           text    not null,
    title        text    not null,
    state        text    not null,
    status       text    not null,
    pull_request integer,
    merged       text,
    primary key (workflow, number)
) strict;

-- The outbox, timers included. An effect is open until it is done or withdrawn; a withdrawn one may still be running,
-- then it keeps its lease and is finished like any other.
create table effects (
    seq          integer primary key autoincrement,
    key          text    not null unique,
    subject      text    not null,
    workflow     text    references build_workflows (id),
    installation integer not null,
    lane         text,
    payload      text    not null,
    run_at       integer not null,
    attempts     integer not null default 0,
    lease_token  text,
    lease_until  integer,
    reason       text,
    outcome      text,
    created_at   integer not null,
    withdrawn_at integer,
    done_at      integer,
    check ((lease_token is null) = (lease_until is null)),
    check (done_at is null or lease_token is null)
) strict;

create index effects_open on effects (run_at, seq) where done_at is null and withdrawn_at is null;
create index effects_leased on effects (lane, lease_until) where lease_until is not null;

create table blobs (
    hash  text not null primary key,
    bytes blob not null
) strict;

create table model_calls (
    id                text    not null primary key,
    workflow          text    not null references build_workflows (id),
    phase             integer,
    role              text    not null,
    task              text    not null,
    effect            text    not null,
    profile           text    not null,
    provider          text    not null,
    model             text    not null,
    prompt            text    not null,
    answer            text    references blobs (hash),
    status            text    not null check (status in ('reserved', 'settled', 'lost')),
    outcome           text,
    reserved_microusd integer not null check (reserved_microusd >= 0),
    cost_microusd     integer not null default 0 check (cost_microusd >= 0),
    input_tokens      integer not null default 0,
    output_tokens     integer not null default 0,
    nominal           integer not null check (nominal in (0, 1)),
    started_at        integer not null,
    settled_at        integer
) strict;

create index model_calls_workflow on model_calls (workflow, started_at, id);
create index model_calls_reserved on model_calls (effect) where status = 'reserved';

create table cache_entries (
    key        text    not null primary key,
    answer     text    not null references blobs (hash),
    made_by    text    not null references model_calls (id),
    created_at integer not null
) strict;

create table installations (
    id        integer not null primary key,
    account   text    not null,
    suspended integer not null check (suspended in (0, 1)),
    active    integer not null check (active in (0, 1))
) strict;

create table repositories (
    id           integer not null primary key,
    installation integer not null references installations (id),
    node_id      text    not null,
    owner        text    not null,
    name         text    not null,
    active       integer not null check (active in (0, 1)),
    cursor       text
) strict;

create index repositories_installation on repositories (installation) where active = 1;

-- The pacer: what each installation wrote in the last hour, and how long it must not ask at all. Not tied to
-- `installations`: a limit may be met before the list was read.
create table pacer_blocks (
    installation  integer not null primary key,
    blocked_until integer not null
) strict;

create table pacer_mutations (
    seq          integer primary key autoincrement,
    installation integer not null,
    at           integer not null,
    mutations    integer not null check (mutations > 0)
) strict;

create index pacer_mutations_installation on pacer_mutations (installation, at);

-- One row that is written to find out whether the database can be written.
create table pulse (
    id    integer not null primary key check (id = 1),
    beats integer not null
) strict;

insert into pulse (id, beats) values (1, 0);
