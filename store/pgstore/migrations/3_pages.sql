-- A cache: unlogged, so that a page costs no write-ahead log, and a crash empties it.
create unlogged table pages (
	user_id text collate "C",
	key text collate "C",
	put timestamptz not null,
	dies timestamptz not null,
	page bytea not null,
	primary key (user_id, key)
);
alter table pages alter column page set storage external;
create index pages_put on pages (put);
