-- What every script of the arq connection stands on: keys, numbers, places, acceptance.
--
-- ARGV: the prefix of our own keys, the caller's wall time in milliseconds, arguments in
-- MessagePack. arq's keys keep arq's names; ours begin with the prefix and an @. The server's own
-- clock gives ids and tokens, and lets leases end; the wall clock decides what is due.
local call, fmt = redis.call, string.format
local P, NOW, A = ARGV[1], tonumber(ARGV[2]), cmsgpack.unpack(ARGV[3])
local JOB, PROG, TRY, RES = 'arq:job:', 'arq:in-progress:', 'arq:retry:', 'arq:result:'
local ABORT = 'arq:abort'
local GRAIN = 4096 -- the finest that scores can tell apart, in parts of a millisecond
local EPOCH = 1577836800000 -- 2020, in milliseconds: ids are counted from there
local time = call('TIME')
local US = time[1] * 1000000 + time[2]

local function int(n) return fmt('%.0f', n) end
local function flt(n) return fmt('%.17g', n) end
-- A server without room refuses a script at the first command that may take some, and none after
-- one that takes none. Workers must go on there: it is they who make room.
local function insist() call('DEL', P .. '@nothing') end

-- Gives a long list to a call in parts: the stack of a script is not endless.
local function in_chunks(list, use)
  for i = 1, #list, 1000 do use(unpack(list, i, math.min(i + 999, #list))) end
end
local function own(name) return P .. '@' .. name end
local function meta(id) return P .. '@job:' .. id end

-- A queue's sorted set. A name with a colon is that of the set itself, such as arq's arq:queue;
-- each priority but 0 has a set of its own, since a score holds no more than a moment.
local function zset(queue, priority)
  local z = queue:find(':', 1, true) and queue or P .. queue
  if priority ~= 0 then z = z .. ':p' .. int(priority) end
  return z
end

-- All sorted sets of a queue, the most urgent first.
local function bands(queue)
  local base, list, has_base = zset(queue, 0), {}, false
  for _, p in ipairs(call('ZREVRANGE', own('bands:' .. queue), 0, -1)) do
    if tonumber(p) < 0 and not has_base then
      list[#list + 1] = base
      has_base = true
    end
    list[#list + 1] = base .. ':p' .. p
  end
  if not has_base then list[#list + 1] = base end
  return list
end

-- Tokens and places: sequences that only grow, and that do not begin again when data are lost.
local seq_id, seq_score, seq_is_ours
local function load_sequence()
  if not seq_id then
    local v = call('HMGET', own('sequence'), 'id', 'score')
    seq_id, seq_score = tonumber(v[1] or 0), tonumber(v[2] or 0)
  end
end
local function new_token()
  load_sequence()
  seq_id = math.max(seq_id + 1, US)
  return seq_id
end

-- The score of what may be taken at once: within the millisecond that has just passed, in order of
-- acceptance. Who accepts more than four thousand in one goes on into the next.
local function new_place()
  load_sequence()
  local from = math.floor((NOW - 1) * GRAIN) / GRAIN
  if seq_score >= from and (seq_is_ours or seq_score < NOW + 25) then
    seq_score = seq_score + 1 / GRAIN
  else
    seq_score = from
  end
  seq_is_ours = true
  return seq_score
end

-- No two places are the same, so each is an id as well: 53 bits, in order of acceptance.
local function id_of(place) return math.floor((place - EPOCH) * GRAIN + 0.5) end

local function save_sequence()
  if seq_id then
    call('HSET', own('sequence'), 'id', int(seq_id), 'score', flt(seq_score))
  end
end

-- Wake-ups: one element per queue, for one idle worker; who leaves work behind puts it back.
local rung = {}
local function ring(queue) rung[queue] = true end
local function ring_out()
  for queue in pairs(rung) do
    local key = own('wake:' .. queue)
    if call('EXISTS', key) == 0 then call('LPUSH', key, '1') end
  end
end

-- The uuid of the unsettled job that holds a unique key, if there is one.
local function unique_holder(key)
  local v = call('GET', own('unique:' .. key))
  if not v then return nil end
  local till, id = v:match('^([^|]*)|(.*)$')
  if till ~= '' and tonumber(till) <= NOW then return nil end
  if call('EXISTS', JOB .. id) == 0 then return nil end
  return id
end
local function release_unique(key, id)
  local v = call('GET', own('unique:' .. key))
  if v and v:match('^[^|]*|(.*)$') == id then call('DEL', own('unique:' .. key)) end
end

-- The job leaves its group, and the oldest of those behind it takes its place in its queue.
local function leave_group(group, id, queue, waits)
  local g = own('group:' .. group)
  local was_first = call('ZRANGE', g, 0, 0)[1] == id
  call('ZREM', g, id)
  if waits then call('ZREM', own('waiting:' .. queue), id) end
  while was_first do
    local follower = call('ZRANGE', g, 0, 0)[1]
    if not follower then return end
    local f = call('HMGET', meta(follower), 'z', 's', 'q')
    if f[1] then
      call('ZREM', own('waiting:' .. f[3]), follower)
      call('HDEL', meta(follower), 'y')
      call('ZADD', f[1], f[2], follower)
      ring(f[3])
      return
    end
    call('ZREM', g, follower)
  end
end

-- Everything of a job goes; what its end means for others is not decided here.
local function forget(id, z, n, unique, group, queue, waits)
  call('DEL', JOB .. id, PROG .. id, TRY .. id, meta(id))
  call('HDEL', own('holders'), id)
  if z then call('ZREM', z, id) end
  if unique then
    release_unique(unique, id)
    call('HDEL', own('ids'), n)
  end
  if group then leave_group(group, id, queue, waits) end
end

-- Takes the place of a waiting job with the same key; nil when somebody runs that one, and when
-- others count on it: a batch, or the rest of a chain.
local function debounce(holder, wire, more)
  local f = call('HMGET', meta(holder), 'f', 'n', 'z', 'g', 'q', 'y', 'b')
  if not f[1] or f[7] or call('HEXISTS', own('holders'), holder) == 1
    or call('EXISTS', PROG .. holder) == 1 then
    return nil
  end
  local first = tonumber(f[1])
  forget(holder, f[3], f[2], more.unique, f[4], f[5], f[6])
  return tonumber(f[2]), first, math.min(NOW + wire[4], first + more.max_wait)
end

-- Accepts a job: {uuid, queue, priority, delay, value, more}. Returns the uuid of the job that
-- stands for it. Times are milliseconds.
--
-- Most jobs are plain: due at once, and alone. All there is of one is its value, which then begins
-- with a space, and its place in its set. What else there may be of a job lies in a hash, which
-- `read` makes for a plain one when there comes to be more of it.
local function insert(wire, ignores_unique)
  local id, queue, priority, more = wire[1], wire[2], wire[3], wire[6]
  local z, n, due, first, key
  if more and more.once
    and not call('SET', own('once:' .. id), '1', 'NX', 'PX', int(more.once)) then
    return id
  end
  if more and more.unique then
    local holder = unique_holder(more.unique)
    if holder == id then return id end
    if not holder then
      key = more.unique
    elseif not ignores_unique then
      key = more.unique
      if not more.max_wait then return holder end
      n, first, due = debounce(holder, wire, more)
    end
  end
  -- The same push once more: it waits, runs, or has run a moment ago.
  if call('EXISTS', JOB .. id, RES .. id) > 0 then return id end
  z = zset(queue, priority)
  call('SADD', own('queues'), queue)
  if priority ~= 0 then call('ZADD', own('bands:' .. queue), int(priority), int(priority)) end
  ring(queue)
  local place = new_place()
  if not more and wire[4] <= 0 then
    call('SET', JOB .. id, ' ' .. wire[5])
    call('ZADD', z, flt(place), id)
    return id
  end
  call('SET', JOB .. id, wire[5])
  n = n or id_of(place)
  due = due or (wire[4] > 0 and NOW + wire[4]) or place
  local fields = { 'n', int(n), 'z', z, 's', flt(due), 'q', queue }
  local function set(field, value)
    fields[#fields + 1] = field
    fields[#fields + 1] = value
  end
  local waits = false
  if more then
    set('p', '1') -- its end means something for others
    if more.max_wait and not ignores_unique then set('f', flt(first or NOW)) end
    if more.batch then set('b', more.batch) end
    if more.links then set('k', int(more.links)) end
    if more.unique_for then set('o', flt(more.unique_for)) end
    if key then
      local till = more.unique_for and flt(NOW + more.unique_for) or ''
      call('SET', own('unique:' .. key), till .. '|' .. id)
      call('HSET', own('ids'), int(n), id)
      set('u', key)
    end
    if more.group then
      local g = own('group:' .. more.group)
      waits = call('EXISTS', g) == 1
      call('ZADD', g, int(n), id)
      set('g', more.group)
      if waits then set('y', '1') end
    end
  end
  call('HSET', meta(id), unpack(fields))
  call('ZADD', waits and own('waiting:' .. queue) or z, flt(due), id)
  return id
end

local function finish()
  save_sequence()
  ring_out()
end
