create table profiles (
	user_id text collate "C" primary key,
	version bigint not null,
	body json not null
);

create table segments (
	segment text collate "C",
	user_id text collate "C",
	primary key (segment, user_id)
);
create index segments_user on segments (user_id);

create table models (
	name text collate "C" primary key,
	last bigint not null,      -- the highest version given
	current bigint,
	fence numeric(20) not null default 0
);

create table model_versions (
	name text collate "C",
	version bigint,
	upload uuid not null unique,
	size bigint not null,
	chunks int not null,
	primary key (name, version)
);

create table model_chunks (
	upload uuid,
	number int,
	at timestamptz not null default clock_timestamp(),
	data bytea not null,
	primary key (upload, number)
);
alter table model_chunks alter column data set storage external;

create table leases (
	name text collate "C" primary key,
	token bigint not null,
	expires timestamptz,       -- null when it was given back
	call uuid not null         -- the call that acquired it, for that to know when it is repeated
);
