-- Counting: what the end of one member means for its batch, as delivery/counting.py has it.

local touched = {} -- batches that were cancelled or finished

local function batch_key(id) return own('batch:' .. id) end

local function fresh_uuid()
  local n = fmt('%016x', new_token())
  local ms = fmt('%012x', math.floor(US / 1000))
  return fmt('%s-%s-7%s-8%s-%s', ms:sub(1, 8), ms:sub(9, 12), n:sub(1, 3), n:sub(4, 6),
    n:sub(5, 16))
end

-- Accepts what waits for *name* to happen: each once in the life of a batch, "progress" always.
local function fire(batch, name, callbacks)
  local key = batch_key(batch)
  if name ~= 'progress' and call('HSETNX', key, 'fired:' .. name, '1') == 0 then return end
  for at, wire in ipairs(callbacks[name] or {}) do
    if name == 'progress' then
      local unique = fmt('progress:%s:%d', batch, at - 1)
      local holder = unique_holder(unique)
      if not holder or call('EXISTS', PROG .. holder) == 1 then
        local more = wire[6] or {}
        more.unique = unique
        if holder then release_unique(unique, holder) end
        insert({ fresh_uuid(), wire[2], wire[3], wire[4], wire[5], more }, false)
      end
    else
      insert(wire, true)
    end
  end
end

local function cancel_batch(batch)
  if call('HSETNX', batch_key(batch), 'cancelled', flt(NOW / 1000)) == 1 then
    touched[batch] = true
    return true
  end
  return false
end

-- Pushes what has happened to a batch, and its end if no member is unsettled.
local function conclude_batch(batch, happened)
  local key = batch_key(batch)
  local v = call('HMGET', key, 'total', 'done', 'failed', 'skipped', 'finished', 'cancelled',
    'callbacks')
  local settled = v[2] + v[3] + v[4]
  if settled >= tonumber(v[1]) and not v[5] then
    call('HSET', key, 'finished', flt(NOW / 1000))
    touched[batch] = true
    if tonumber(v[3]) == 0 then happened[#happened + 1] = 'then' end
    happened[#happened + 1] = 'finally'
    if not v[6] then happened[#happened + 1] = 'next' end
  end
  local callbacks = v[7] ~= '' and cmsgpack.unpack(v[7]) or {}
  for _, name in ipairs(happened) do fire(batch, name, callbacks) end
end

-- A member has ended: how is 'done', 'failed' or 'skipped'.
local function count_member(batch, id, how, links, error)
  local key = batch_key(batch)
  if call('EXISTS', key) == 0 then return end
  local happened = { 'progress' }
  if how == 'failed' then
    call('HINCRBY', key, 'failed', 1)
    call('RPUSH', key .. ':failed', id)
    if error then call('HSETNX', key, 'error', error) end
    happened[2] = 'catch'
    if call('HGET', key, 'allow') ~= '1' then cancel_batch(batch) end
  elseif how == 'skipped' then
    call('HINCRBY', key, 'skipped', 1)
  else
    call('HINCRBY', key, 'done', 1)
  end
  if links > 0 then call('HINCRBY', key, 'skipped', links) end
  conclude_batch(batch, happened)
end

local function describe_batch(id)
  local key = batch_key(id)
  return { id, call('HGETALL', key), call('LRANGE', key .. ':failed', 0, -1) }
end
