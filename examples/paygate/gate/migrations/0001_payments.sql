CREATE TABLE gate_payments (
	reference TEXT PRIMARY KEY, request TEXT NOT NULL, token TEXT NOT NULL, status TEXT NOT NULL, amount BIGINT NOT NULL,
	currency TEXT NOT NULL, return_url TEXT NOT NULL, challenge TEXT NOT NULL, reason TEXT NOT NULL
);
CREATE UNIQUE INDEX gate_challenges ON gate_payments (challenge) WHERE challenge <> '';
-- What went over the accounts: a second row of a kind would be a double charge.
CREATE TABLE gate_movements (reference TEXT NOT NULL, kind TEXT NOT NULL, amount BIGINT NOT NULL, at BIGINT NOT NULL);
CREATE TABLE gate_webhooks (id TEXT PRIMARY KEY, reference TEXT NOT NULL, status TEXT NOT NULL, due BIGINT NOT NULL, tries BIGINT NOT NULL);
CREATE INDEX gate_webhooks_due ON gate_webhooks (due);
