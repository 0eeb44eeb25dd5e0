local uuids = {}
for i, wire in ipairs(A) do uuids[i] = insert(wire, false) end
finish()
return uuids
