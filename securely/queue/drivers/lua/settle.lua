-- The end of a delivery and all that follows from it.

local MEMBER = { [0] = 'done', [2] = 'failed', [3] = 'done', [5] = 'skipped' }

-- arq's record of a result, so that Job.status(), result() and abort() have something to read.
local encoded = {}
local function json(text)
  encoded[text] = encoded[text] or cjson.encode(text)
  return encoded[text]
end
local function keep_result(id, f, token, success, value)
  if A.keep <= 0 then return end
  local started = tonumber(token) and tonumber(token) > 1 and tonumber(token) / 1000 or NOW
  call('SET', RES .. id, fmt(
    '{"t":%d,"f":"securely_job","a":[],"k":{},"et":%.0f,"s":%s,"r":%s,"st":%.0f,"ft":%.0f,'
      .. '"q":%s,"id":%s}',
    tonumber(f.t or call('GET', TRY .. id) or 1), f.n and f.n / GRAIN + EPOCH or US / 1000,
    success and 'true' or 'false', value, started, US / 1000, json(f.z or ''),
    cjson.encode(id)
  ), 'PX', int(A.keep))
end

-- What arq makes of a job that was aborted.
local CANCELLED = '{"$error":{"type":"asyncio.exceptions.CancelledError","message":"","trace":""}}'

-- Makes the hash of a plain job.
local function materialize(id, value, holder)
  local call_ = cjson.decode(value)
  local queue, fixed = call_.a[3], cjson.decode(call_.a[2])
  local z = zset(queue, fixed[4])
  local s = holder and holder:match('([^:]*)$') or call('ZSCORE', z, id) or flt(NOW)
  local f = { z = z, n = int(id_of(tonumber(s))), q = queue, s = s }
  call('HSET', meta(id), 'n', f.n, 'z', z, 's', s, 'q', queue)
  call('SET', JOB .. id, value:sub(2))
  return f
end

-- What there is of a job; `h` is who holds it, with which token.
local FIELDS = { 'z', 'n', 'u', 'g', 'b', 'k', 'q', 'y', 's', 'r', 'o' }
local function read(id)
  local v, f = call('HMGET', meta(id), unpack(FIELDS)), {}
  for i, name in ipairs(FIELDS) do f[name] = v[i] or nil end
  local holder = call('HGET', own('holders'), id)
  if not f.n then
    local value = call('GET', JOB .. id)
    if value and value:byte(1) == 32 then f = materialize(id, value, holder) end
  end
  f.h = holder and holder:match('^([^:]*:%d+)') or nil
  return f
end

-- A holder is current while nobody has claimed the job after it: by the token in arq's key, or,
-- where the lease has run out and nobody came, by what was noted at the claim.
local function is_current(id, token, f, worker)
  local prog = call('GET', PROG .. id)
  if prog then return prog == token end
  return f.h == worker .. ':' .. token
end

-- Links of its chain that no successor stands for will not run, and are skipped. What is no member
-- itself stood for one behind it, which is counted when it ends.
local function remove(id, f, kind, error, successors, is_member)
  forget(id, f.z, f.n, f.u, f.g, f.q, f.y)
  if not f.b or not MEMBER[kind] then return end
  local links = tonumber(f.k or 0)
  for _, wire in ipairs(successors or {}) do
    if wire[6] and wire[6].batch == f.b then
      if is_member == false then return end
      links = 0
    end
  end
  if is_member == false and kind == 0 then return end
  count_member(f.b, id, MEMBER[kind], links, error)
end

-- How attempts of a job ended, a line of JSON for each, cut at the front: its hash holds them until
-- it is done. The reason is a JSON string already.
local HISTORY_MAX, LOST = 8192, '"lost with its worker"'
local function note_attempt(id, attempt, reason)
  local line = '[' .. attempt .. ',' .. flt(NOW / 1000) .. ',' .. reason .. ']'
  local before = call('HGET', meta(id), 'history')
  if before then line = (before .. '\n' .. line):sub(-HISTORY_MAX) end
  call('HSET', meta(id), 'history', line)
end
local function charge_lost(id, attempt)
  note_attempt(id, attempt, LOST)
  return call('HINCRBY', meta(id), 'l', 1)
end

local function record_failure(id, f, error, has_hook, worker)
  local key, at = own('failed:' .. id), flt(NOW / 1000)
  local fields = { 'n', f.n, 'q', f.q, 'value', call('GET', JOB .. id) or '',
    'error', error, 'attempts', call('GET', TRY .. id) or '1', 'at', at }
  for _, name in ipairs({ 'u', 'g', 'b', 'k', 'o' }) do
    if f[name] then
      fields[#fields + 1] = name
      fields[#fields + 1] = f[name]
    end
  end
  local history = call('HGET', meta(id), 'history')
  if history then
    fields[#fields + 1] = 'history'
    fields[#fields + 1] = history
  end
  call('DEL', key)
  call('HSET', key, unpack(fields))
  call('ZADD', own('failed'), at, id)
  call('HSET', own('failed-ids'), f.n, id)
  if has_hook then call('HSET', own('hooks'), f.n, worker) end
end

-- A job that stands in arq's set of those to be aborted is cancelled: whatever would put it back
-- takes it out instead, so that none that waits stands there for long.
local cancelled = {} -- ids
local function is_cancelled(id) return call('ZSCORE', ABORT, id) end
local function take_out(id, f, token)
  keep_result(id, f, token, false, CANCELLED)
  remove(id, f, 5)
  call('ZREM', ABORT, id)
  cancelled[#cancelled + 1] = id
end

-- Back to its queue: in its old place, or at a new one.
local function put_back(id, f, due)
  if is_cancelled(id) then
    take_out(id, f, (f.h or ''):match(':(%d+)$') or '0')
    return ring(f.q) -- its queue may have a limit
  end
  call('HDEL', meta(id), 'r')
  call('HDEL', own('holders'), id)
  call('DEL', PROG .. id)
  if due then call('HSET', meta(id), 's', due) end
  call('ZADD', f.z, due or f.s, id)
  ring(f.q)
end

local CHARGED = { [1] = 'x', [2] = 'd', [3] = 'l' }
local function release(id, f, kind, delay, charge, note)
  if kind == 4 then
    call('DECR', TRY .. id)
    return put_back(id, f)
  end
  if note then note_attempt(id, call('GET', TRY .. id) or '1', note) end
  if CHARGED[charge] then call('HINCRBY', meta(id), CHARGED[charge], 1) end
  if delay > 0 then
    put_back(id, f, flt(NOW + delay))
  elseif charge == 3 then
    put_back(id, f)
  else
    put_back(id, f, flt(new_place()))
  end
end

-- A worker is gone, or was silent for too long, and this is a job it held.
local function take_from(id, f, state)
  if state ~= 2 and is_cancelled(id) then
    put_back(id, f)
    return 'settled'
  end
  if state == 2 then
    keep_result(id, f, (f.h or ''):match(':(%d+)$'), true, 'null')
    -- It counts in no batch: only what is no member gets this mark when it is done.
    remove(id, f, 0, nil, nil, false)
    ring(f.q) -- its queue may have a limit
    return 'settled'
  end
  local vanished = state == 0 and call('HINCRBY', meta(id), 'v', 1) or 0
  if state == 1 or vanished % 10 == 9 then
    -- (One that had not begun is charged too when it happens again and again: it may be what
    -- takes down a machine before anyone can note that it has begun.)
    charge_lost(id, call('GET', TRY .. id) or '1')
    put_back(id, f)
    return 'charged'
  end
  call('DECR', TRY .. id)
  put_back(id, f)
  return 'returned'
end

-- What who waits for a job is told. The length of its time is that of the caller's clock.
local function keep_own_result(id, kind, value, error, length)
  if not length or (kind ~= 0 and kind ~= 2) then return end
  local key = own('result:' .. id)
  call('DEL', key)
  call('HSET', key, 'till', flt(NOW + length))
  if kind == 0 then call('HSET', key, 'value', value) else call('HSET', key, 'error', error) end
  call('PEXPIRE', key, int(math.max(length, 1)))
end

-- One outcome: {uuid, token, kind, delay, charge, error, has_hook, successors, is_member, result,
-- how long that is kept, what is noted of an attempt}.
-- False: stale.
local function settle_one(o, worker)
  local id, token, kind = o[1], o[2], o[3]
  local f = read(id)
  if not f.n or not is_current(id, token, f, worker) then return false end
  if kind == 1 or kind == 4 then
    release(id, f, kind, o[4], o[5], o[12])
  else
    if kind == 2 then
      record_failure(id, f, o[6], o[7], worker)
      keep_result(id, f, token, false, '{"$error":' .. o[6] .. '}')
    else
      local is_stopped = kind == 5 and is_cancelled(id)
      keep_result(id, f, token, not is_stopped, is_stopped and CANCELLED or 'null')
    end
    keep_own_result(id, kind, o[10], o[6], o[11])
    remove(id, f, kind, o[6], o[8], o[9])
  end
  for _, wire in ipairs(o[8] or {}) do insert(wire, true) end
  return true
end

-- Ends of jobs of one sorted set that mean nothing for others, {uuid, token, uuid, token, ...}:
-- most are, and are settled with few calls. Those that are plain have no hash.
local function settle_ends(z, done, is_plain, worker, stale, gone)
  local ids, progs, held, holders = {}, {}, {}, {}
  for i = 1, #done, 2 do
    local id = done[i]
    ids[#ids + 1] = id
    progs[#progs + 1] = PROG .. id
  end
  in_chunks(progs, function(...)
    for _, prog in ipairs(call('MGET', ...)) do held[#held + 1] = prog end
  end)
  if A.keep > 0 and is_plain then
    in_chunks(ids, function(...)
      for _, holder in ipairs(call('HMGET', own('holders'), ...)) do holders[#holders + 1] = holder end
    end)
  end
  local keys, ended = {}, {}
  for i, id in ipairs(ids) do
    if gone[id] then
      stale[#stale + 1] = id
    elseif held[i] == done[2 * i] then
      gone[id] = true
      if A.keep > 0 then
        local place = holders[i] and tonumber(holders[i]:match('([^:]*)$'))
        -- (What was released before is not plain any more: this was its first try.)
        local f = is_plain and { z = z, n = place and id_of(place), t = 1 } or read(id)
        keep_result(id, f, done[2 * i], true, 'null')
      end
      local at = #keys
      keys[at + 1], keys[at + 2], keys[at + 3] = JOB .. id, progs[i], TRY .. id
      if not is_plain then keys[at + 4] = meta(id) end
      ended[#ended + 1] = id
    elseif settle_one({ id, done[2 * i], 0 }, worker) then
      gone[id] = true
    else
      stale[#stale + 1] = id
    end
  end
  in_chunks(keys, function(...) call('UNLINK', ...) end)
  in_chunks(ended, function(...)
    call('HDEL', own('holders'), ...)
    call('ZREM', z, ...)
  end)
end
