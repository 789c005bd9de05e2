-- Health of a CanaryRelease by its conditions. Degraded is a version that was rejected, or a release that needs a person
-- who mends something; Suspended is one that waits for a person's decision.
local hs = {}

local function condition(kind)
  if obj.status == nil or obj.status.conditions == nil then
    return nil
  end
  for _, found in ipairs(obj.status.conditions) do
    if found.type == kind then
      return found
    end
  end
  return nil
end

local function answer(status, message)
  hs.status = status
  hs.message = message or ""
  return hs
end

local ready = condition("Ready")
if ready == nil then
  return answer("Progressing", "no operator has looked at this release yet")
end
if obj.metadata.generation ~= nil and obj.status.observedGeneration ~= obj.metadata.generation then
  return answer("Progressing", "the operator has not looked at the newest settings yet")
end

local stalled = condition("Stalled")
if stalled ~= nil and stalled.status == "True" then
  return answer("Degraded", stalled.message)
end
if obj.status.phase == "Suspended" or ready.reason == "AwaitingPerson" then
  return answer("Suspended", ready.message)
end
local reconciling = condition("Reconciling")
if reconciling ~= nil and reconciling.status == "True" then
  return answer("Progressing", ready.message)
end
if ready.status == "True" then
  return answer("Healthy", ready.message)
end
return answer("Progressing", ready.message)
