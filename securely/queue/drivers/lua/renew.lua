-- A worker says that it is there, prolongs what it holds, and notes what has begun.
-- A: worker, lease, info, held {uuid, token, set, ...}, begun {uuid, token, ...}.
-- Returns the uuids that it does not hold any more.
insist()
local lost = {}
if A.info then
  call('HSET', own('workers'), A.worker, A.info)
  call('SET', own('alive:' .. A.worker), '1', 'PX', int(A.lease))
  if call('EXISTS', own('last:' .. A.worker)) == 1 then
    call('PEXPIRE', own('last:' .. A.worker), int(A.lease * 4))
  end
end
local function holder_of(id)
  local holder = call('HGET', own('holders'), id)
  return holder and holder:match('^([^:]*:%d+)')
end
for i = 1, #A.held, 3 do
  local id, token, z = A.held[i], A.held[i + 1], A.held[i + 2]
  if z == '' then z = call('HGET', meta(id), 'z') or '' end
  local prog = call('GET', PROG .. id)
  if prog == token then
    call('PEXPIRE', PROG .. id, int(A.lease))
    -- In place: the score alone moves, also back from where an abort() has put it.
    call('ZADD', z, 'XX', flt(NOW + A.lease), id)
  elseif not prog and holder_of(id) == A.worker .. ':' .. token then
    -- It ran out and nobody came.
    call('SET', PROG .. id, token, 'PX', int(A.lease))
    call('ZADD', z, 'XX', flt(NOW + A.lease), id)
  else
    lost[#lost + 1] = id
  end
end
for i = 1, #A.begun, 2 do
  local f = read(A.begun[i])
  if f.n and f.h == A.worker .. ':' .. A.begun[i + 1] then
    call('HSET', meta(A.begun[i]), 'r', '1')
  end
end
return lost
