CREATE TABLE IF NOT EXISTS accounts (
	id       TEXT PRIMARY KEY,
	email    TEXT NOT NULL UNIQUE,
	name     TEXT NOT NULL,
	password TEXT NOT NULL,
	verified INTEGER NOT NULL DEFAULT 0,
	created  INTEGER NOT NULL,
	cart     TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS addresses (
	id       INTEGER PRIMARY KEY,
	account  TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	name     TEXT NOT NULL,
	street   TEXT NOT NULL,
	postcode TEXT NOT NULL,
	city     TEXT NOT NULL,
	country  TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS addresses_account ON addresses (account);
CREATE TABLE IF NOT EXISTS links (
	hash    TEXT PRIMARY KEY,
	account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	purpose TEXT NOT NULL,
	expires INTEGER NOT NULL
);
