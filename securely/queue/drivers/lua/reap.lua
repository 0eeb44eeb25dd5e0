-- Takes over what dead workers held. A: worker, keep, dead {worker = {"id:token" = state}}.
-- Also returns the uuids of what the worker holds itself and is to stop.
-- A worker whose sign of life has ended is dead to us, alive or not; its tokens are worth nothing.
local tally, hooks = { returned = 0, charged = 0, settled = 0 }, {}
local workers = call('HKEYS', own('workers'))
local present = { [A.worker] = true }

local gone, has_gone = {}, false
for _, worker in ipairs(workers) do
  if worker ~= A.worker then
    if A.dead[worker] or call('EXISTS', own('alive:' .. worker)) == 0 then
      insist()
      gone[worker] = A.dead[worker] or {}
      has_gone = true
      call('DEL', own('last:' .. worker), own('alive:' .. worker))
      call('HDEL', own('workers'), worker)
    else
      present[worker] = true
    end
  end
end
local held = has_gone and call('HGETALL', own('holders')) or {}
for i = 1, #held, 2 do
  local id = held[i]
  local owner, token = held[i + 1]:match('^([^:]*):(%d+)')
  if gone[owner] then
    local f, prog = read(id), call('GET', PROG .. id)
    if f.n and (not prog or prog == token) then
      local state = gone[owner][f.n .. ':' .. token] or (f.r and 1 or 0)
      local what = take_from(id, f, state)
      tally[what] = tally[what] + 1
    else
      call('HDEL', own('holders'), id)
    end
  end
end

local waiting = call('HGETALL', own('hooks'))
for i = 1, #waiting, 2 do
  if not present[waiting[i + 1]] then
    local id = call('HGET', own('failed-ids'), waiting[i])
    if id then
      insist()
      call('HSET', own('hooks'), waiting[i], A.worker)
      hooks[#hooks + 1] = { id, call('HGETALL', own('failed:' .. id)) }
    else
      call('HDEL', own('hooks'), waiting[i])
    end
  end
end

local to_stop = {}
for _, id in ipairs(call('ZRANGE', ABORT, 0, -1)) do
  local holder = call('HGET', own('holders'), id)
  if holder and holder:match('^([^:]*):') == A.worker then to_stop[#to_stop + 1] = id end
end
finish()
return { tally.returned, tally.charged, tally.settled, hooks, call('HVALS', own('workers')),
  to_stop }
