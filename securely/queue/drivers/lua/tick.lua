-- The ledger of scheduled runs: each step of it is one script, so a tick is granted once.
--
-- A row lies under the id of its tick; `history` has all ids by the moment they were due, and so
-- has each task its own, and one without the ticks that were skipped. A member lives for as long
-- as its key does. Each step reads, with a command of its type, whatever it is going to write:
-- what is damaged raises before anything is changed.
local function key(name) return own('schedule:' .. name) end
local function row(id) return key('tick:' .. id) end
local function lives(member) return call('EXISTS', key('alive:' .. member)) == 1 end
local SECOND = flt(NOW / 1000)

local function fields(id)
  local list, f = call('HGETALL', row(id)), {}
  for i = 1, #list, 2 do f[list[i]] = list[i + 1] end
  return f
end

-- Who holds a lock; nil for nobody. The dead hold nothing, nor do those whose time is over.
local function holder(lock)
  local v = call('HGET', key('locks'), lock)
  if not v then return nil end
  local token, till, since, pid, member, host =
    v:match('^(%d+)|([%d.e+-]+)|([%d.e+-]+)|(%d+)|(%x*)|(.*)$')
  if not token or not tonumber(till) or not tonumber(since) then return { damaged = true } end
  if tonumber(till) * 1000 <= NOW or not lives(member) then return nil end
  return { token = token, till = till, since = since, pid = pid, member = member, host = host }
end
local function hold(lock, token, till, since)
  local owner = { token, till, since, int(A.pid), A.member, A.host }
  call('HSET', key('locks'), lock, table.concat(owner, '|'))
end
local function unlock(lock, token)
  if not lock then return end
  local v = call('HGET', key('locks'), lock)
  if v and v:match('^(%d+)|') == token then call('HDEL', key('locks'), lock) end
end

local function look_at_types()
  call('ZCARD', key('history'))
  call('ZCARD', key('history:' .. A.task))
  call('ZCARD', key('ran:' .. A.task))
  call('SCARD', key('tasks'))
  call('SCARD', key('held:' .. A.member))
  call('HLEN', key('locks'))
  call('HLEN', own('sequence'))
end

-- Writes the row of a tick, in the place of `f`, which is empty where there was none.
local function note(state, token, f, more)
  local r, at = row(A.id), int(A.at)
  call('HSET', r, 'task', A.task, 'at', at, 'scope', A.scope, 'name', A.name, 'state', state,
    'token', token, 'member', A.member, 'host', A.host, 'pid', int(A.pid), 'began', SECOND,
    unpack(more))
  if f.member then call('SREM', key('held:' .. f.member), A.id) end
  call('SADD', key('tasks'), A.task)
  call('ZADD', key('history'), at, A.id)
  call('ZADD', key('history:' .. A.task), at, A.id)
  if state == 'skipped' then
    call('ZREM', key('ran:' .. A.task), A.id)
  else
    call('ZADD', key('ran:' .. A.task), at, A.id)
  end
  if state == 'running' then
    call('SADD', key('held:' .. A.member), A.id)
  else
    call('HSET', r, 'ended', SECOND)
  end
end

-- Nothing is left of a tick but, where it stays taken, that it was.
local function drop(id, f)
  local task = f.task or ''
  call('ZREM', key('history'), id)
  call('ZREM', key('history:' .. task), id)
  call('ZREM', key('ran:' .. task), id)
  if f.member then call('SREM', key('held:' .. f.member), id) end
  if call('EXISTS', key('history:' .. task)) == 0 then call('SREM', key('tasks'), task) end
end

-- Whether a tick may be claimed of which `f` is known: a new one, or in the place of a run.
local function may_claim(f)
  if A.instead == 0 then return not f.state end
  if tonumber(f.token) ~= A.instead then return false end
  return f.state == 'lost' or (f.state == 'running' and f.member == A.member)
end
local function refused(f)
  if not f.state then return { 'taken' } end
  return { 'taken', f.member or '', f.host or '', f.pid or '0', f.began or '0' }
end

local steps = {}

function steps.claim()
  local f = fields(A.id)
  -- The same claim once more: its first answer was lost on its way.
  if f.once == A.once and f.member == A.member then
    return { 'granted', f.token, f.job or '' }
  end
  if not lives(A.member) then return { 'gone' } end
  if not may_claim(f) then return refused(f) end
  local is_running = f.state == 'running'
  if is_running and not A.wire then return { 'granted', f.token, '' } end
  look_at_types()
  local held = not is_running and A.lock and holder(A.lock)
  if held and held.damaged then return { 'damaged' } end
  if held then
    if not f.state then
      local over = table.concat({ held.since, held.pid, held.host }, '|')
      note('skipped', int(new_token()), f, { 'over', over })
      finish()
    end
    return { 'overlaps', held.member, held.host, held.pid, held.since }
  end
  local token, stands, more = is_running and f.token or int(new_token()), '', { 'once', A.once }
  local function set(field, value)
    more[#more + 1] = field
    more[#more + 1] = value
  end
  if A.wire then
    stands = insert(A.wire, false)
    set('job', stands)
    if stands ~= A.wire[1] then set('stands', '1') end
    unlock(f.lock, f.token)
  elseif A.lock then
    set('lock', A.lock)
    hold(A.lock, token, flt(NOW / 1000 + A.lock_seconds), SECOND)
  end
  if f.state then call('HDEL', row(A.id), 'ended', 'code', 'out', 'why') end
  note(A.wire and 'done' or 'running', token, f, more)
  finish()
  return { 'granted', token, stands }
end

function steps.look()
  local f = fields(A.id)
  return may_claim(f) and { '' } or refused(f)
end

function steps.skip()
  if call('EXISTS', row(A.id)) == 1 then return 0 end
  look_at_types()
  note('skipped', int(new_token()), {}, { 'why', A.why })
  finish()
  return 1
end

function steps.settle()
  insist()
  local f = fields(A.id)
  -- The same ending once more, of which nobody knows whether it was heard.
  if A.again and f.token == A.token and f.state == A.state then return 1 end
  if f.state ~= 'running' or f.token ~= A.token or not lives(f.member) then return 0 end
  call('HLEN', key('locks'))
  call('HSET', row(A.id), 'state', A.state, 'ended', SECOND, 'code', A.code, 'out', A.out,
    'why', A.why)
  if A.state == 'skipped' then call('ZREM', key('ran:' .. f.task), A.id) end
  call('SREM', key('held:' .. f.member), A.id)
  unlock(f.lock, f.token)
  return 1
end

function steps.adopt()
  insist()
  if not lives(A.member) then return 'gone' end
  local f = fields(A.id)
  if f.state ~= 'running' then return '' end
  if A.again and f.from == A.token and f.member == A.member then return f.token end
  if f.token ~= A.token then return '' end
  local since, till = SECOND, flt(NOW / 1000 + A.lock_seconds)
  local held = f.lock and holder(f.lock)
  if held then
    if held.token ~= f.token then return '' end -- somebody else runs it by now
    since, till = held.since, held.till
  end
  local token = int(new_token())
  if f.lock then hold(f.lock, token, till, since) end
  call('SREM', key('held:' .. f.member), A.id)
  call('SADD', key('held:' .. A.member), A.id)
  call('HSET', row(A.id), 'from', A.token, 'token', token, 'member', A.member, 'host', A.host, 'pid', int(A.pid))
  finish()
  return token
end

-- Lets a tick be as before it was claimed: free, or lost.
function steps.withdraw()
  insist()
  local f = fields(A.id)
  local is_it = A.token and f.token == A.token or A.once and f.once == A.once
  if f.state ~= 'running' or not is_it then return 0 end
  unlock(f.lock, f.token)
  if A.instead == 0 then
    drop(A.id, f)
    call('DEL', row(A.id))
  else
    call('SREM', key('held:' .. f.member), A.id)
    call('HSET', row(A.id), 'state', 'lost', 'token', int(A.instead), 'ended', SECOND)
  end
  return 1
end

-- The answer has a name, and whoever did not get it asks for it again by that name.
function steps.reap()
  insist()
  local lost, answer = {}, key('reaped:' .. A.once)
  for _, id in ipairs(call('SMEMBERS', answer)) do lost[#lost + 1] = call('HGETALL', row(id)) end
  for _, member in ipairs(call('SMEMBERS', key('members'))) do
    if not lives(member) then
      for _, id in ipairs(call('SMEMBERS', key('held:' .. member))) do
        -- A row that is damaged must not keep all others.
        local is_good, f = pcall(fields, id)
        if is_good and f.state == 'running' and f.member == member then
          call('HSET', row(id), 'state', 'lost', 'ended', SECOND)
          unlock(f.lock, f.token)
          call('SADD', answer, id)
          lost[#lost + 1] = call('HGETALL', row(id))
        end
      end
      call('DEL', key('held:' .. member))
      call('SREM', key('members'), member)
    end
  end
  if #lost > 0 then call('PEXPIRE', answer, int(A.keep)) end
  return lost
end

function steps.join()
  call('SADD', key('members'), A.member)
  call('SET', key('alive:' .. A.member), '1', 'PX', int(A.lease))
  return 1
end

function steps.renew()
  insist()
  -- Who comes too late is dead: others may have what it held.
  if call('PEXPIRE', key('alive:' .. A.member), int(A.lease)) == 0 then return 0 end
  local leader = key('leader:' .. A.host)
  if call('GET', leader) == A.member then call('PEXPIRE', leader, int(A.lease)) end
  return 1
end

function steps.lead()
  if not lives(A.member) then return -1 end
  local leader = call('GET', key('leader:' .. A.host))
  if leader and leader ~= A.member and lives(leader) then return 0 end
  call('SET', key('leader:' .. A.host), A.member, 'PX', int(A.lease))
  return 1
end

function steps.leave()
  insist()
  call('DEL', key('alive:' .. A.member))
  if call('GET', key('leader:' .. A.host)) == A.member then call('DEL', key('leader:' .. A.host)) end
  local held = call('SMEMBERS', key('held:' .. A.member))
  for _, id in ipairs(held) do
    local is_good, f = pcall(fields, id)
    if is_good then unlock(f.lock, f.token) end
  end
  if #held == 0 then call('SREM', key('members'), A.member) end
  return #held
end

-- Until when tasks were looked after; it never goes back, but where it was a day ahead; at 0 it is only told.
function steps.seen()
  local before = {}
  for i, task in ipairs(A.tasks) do
    local v = tonumber(call('HGET', key('seen'), task) or nil)
    before[i] = v and flt(v) or ''
    if not v or v < A.now or (A.now > 0 and v > A.now + A.day) then call('HSET', key('seen'), task, flt(A.now)) end
  end
  return before
end

function steps.last()
  local found = {}
  for _, task in ipairs(A.tasks) do
    local ran = key('ran:' .. task)
    local top = call('ZREVRANGE', ran, 0, 0, 'WITHSCORES')
    local best, newest = nil, -1
    for _, id in ipairs(top[1] and call('ZRANGEBYSCORE', ran, top[2], top[2]) or {}) do
      local token = tonumber(call('HGET', row(id), 'token') or nil) or 0
      if token > newest then best, newest = id, token end
    end
    if best then found[#found + 1] = call('HGETALL', row(best)) end
  end
  return found
end

function steps.holders()
  local found = {}
  for i, lock in ipairs(A.locks) do
    local held = holder(lock)
    if not held then
      found[i] = {}
    elseif held.damaged then
      found[i] = { 'damaged' }
    else
      found[i] = { held.member, held.host, held.pid, held.since }
    end
  end
  return found
end

function steps.free()
  insist()
  local count = 0
  for _, lock in ipairs(A.locks) do
    if holder(lock) then count = count + 1 end
    call('HDEL', key('locks'), lock)
  end
  return count
end

-- Looks at some of the oldest ticks of a task, behind those that are kept in any case. Returns how
-- many were forgotten, how many more are kept, and whether there may be more.
function steps.prune()
  insist()
  local history = key('history:' .. A.task)
  local spare = call('ZCARD', history) - A.runs_max - A.kept
  local ids = {}
  if spare > 0 then
    ids = call('ZRANGE', history, A.kept, A.kept + math.min(spare, A.limit) - 1)
  end
  local last = call('ZREVRANGE', key('ran:' .. A.task), 0, 0)[1]
  local gone, kept = 0, 0
  for _, id in ipairs(ids) do
    local f = fields(id)
    if not f.state then
      f.task = A.task
      drop(id, f)
    elseif tonumber(f.at or 0) >= A.before then
      return { gone, kept, 0 }
    elseif f.state == 'running' or id == last or tonumber(f.began or 0) >= A.before then
      kept = kept + 1
    else
      gone = gone + 1
      drop(id, f)
      -- The clock of a machine may be wrong: that it was taken is known for longer.
      call('HDEL', row(id), 'out', 'why', 'name', 'lock', 'over', 'job')
      call('PEXPIRE', row(id), int(A.keep))
    end
  end
  return { gone, kept, #ids }
end

return steps[A.what]()
