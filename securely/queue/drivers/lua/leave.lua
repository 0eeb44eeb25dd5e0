-- A worker goes: what it still holds is given back as it was. A: worker.
local held = call('HGETALL', own('held:' .. A.worker))
for i = 1, #held, 2 do
  local f = read(held[i])
  local owner, token = (f.h or ''):match('^(.*):(%d+)$')
  local prog = call('GET', PROG .. held[i])
  if f.n and owner == A.worker and (not prog or prog == token) then release(held[i], f, 4) end
end
local hooks = call('HGETALL', own('hooks'))
for i = 1, #hooks, 2 do
  if hooks[i + 1] == A.worker then call('HSET', own('hooks'), hooks[i], '') end
end
call('DEL', own('held:' .. A.worker), own('last:' .. A.worker), own('alive:' .. A.worker))
call('HDEL', own('workers'), A.worker)
finish()
return 1
