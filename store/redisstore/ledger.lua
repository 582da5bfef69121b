-- A call of a ledger of claims. KEYS[1] is the ledger, whose hash tag every other key begins with; ARGV is the operation and its arguments.
-- Instants and durations are texts of 20 digits, of nanoseconds: the numbers of Lua are exact up to 2^53 only. What lies where:
--   claims          hash   id → a claim, packed
--   deal:D          hash   turn → a turn, packed
--   due:D           sorted until..id of what waits or is held
--   queue:D:T       sorted id of those who wait, by place
--   user:D:U        set    id of what a user has waiting, held or confirmed
--   turn:D:T        set    id of all that is remembered of a turn
--   over            sorted when..id of what was given back or had expired
--   deals           set    D of all deals with turns
--   place           the last place given out
local base, op = KEYS[1], ARGV[1]
local WAITING, HELD, CONFIRMED, RELEASED, EXPIRED = 1, 2, 3, 4, 5

local function key(kind, deal, rest) -- the length keeps apart what is put together alike
	return base .. kind .. ':' .. #deal .. ':' .. deal .. (rest and ':' .. rest or '')
end

local function add(t, d)
	local seconds = tonumber(string.sub(t, 1, 11)) + tonumber(string.sub(d, 1, 11))
	local nanos = tonumber(string.sub(t, 12)) + tonumber(string.sub(d, 12))
	if nanos >= 1e9 then
		nanos, seconds = nanos - 1e9, seconds + 1
	end
	return string.format('%011.0f%09.0f', seconds, nanos)
end

-- past is what every text of an instant up to t, whatever follows it, is less than.
local function past(t) return '(' .. add(t, '00000000000000000001') end

local function claim(id)
	local packed = redis.call('HGET', base .. 'claims', id)
	return packed and cmsgpack.unpack(packed)
end

local function keep(c) redis.call('HSET', base .. 'claims', c.id, cmsgpack.pack(c)) end

local function turn(deal, name)
	local packed = redis.call('HGET', key('deal', deal), name)
	return packed and cmsgpack.unpack(packed)
end

local function keepTurn(deal, t) redis.call('HSET', key('deal', deal), t.name, cmsgpack.pack(t)) end

local function fits(t, units) return t.max == 0 or units <= t.max - t.held - t.confirmed end

-- enter counts a claim in its turn, and notes what is to happen to it; leave takes that back. Both leave the turn to be kept.
local function enter(c, t)
	if c.state == WAITING then
		t.waiting = t.waiting + c.units
		redis.call('ZADD', key('queue', c.deal, c.turn), c.place, c.id)
	elseif c.state == HELD then
		t.held = t.held + c.units
	elseif c.state == CONFIRMED then
		t.confirmed = t.confirmed + c.units
	else
		redis.call('SREM', key('user', c.deal, c.user), c.id)
		redis.call('ZADD', base .. 'over', 0, c.til .. c.id)
	end
	if c.state <= HELD then
		redis.call('ZADD', key('due', c.deal), 0, c.til .. c.id)
	end
	keep(c)
end

local function leave(c, t)
	if c.state == WAITING then
		t.waiting = t.waiting - c.units
		redis.call('ZREM', key('queue', c.deal, c.turn), c.id)
	else
		t.held = t.held - c.units
	end
	redis.call('ZREM', key('due', c.deal), c.til .. c.id)
end

-- serve gives units to those who wait, in their order.
local function serve(deal, t, at)
	while true do
		local first = redis.call('ZRANGE', key('queue', deal, t.name), 0, 0)[1]
		local c = first and claim(first)
		if not c or not fits(t, c.units) then
			break
		end
		leave(c, t)
		c.state, c.til = HELD, add(at, c.ttl)
		enter(c, t)
	end
	keepTurn(deal, t)
end

-- progress settles what is due at an instant.
local function progress(deal, at)
	local due = redis.call('ZRANGEBYLEX', key('due', deal), '-', past(at))
	if #due == 0 then
		return
	end
	local turns = {}
	for _, member in ipairs(due) do
		local c = claim(string.sub(member, 21))
		local t = turns[c.turn] or turn(deal, c.turn)
		turns[c.turn] = t
		leave(c, t)
		c.state, c.til = EXPIRED, at
		enter(c, t)
	end
	for _, t in pairs(turns) do
		keepTurn(deal, t)
	end
	for _, name in ipairs(redis.call('HKEYS', key('deal', deal))) do
		serve(deal, turn(deal, name), at)
	end
end

local function answer(outcome, c)
	if not c then
		return {outcome}
	end
	return {outcome, c.deal, c.turn, c.user, string.format('%.0f', c.units), c.state, c.made, c.til}
end

local function hold(id, deal, name, user, units, wait, at, starts, ttl, closes, apart, max, userMax)
	units, max, userMax = tonumber(units), tonumber(max), tonumber(userMax)
	progress(deal, at)
	local t = turn(deal, name)
	if t and t.max ~= max then
		t.max = max
		serve(deal, t, at)
	end
	local old = claim(id)
	if old then
		local same = old.deal == deal and old.user == user and old.units == units and old.wait == wait
		return answer(same and 'given' or 'reused', old)
	end
	if userMax > 0 then
		local used = 0
		for _, other in ipairs(redis.call('SMEMBERS', key('user', deal, user))) do
			local c = claim(other)
			if c.turn == name or c.starts < add(starts, apart) and starts < add(c.starts, apart) then
				used = used + c.units
			end
		end
		if units > userMax - used then
			return answer('limit')
		end
	end
	t = t or {name = name, max = max, held = 0, confirmed = 0, waiting = 0, closes = closes}
	local c = {id = id, deal = deal, turn = name, user = user, units = units, wait = wait, made = at, starts = starts, ttl = ttl}
	if redis.call('ZCARD', key('queue', deal, name)) == 0 and fits(t, units) then
		c.state, c.til = HELD, add(at, ttl)
	elseif wait == '1' and units <= max and at < closes then
		c.state, c.til, c.place = WAITING, closes, redis.call('INCR', base .. 'place')
	else
		return answer('sold out')
	end
	if closes > t.closes then
		t.closes = closes
	end
	enter(c, t)
	keepTurn(deal, t)
	redis.call('SADD', key('user', deal, user), id)
	redis.call('SADD', key('turn', deal, name), id)
	redis.call('SADD', base .. 'deals', deal)
	return answer('given', c)
end

local function settle(id, to, at)
	to = tonumber(to)
	local c = claim(id)
	if not c then
		return answer('unknown')
	end
	progress(c.deal, at)
	c = claim(id)
	if c.state == to or to == RELEASED and c.state == EXPIRED then
		return answer('given', c)
	elseif to == CONFIRMED and c.state == WAITING then
		return answer('waiting')
	elseif to == CONFIRMED and c.state == EXPIRED then
		return answer('expired')
	elseif c.state > HELD then
		return answer('settled')
	end
	local t = turn(c.deal, c.turn)
	leave(c, t)
	c.state = to
	if to == RELEASED then
		c.til = at
	end
	enter(c, t)
	keepTurn(c.deal, t)
	if to == RELEASED then
		serve(c.deal, t, at)
	end
	return answer('given', c)
end

local function look(id, at)
	local c = claim(id)
	if not c then
		return answer('unknown')
	end
	progress(c.deal, at)
	return answer('given', claim(id))
end

local function stock(deal, name, at)
	progress(deal, at)
	local t = turn(deal, name)
	if not t then
		return {'given', '0', '0', '0'}
	end
	return {'given', string.format('%.0f', t.held), string.format('%.0f', t.confirmed), string.format('%.0f', t.waiting)}
end

local function forget(c)
	redis.call('HDEL', base .. 'claims', c.id)
	redis.call('SREM', key('user', c.deal, c.user), c.id)
	redis.call('SREM', key('turn', c.deal, c.turn), c.id)
	redis.call('ZREM', base .. 'over', c.til .. c.id)
end

-- sweep settles what is due in a deal, and forgets turns that had closed before an instant.
local function sweep(deal, at, before)
	progress(deal, at)
	for _, name in ipairs(redis.call('HKEYS', key('deal', deal))) do
		local t = turn(deal, name)
		if t.closes <= before and t.held + t.waiting == 0 then
			for _, id in ipairs(redis.call('SMEMBERS', key('turn', deal, name))) do
				forget(claim(id))
			end
			redis.call('HDEL', key('deal', deal), name)
		end
	end
	if redis.call('EXISTS', key('deal', deal)) == 0 then
		redis.call('SREM', base .. 'deals', deal)
	end
	return {'given'}
end

-- clear forgets some of what was given back or had expired before an instant. It returns whether there may be more.
local function clear(before)
	local over = redis.call('ZRANGEBYLEX', base .. 'over', '-', past(before), 'LIMIT', 0, 1000)
	for _, member in ipairs(over) do
		forget(claim(string.sub(member, 21)))
	end
	return {#over == 1000 and 'more' or 'given'}
end

local operations = {
	hold = hold, settle = settle, claim = look, stock = stock, sweep = sweep, clear = clear,
	deals = function() return redis.call('SMEMBERS', base .. 'deals') end,
}
return operations[op](unpack(ARGV, 2))
