CREATE TABLE accounts (
	id       TEXT PRIMARY KEY,
	email    TEXT NOT NULL UNIQUE,
	name     TEXT NOT NULL,
	password TEXT NOT NULL,
	verified BIGINT NOT NULL DEFAULT 0,
	created  BIGINT NOT NULL,
	cart     TEXT NOT NULL DEFAULT ''
);

CREATE TABLE addresses (
	account  TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	id       BIGINT NOT NULL,
	name     TEXT NOT NULL,
	street   TEXT NOT NULL,
	postcode TEXT NOT NULL,
	city     TEXT NOT NULL,
	country  TEXT NOT NULL,
	PRIMARY KEY (account, id)
);

CREATE TABLE links (
	hash    TEXT PRIMARY KEY,
	account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	purpose TEXT NOT NULL,
	expires BIGINT NOT NULL
);
