-- What people ask of a queue. A: what, and what belongs to it.
local DO = {}

function DO.counts()
  local pending, delayed, reserved, oldest = 0, 0, 0, nil
  local sets = {}
  local function add(z)
    pending = pending + call('ZCOUNT', z, '-inf', flt(NOW))
    delayed = delayed + call('ZCOUNT', z, '(' .. flt(NOW), '+inf')
    local first = call('ZRANGEBYSCORE', z, '-inf', flt(NOW), 'WITHSCORES', 'LIMIT', 0, 1)
    if first[2] and (not oldest or tonumber(first[2]) < oldest) then oldest = tonumber(first[2]) end
  end
  for _, z in ipairs(bands(A.queue)) do
    sets[z] = true
    add(z)
  end
  add(own('waiting:' .. A.queue))
  for _, id in ipairs(call('HKEYS', own('holders'))) do
    for z in pairs(sets) do
      local score = call('ZSCORE', z, id)
      if score and call('EXISTS', PROG .. id) == 1 then
        reserved = reserved + 1
        if tonumber(score) > NOW then delayed = delayed - 1 else pending = pending - 1 end
      end
    end
  end
  return { pending, delayed, reserved, pending > 0 and flt(oldest) or '' }
end

-- At most so many at once: others wait meanwhile.
function DO.clear()
  local count = 0
  local sets = bands(A.queue)
  sets[#sets + 1] = own('waiting:' .. A.queue)
  for _, z in ipairs(sets) do
    for _, id in ipairs(call('ZRANGE', z, 0, A.limit - 1 - count)) do
      local f = read(id)
      f.z = f.z or z
      remove(id, f, 5)
      call('ZREM', z, id)
      count = count + 1
    end
    if count >= A.limit then break end
  end
  finish()
  return count
end

function DO.queues()
  local found = {}
  for _, queue in ipairs(call('SMEMBERS', own('queues'))) do
    local size = call('ZCARD', own('waiting:' .. queue))
    for _, z in ipairs(bands(queue)) do size = size + call('ZCARD', z) end
    if size > 0 then found[#found + 1] = queue else call('SREM', own('queues'), queue) end
  end
  return found
end

-- The ids and numbers of a part of a set.
function DO.ids()
  local found = {}
  local page = call('ZRANGE', A.set, A.first, A.last, 'WITHSCORES')
  for i = 1, #page, 2 do
    local n = call('HGET', meta(page[i]), 'n')
    if not n then
      local holder = call('HGET', own('holders'), page[i])
      n = int(id_of(tonumber(holder and holder:match('([^:]*)$') or page[i + 1])))
    end
    found[i], found[i + 1] = page[i], n
  end
  return found
end

function DO.sets()
  local list = bands(A.queue)
  list[#list + 1] = own('waiting:' .. A.queue)
  return list
end

-- What is held is marked as arq's Job.abort() does, which a stock worker heeds as well.
function DO.cancel()
  local id = A.uuid
  if call('EXISTS', JOB .. id) == 0 then
    return call('EXISTS', RES .. id, own('failed:' .. id), own('result:' .. id)) > 0 and 'over'
      or 'unknown'
  end
  if call('EXISTS', PROG .. id) == 1 then
    call('ZADD', ABORT, flt(NOW), id)
    return 'stopping'
  end
  local f = read(id)
  if not f.n then return 'unknown' end
  remove(id, f, 5)
  finish()
  return 'removed'
end

-- Jobs that Job.abort() of arq asks to end: what nobody runs is taken out.
function DO.abort()
  local count = 0
  for _, id in ipairs(call('ZRANGE', ABORT, 0, -1)) do
    local is_free = call('EXISTS', PROG .. id) == 0 and call('EXISTS', JOB .. id) == 1
    local f = is_free and read(id) or {}
    if f.n then
      take_out(id, f, '0')
      count = count + 1
    elseif call('EXISTS', JOB .. id) == 0 then
      call('ZREM', ABORT, id)
    end
  end
  finish()
  return count
end

function DO.unlock()
  local id = call('HGET', own('ids'), A.id)
  if not id or call('GET', PROG .. id) ~= A.token then return 0 end
  local key = call('HGET', meta(id), 'u')
  if key then
    release_unique(key, id)
    call('HDEL', meta(id), 'u')
    call('HDEL', own('ids'), A.id)
  end
  return 1
end

-- A job as plain arq enqueues it; nothing of ours but the wake-up.
function DO.enqueue()
  if call('EXISTS', JOB .. A.id, RES .. A.id) > 0 then return 0 end
  call('SET', JOB .. A.id, A.value)
  if A.expires then call('PEXPIRE', JOB .. A.id, int(A.expires)) end
  call('ZADD', A.set, flt(A.score), A.id)
  call('SADD', own('queues'), A.queue)
  ring(A.queue)
  finish()
  return 1
end

function DO.restart()
  local count = call('HINCRBY', own('flags'), 'restart', 1)
  for _, queue in ipairs(call('SMEMBERS', own('queues'))) do ring(queue) end
  ring_out()
  return count
end

function DO.resume()
  call('HDEL', own('flags'), 'pause:' .. A.queue)
  if A.queue == '*' then
    for _, queue in ipairs(call('SMEMBERS', own('queues'))) do ring(queue) end
  else
    ring(A.queue)
  end
  ring_out()
  return 1
end

-- A stock worker has run a job of ours; arq's own keys go with arq's own steps.
function DO.settle_stock()
  insist()
  local o = A.outcome
  local id, kind = o[1], o[3]
  if kind == 1 or kind == 4 then
    if o[12] then note_attempt(id, call('GET', TRY .. id) or '1', o[12]) end
    if CHARGED[o[5]] then call('HINCRBY', meta(id), CHARGED[o[5]], 1) end
    call('HSET', meta(id), 's', flt(NOW + o[4]))
    return 1
  end
  local settled = settle_one(o, '')
  finish()
  return settled and 1 or 0
end

function DO.hook_done()
  return call('HDEL', own('hooks'), A.id)
end

local function forget_failed(id)
  local n = call('HGET', own('failed:' .. id), 'n')
  if not n then return 0 end
  call('DEL', own('failed:' .. id))
  call('ZREM', own('failed'), id)
  call('HDEL', own('failed-ids'), n)
  call('HDEL', own('hooks'), n)
  return 1
end

function DO.forget() return forget_failed(A.uuid) end

function DO.flush()
  local before = A.before and '(' .. flt(A.before) or '+inf'
  local ids = call('ZRANGEBYSCORE', own('failed'), '-inf', before)
  for _, id in ipairs(ids) do forget_failed(id) end
  return #ids
end

-- Failed jobs begin anew; a batch counts them as unsettled again.
function DO.retry()
  local retried = {}
  for _, wire in ipairs(A.wires) do
    local id, more = wire[1], wire[6]
    -- What is no call of ours goes back as it came.
    if not wire[5] then wire[5] = call('HGET', own('failed:' .. id), 'value') end
    local is_free = not (more and more.unique) or not unique_holder(more.unique)
    if is_free and forget_failed(id) == 1 then
      local batch = more and more.batch
      if batch and call('LREM', batch_key(batch) .. ':failed', 1, id) > 0 then
        call('HINCRBY', batch_key(batch), 'failed', -1)
        call('HINCRBY', batch_key(batch), 'skipped', -(more.links or 0))
        call('HDEL', batch_key(batch), 'finished')
      end
      call('DEL', RES .. id, own('result:' .. id))
      insert(wire, true)
      retried[#retried + 1] = id
    end
  end
  finish()
  return retried
end

local function total_of(wires)
  local total = 0
  for _, wire in ipairs(wires) do total = total + 1 + (wire[6] and wire[6].links or 0) end
  return total
end

function DO.create_batch()
  local key = batch_key(A.id)
  if call('EXISTS', key) == 1 then return 0 end
  call('HSET', key, 'name', A.name, 'total', int(total_of(A.wires)), 'done', '0', 'failed', '0',
    'skipped', '0', 'allow', A.allow, 'options', A.options, 'callbacks', next(A.callbacks) and cmsgpack.pack(A.callbacks) or '', 'created',
    flt(NOW / 1000))
  call('ZADD', own('batches'), int(new_token()), A.id)
  for _, wire in ipairs(A.wires) do insert(wire, true) end
  if #A.wires == 0 then conclude_batch(A.id, {}) end
  finish()
  return 1
end

function DO.add_to_batch()
  local key = batch_key(A.id)
  if call('EXISTS', key) == 0 or call('HEXISTS', key, 'finished') == 1 then return 0 end
  call('HINCRBY', key, 'total', int(total_of(A.wires)))
  for _, wire in ipairs(A.wires) do insert(wire, true) end
  finish()
  return 1
end

function DO.find_batches()
  local found = {}
  for _, id in ipairs(A.ids) do
    if call('EXISTS', batch_key(id)) == 1 then found[#found + 1] = describe_batch(id) end
  end
  return found
end

function DO.list_batches()
  local top = '+inf'
  if A.before then
    local score = call('ZSCORE', own('batches'), A.before)
    if not score then return {} end
    top = '(' .. score
  end
  local found = {}
  for i, id in ipairs(call('ZREVRANGEBYSCORE', own('batches'), top, '-inf', 'LIMIT', 0, A.limit)) do
    found[i] = describe_batch(id)
  end
  return found
end

function DO.cancel_batch()
  if call('EXISTS', batch_key(A.id)) == 0 then return 0 end
  return cancel_batch(A.id) and 1 or 0
end

local function delete_batch(id)
  call('ZREM', own('batches'), id)
  call('DEL', batch_key(id) .. ':failed')
  return call('DEL', batch_key(id))
end

function DO.delete_batch() return delete_batch(A.id) end

function DO.prune_batches()
  local count = 0
  for _, id in ipairs(call('ZRANGE', own('batches'), 0, -1)) do
    local v = call('HMGET', batch_key(id), 'finished', 'created', 'cancelled')
    local is_old = v[1] and A.finished and tonumber(v[1]) < A.finished
      or not v[1] and A.unfinished and tonumber(v[2]) < A.unfinished
      or v[3] and A.cancelled and tonumber(v[3]) < A.cancelled
    if is_old then count = count + delete_batch(id) end
  end
  return count
end

return DO[A.what]()
