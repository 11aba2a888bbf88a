-- What was read last of a repository's configuration file: what it sets, or why it is refused.
alter table repositories add column configuration text;
