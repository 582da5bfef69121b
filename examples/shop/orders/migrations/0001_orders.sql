CREATE TABLE orders (
	id TEXT PRIMARY KEY, user_id TEXT NOT NULL, state TEXT NOT NULL, wish TEXT NOT NULL, currency TEXT NOT NULL, total BIGINT NOT NULL,
	address TEXT NOT NULL, token TEXT NOT NULL, back TEXT NOT NULL, challenge TEXT NOT NULL, parcel TEXT NOT NULL,
	placed BIGINT NOT NULL, pay_by BIGINT NOT NULL,
	due BIGINT NOT NULL, tries BIGINT NOT NULL, version BIGINT NOT NULL, forget BIGINT NOT NULL
);
CREATE INDEX orders_user ON orders (user_id, placed);
CREATE INDEX orders_due ON orders (due) WHERE due > 0;
CREATE TABLE order_lines (
	order_id TEXT NOT NULL, n BIGINT NOT NULL, item TEXT NOT NULL, name TEXT NOT NULL, units BIGINT NOT NULL CHECK (units > 0),
	price BIGINT NOT NULL CHECK (price >= 0), claim TEXT NOT NULL, PRIMARY KEY (order_id, n)
);
CREATE TABLE order_claims (claim TEXT PRIMARY KEY, order_id TEXT NOT NULL, state TEXT NOT NULL);
CREATE INDEX order_claims_order ON order_claims (order_id);
CREATE TABLE order_events (
	order_id TEXT NOT NULL, n BIGINT NOT NULL, at BIGINT NOT NULL, state TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (order_id, n)
);
-- What was taken and given back. The key makes a second time impossible.
CREATE TABLE order_money (order_id TEXT NOT NULL, kind TEXT NOT NULL, amount BIGINT NOT NULL, PRIMARY KEY (order_id, kind));
CREATE TABLE order_keys (
	user_id TEXT NOT NULL, name TEXT NOT NULL, request TEXT NOT NULL, order_id TEXT NOT NULL, PRIMARY KEY (user_id, name)
);
CREATE TABLE stock (
	item TEXT PRIMARY KEY, on_hand BIGINT NOT NULL CHECK (on_hand >= 0), reserved BIGINT NOT NULL CHECK (reserved >= 0),
	CHECK (reserved <= on_hand)
);
