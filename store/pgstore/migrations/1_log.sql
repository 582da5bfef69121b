-- The log. A row is an entry; its partition is a hash of the user, and its position the order of commits there.
-- Texts hold no NUL in PostgreSQL: U+0000 is written as U+0001 U+0001, and U+0001 as U+0001 U+0002.
create table partitions (
	partition int primary key,
	floor bigint not null default 0,   -- positions up to here were given out, whatever has been removed since
	trimmed bigint not null default 0  -- of the last entry removed by age that was no interaction and no exposure
);

create table entries (
	position bigint not null,
	at timestamptz not null,
	version bigint,            -- of a published model
	value float8,
	propensity float8,
	partition int not null,
	rank int,
	fact smallint not null,    -- 0 interaction, 1 exposure, 2 forgotten, 3 profile changed, 4 published
	kind smallint not null,
	user_id text collate "C",   -- null for a published model
	item text collate "C",
	session text collate "C",
	placement text collate "C",
	experiment text collate "C",
	variant text collate "C",
	source text collate "C",
	page text collate "C",
	model text collate "C",    -- of a published model
	id text collate "C"
) partition by list (partition);

-- The index of histories is on -position, so that no plan reads a history from the index of the log backwards.
do $$
begin
	for i in 0 .. (select partitions - 1 from meta) loop
		insert into partitions (partition) values (i);
		execute format('create table entries_%s partition of entries for values in (%s)', i, i);
		execute format('create unique index entries_%s_log on entries_%s (position)', i, i);
		execute format('create index entries_%s_user on entries_%s (user_id, (-position))', i, i);
		execute format('create unique index entries_%s_id on entries_%s (user_id, id) where id is not null', i, i);
		execute format('create index entries_%s_at on entries_%s using brin (at) with (autosummarize = on)', i, i);
	end loop;
end
$$;

-- One row for each group of appends and each profile that was written lately: whoever has lost the connection looks whether
-- it was committed.
create table calls (
	token uuid primary key,
	at timestamptz not null default clock_timestamp()
);
