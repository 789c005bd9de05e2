-- What a person may ask of a release in its phase.
local actions = {}
local phase = ""
if obj.status ~= nil and obj.status.phase ~= nil then
  phase = obj.status.phase
end
local known = obj.status ~= nil and obj.status.target ~= nil and obj.status.target.revision ~= nil
local running = known and (phase == "Starting" or phase == "Analyzing" or phase == "Held")
local isHeldByPerson = obj.metadata.annotations ~= nil and (obj.metadata.annotations["tandem.dev/hold"] or "") ~= ""

actions["promote"] = {["disabled"] = not (running or (known and phase == "Rejected"))}
actions["abort"] = {["disabled"] = not running}
actions["retry"] = {["disabled"] = not (known and (phase == "Rejected" or phase == "Held"))}
actions["hold"] = {["disabled"] = not running or isHeldByPerson}
actions["resume"] = {["disabled"] = not isHeldByPerson}
return actions
