-- Claims of deals. All of a deal is changed under its lock, which each function takes first and holds until the commit. Times are
-- Unix nanoseconds. States: 1 waiting, 2 held, 3 confirmed, 4 released, 5 expired.
create table turns (
	deal text collate "C",
	turn text collate "C",
	closes bigint not null,    -- the latest of those who asked
	max bigint not null,       -- 0: any number
	held bigint not null default 0,
	confirmed bigint not null default 0,
	waiting bigint not null default 0,
	primary key (deal, turn)
);

create table claims (
	id text collate "C" primary key,
	deal text collate "C" not null,
	turn text collate "C" not null,
	user_id text collate "C" not null,
	units bigint not null,
	wait boolean not null,     -- as asked for
	made bigint not null,
	starts bigint not null,    -- of the turn, for the user: users' own zones make it another for each
	ttl bigint not null,
	state smallint not null,
	until bigint not null,     -- when something happens to it by itself; when it was given back or expired, since then
	place bigint generated always as identity  -- in the queue: given out under the deal's lock
);
create index claims_due on claims (deal, until) where state <= 2;
create index claims_queue on claims (deal, turn, place) where state = 1;
create index claims_user on claims (deal, user_id) where state <= 3;
create index claims_over on claims (until) where state >= 4;

create function claims_lock(d text) returns void language sql as $$
	select pg_advisory_xact_lock(hashtext(current_schema || ' claims'), hashtext(d))
$$;

-- claims_serve gives units to those who wait, in their order.
create function claims_serve(d text, t text, at bigint) returns void language plpgsql as $$
declare
	c claims;
	free bigint;               -- null: any number
begin
	loop
		select * into c from claims where deal = d and turn = t and state = 1 order by place limit 1;
		exit when not found;
		select case when max > 0 then max - held - confirmed end into free from turns where deal = d and turn = t;
		exit when c.units > free;
		update claims set state = 2, until = at + ttl where id = c.id;
		update turns set waiting = waiting - c.units, held = held + c.units where deal = d and turn = t;
	end loop;
end $$;

-- claims_progress takes the deal's lock and settles what is due at an instant.
create function claims_progress(d text, at bigint) returns void language plpgsql as $$
declare
	t text;
begin
	perform claims_lock(d);
	with due as (
		select id, turn, units, state from claims where deal = d and state <= 2 and until <= at
	), expired as (
		update claims set state = 5, until = at from due where claims.id = due.id
	), sums as (
		select turn, coalesce(sum(units) filter (where state = 1), 0) as waited, coalesce(sum(units) filter (where state = 2), 0) as had
		from due group by turn
	)
	update turns set waiting = waiting - waited, held = held - had from sums where turns.deal = d and turns.turn = sums.turn;
	if found then
		for t in select turn from turns where deal = d loop
			perform claims_serve(d, t, at);
		end loop;
	end if;
end $$;

-- claims_hold gives a claim, or says why not.
create function claims_hold(r claims, at bigint, closes bigint, apart bigint, units_max bigint, user_max bigint,
	out outcome text, out c claims) language plpgsql as $$
declare
	t turns;
	used bigint;
	queue boolean;
begin
	perform claims_progress(r.deal, at);
	update turns set max = units_max where deal = r.deal and turn = r.turn and max <> units_max;
	if found then
		perform claims_serve(r.deal, r.turn, at);
	end if;
	select * into c from claims where id = r.id;
	if found then
		outcome = case when c.deal = r.deal and c.user_id = r.user_id and c.units = r.units and c.wait = r.wait then 'given' else 'reused' end;
		return;
	end if;
	if user_max > 0 then
		select coalesce(sum(units), 0) into used from claims
		where deal = r.deal and user_id = r.user_id and state <= 3 and (turn = r.turn or abs(starts - r.starts) < apart);
		if r.units > user_max - used then
			outcome = 'limit';
			return;
		end if;
	end if;
	insert into turns (deal, turn, closes, max) values (r.deal, r.turn, claims_hold.closes, units_max) on conflict do nothing;
	select * into t from turns where deal = r.deal and turn = r.turn;
	queue = exists (select from claims where deal = r.deal and turn = r.turn and state = 1);
	c = r;
	if not queue and (units_max = 0 or r.units <= units_max - t.held - t.confirmed) then
		c.state = 2;
		c.until = at + r.ttl;
		t.held = t.held + r.units;
	elsif r.wait and (r.units <= units_max) and at < claims_hold.closes then
		c.state = 1;
		c.until = claims_hold.closes;
		t.waiting = t.waiting + r.units;
	else
		outcome = 'sold out';
		return;
	end if;
	insert into claims (id, deal, turn, user_id, units, wait, made, starts, ttl, state, until)
	values (c.id, c.deal, c.turn, c.user_id, c.units, c.wait, c.made, c.starts, c.ttl, c.state, c.until);
	update turns set held = t.held, waiting = t.waiting, closes = greatest(t.closes, claims_hold.closes) where deal = r.deal and turn = r.turn;
	outcome = 'given';
end $$;

-- claims_settle confirms or releases a claim, or says why not.
create function claims_settle(claim text, what smallint, at bigint, out outcome text, out c claims) language plpgsql as $$
begin
	select * into c from claims where id = claim;
	if found then
		perform claims_progress(c.deal, at);
		select * into c from claims where id = claim;
	end if;
	outcome = case
		when c.id is null then 'unknown'
		when c.state = what or what = 4 and c.state = 5 then 'given'
		when what = 3 and c.state = 1 then 'waiting'
		when what = 3 and c.state = 5 then 'expired'
		when c.state > 2 then 'settled'
	end;
	if outcome is not null then
		return;
	end if;
	outcome = 'given';
	update turns set
		waiting = waiting - case c.state when 1 then c.units else 0 end,
		held = held - case c.state when 2 then c.units else 0 end,
		confirmed = confirmed + case what when 3 then c.units else 0 end
	where deal = c.deal and turn = c.turn;
	c.state = what;
	if what = 4 then
		c.until = at;
	end if;
	update claims set state = c.state, until = c.until where id = claim;
	if what = 4 then
		perform claims_serve(c.deal, c.turn, at);
	end if;
end $$;

-- claims_sweep settles what is due in a deal, and forgets claims that were given back or had expired before an instant, and all of
-- turns that had closed before it.
create function claims_sweep(d text, at bigint, before bigint) returns void language plpgsql as $$
begin
	perform claims_progress(d, at);
	delete from claims where deal = d and state >= 4 and until <= before;
	delete from claims using turns
	where claims.deal = d and turns.deal = d and turns.turn = claims.turn and turns.closes <= before and turns.held + turns.waiting = 0;
	delete from turns where deal = d and closes <= before and held + waiting = 0;
end $$;
