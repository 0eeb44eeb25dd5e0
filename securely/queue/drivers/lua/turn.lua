-- One turn of a worker: settle what is done, claim what fits, learn what comes next.
-- A: worker, lease, queues, room, restarts, plain, ends, others, keep, turn (its number), limits
-- {queue = {concurrency, rate, length}}.

local worker, LEASE = A.worker, A.lease
local stale, gone = {}, {}
local claimed = {} -- {uuid, token, queue, uuid, token, queue, ...}
local deliveries = {}

local flags = call('HGETALL', own('flags'))
local restarts, paused, is_paused = '0', {}, {}
for i = 1, #flags, 2 do
  if flags[i] == 'restart' then
    restarts = flags[i + 1]
  elseif flags[i + 1] == '' or tonumber(flags[i + 1]) > NOW then
    is_paused[flags[i]:sub(7)] = true
  end
end
for _, queue in ipairs(A.queues) do
  if is_paused['*'] or is_paused[queue] then
    is_paused[queue] = true
    paused[#paused + 1] = queue
  end
end
local must_restart = restarts ~= A.restarts

local has_aborts = call('EXISTS', ABORT) == 1
local function is_aborted(id)
  if not has_aborts or not is_cancelled(id) then return false end
  local f = read(id)
  if not f.n then return false end
  take_out(id, f, '0')
  return true
end

-- The lease of a job's holder ran out, or it was never ours: makes it fit to be claimed, and
-- returns how often it was tried.
local function adopt(id, v, queue, z, tries)
  if not v[1] then -- somebody else's: it was enqueued by plain arq
    v[1] = int(id_of(new_place()))
    call('HSET', meta(id), 'n', v[1], 'z', z, 's', call('ZSCORE', z, id), 'q', queue)
    return tries
  end
  if v[5] then -- It was seen to have begun: charged.
    call('HDEL', meta(id), 'r')
    v[3] = charge_lost(id, int(tries))
    return tries
  end
  if call('HINCRBY', meta(id), 'v', 1) % 10 == 9 then
    v[3] = charge_lost(id, int(tries))
    return tries
  end
  return tries - 1
end

local function keys_of(prefix, ids)
  local keys = {}
  for i, id in ipairs(ids) do keys[i] = prefix .. id end
  return unpack(keys)
end

-- What a worker is told of a claimed job. v: n, x, l, d, r, p.
local function row(id, token, queue, z, v, attempts, value)
  local counts = ''
  if v[2] or v[3] or v[4] then
    counts = (v[2] or '0') .. ',' .. (v[3] or '0') .. ',' .. (v[4] or '0')
  end
  return { id, token, queue, v[1] or '0', counts, attempts or '1', value or '', v[6] and '' or z }
end

local function claim(queue, z, room)
  local skipped, left, lease = 0, room, int(LEASE)
  local until_ = flt(NOW + LEASE)
  while left > 0 do
    local asked = math.min(left, 500)
    local found = call('ZRANGEBYSCORE', z, '-inf', flt(NOW), 'WITHSCORES', 'LIMIT', skipped, asked)
    if #found == 0 then break end
    insist()
    local ids, scores = {}, {}
    for i = 1, #found, 2 do
      ids[#ids + 1] = found[i]
      scores[#scores + 1] = found[i + 1]
    end
    local values = call('MGET', keys_of(JOB, ids))
    local holders = call('HMGET', own('holders'), unpack(ids))
    local moved, held, tried = {}, {}, {}
    for i, id in ipairs(ids) do
      local token = int(new_token())
      if call('SET', PROG .. id, token, 'NX', 'PX', lease) then
        if is_aborted(id) then
          call('DEL', PROG .. id)
        else
          local value, score, v, attempts = values[i], scores[i], nil, '1'
          if value and value:byte(1) == 32 and holders[i] then
            read(id) -- there is more of it now
            value = value:sub(2)
          end
          if value and value:byte(1) == 32 then
            v = { int(id_of(tonumber(score))) }
          else
            v = call('HMGET', meta(id), 'n', 'x', 'l', 'd', 'r', 'p')
            local tries = tonumber(call('GET', TRY .. id) or 0)
            if not v[1] or holders[i] then tries = adopt(id, v, queue, z, tries) end
            attempts = int(tries + 1)
          end
          moved[#moved + 1], moved[#moved + 2] = until_, id
          held[#held + 1], held[#held + 2] = id, worker .. ':' .. token .. ':' .. score
          tried[#tried + 1], tried[#tried + 2] = TRY .. id, attempts
          local at = #claimed
          claimed[at + 1], claimed[at + 2], claimed[at + 3] = id, token, queue
          local told = row(id, token, queue, z, v, attempts, value)
          told[9] = score
          deliveries[#deliveries + 1] = told
          left = left - 1
        end
      elseif holders[i] then
        -- One of ours, whose score a stranger or a jump of the clock has brought here.
        moved[#moved + 1], moved[#moved + 2] = flt(NOW + math.max(call('PTTL', PROG .. id), 1)), id
      else
        skipped = skipped + 1 -- a stock worker runs it
      end
    end
    if #moved > 0 then call('ZADD', z, unpack(moved)) end
    if #held > 0 then
      call('HSET', own('holders'), unpack(held))
      call('MSET', unpack(tried))
    end
    if #ids < asked then break end
  end
  return left
end

-- How many jobs of a queue are in the hands of workers. What is in hand is counted where it lies, so
-- that no death takes a place with it.
local function held_of(queue)
  local sets, count = bands(queue), 0
  for _, id in ipairs(call('HKEYS', own('holders'))) do
    for _, z in ipairs(sets) do
      if call('ZSCORE', z, id) then
        if call('EXISTS', PROG .. id) == 1 then count = count + 1 end
        break
      end
    end
  end
  return count
end

-- The present time of a queue's rate: how many were handed out in it, and its end. One that ends
-- later than it could was begun by a clock that was set back since.
local function window_of(queue, limit)
  local v = call('HMGET', own('rate:' .. queue), 'taken', 'till')
  local till = tonumber(v[2] or 0)
  if till <= NOW or till > NOW + limit.length then return 0, NOW + limit.length end
  return tonumber(v[1]), till
end

-- How many of so many jobs a queue may hand out now.
local function room_of(queue, room)
  local limit = A.limits[queue]
  if not limit then return room end
  if limit.concurrency then room = math.min(room, limit.concurrency - held_of(queue)) end
  if limit.rate then room = math.min(room, limit.rate - window_of(queue, limit)) end
  return math.max(room, 0)
end

local function note_taken(queue, count)
  local limit = A.limits[queue]
  if not limit or not limit.rate or count == 0 then return end
  local taken, till = window_of(queue, limit)
  call('HSET', own('rate:' .. queue), 'taken', int(taken + count), 'till', flt(till))
end

local function has_due(z)
  return #call('ZRANGEBYSCORE', z, '-inf', flt(NOW), 'LIMIT', 0, 1) > 0
end

-- When the next delayed job is due; what is held has a score in the future too, and is passed over.
local function next_due()
  local earliest
  for _, queue in ipairs(A.queues) do
    for _, z in ipairs(is_paused[queue] and {} or bands(queue)) do
      local at = 0
      local found
      while not found do
        local page = call('ZRANGEBYSCORE', z, '(' .. flt(NOW), '+inf', 'WITHSCORES', 'LIMIT', at,
          64)
        for i = 1, #page, 2 do
          if call('EXISTS', PROG .. page[i]) == 0 then
            found = tonumber(page[i + 1])
            break
          end
        end
        at = at + 64
        if #page < 128 then break end
        if at >= 1024 then found = tonumber(page[127]) end -- near enough, and bounded
      end
      if found and (not earliest or found < earliest) then earliest = found end
    end
    local limit = A.limits[queue]
    if limit and limit.rate then
      local taken, till = window_of(queue, limit)
      if taken >= limit.rate and (not earliest or till < earliest) then earliest = till end
    end
  end
  return earliest
end

-- The same, of one that was claimed before.
local function describe(id, token, queue)
  local f = read(id)
  local v = call('HMGET', meta(id), 'n', 'x', 'l', 'd', 'r', 'p')
  return row(id, token, queue, f.z, v, call('GET', TRY .. id), call('GET', JOB .. id))
end

-- A turn whose answer was lost is asked for again by its number, and answered as before.
local given_up = {} -- what was to be put back, and was cancelled
local last = A.again and call('GET', own('last:' .. worker))
last = last and cmsgpack.unpack(last)
local is_again = last and last[1] == A.turn
if is_again then
  stale, given_up = last[2], last[4] or {}
  for i = 1, #last[3], 3 do
    if call('GET', PROG .. last[3][i]) == last[3][i + 1] then
      deliveries[#deliveries + 1] = describe(unpack(last[3], i, i + 2))
    end
  end
else
  if next(A.others) then insist() end
  for z, list in pairs(A.plain) do settle_ends(z, list, true, worker, stale, gone) end
  for z, list in pairs(A.ends) do settle_ends(z, list, false, worker, stale, gone) end
  for _, o in ipairs(A.others) do
    if not gone[o[1]] and settle_one(o, worker) then
      gone[o[1]] = true
    else
      stale[#stale + 1] = o[1]
    end
  end
  given_up, cancelled = cancelled, {} -- apart from what is found cancelled below
  if has_aborts then
    for id in pairs(gone) do call('ZREM', ABORT, id) end -- it has ended: too late to be aborted
  end
  local room = must_restart and 0 or A.room
  for _, queue in ipairs(A.queues) do
    if room > 0 and not is_paused[queue] then
      local most = room_of(queue, room)
      local left, is_limited = most, most < room
      for _, z in ipairs(bands(queue)) do
        if left > 0 or not is_limited then left = claim(queue, z, left) end
        if left <= 0 and not is_limited and has_due(z) then ring(queue) end
      end
      note_taken(queue, most - left)
      room = room - (most - left)
    end
  end
  -- What has ended has made room, also for others.
  for queue in pairs(next(gone) and A.limits or {}) do
    if room_of(queue, 1) > 0 then
      for _, z in ipairs(bands(queue)) do
        if has_due(z) then ring(queue) end
      end
    end
  end
  if next(gone) or #stale > 0 or #claimed > 0 then
    local answer = cmsgpack.pack({ A.turn, stale, claimed, given_up })
    call('SET', own('last:' .. worker), answer, 'PX', int(LEASE * 4))
  end
end
finish()

local due = #deliveries < A.room or A.room == 0
due = due and next_due()
local batches = {}
for id in pairs(touched) do batches[#batches + 1] = describe_batch(id) end
return { stale, deliveries, due and flt(due) or '', must_restart and 1 or 0, paused, batches,
  given_up }
