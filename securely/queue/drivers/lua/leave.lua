-- A worker goes: what it still holds is given back as it was. A: worker.
insist()
local held = call('HGETALL', own('holders'))
for i = 1, #held, 2 do
  local owner, token = held[i + 1]:match('^([^:]*):(%d+)')
  if owner == A.worker then
    local f, prog = read(held[i]), call('GET', PROG .. held[i])
    if f.n and (not prog or prog == token) then release(held[i], f, 4) end
    call('HDEL', own('holders'), held[i])
  end
end
local hooks = call('HGETALL', own('hooks'))
for i = 1, #hooks, 2 do
  if hooks[i + 1] == A.worker then call('HSET', own('hooks'), hooks[i], '') end
end
call('DEL', own('last:' .. A.worker), own('alive:' .. A.worker))
call('HDEL', own('workers'), A.worker)
finish()
return 1
