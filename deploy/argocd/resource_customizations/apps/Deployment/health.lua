-- Health of Deployments. Those that Tandem holds are Progressing while the new version is tested and Degraded when it was
-- rejected; without this they would be Suspended, like any paused Deployment. All others are judged as Argo CD judges
-- them by itself, which this script replaces.
local hs = {}

local function answer(status, message)
  hs.status = status
  hs.message = message or ""
  return hs
end

local gate = nil
if obj.metadata.labels ~= nil then
  gate = obj.metadata.labels["tandem.dev/gate"]
end
if obj.spec.paused == true then
  if gate == "holding" then
    return answer("Progressing", "Tandem tests the new version beside the running one (kubectl tandem status)")
  end
  if gate == "rejected" then
    return answer("Degraded", "Tandem rejected the new version, the earlier one serves (kubectl tandem status says why)")
  end
  return answer("Suspended", "Deployment is paused")
end

local status = obj.status or {}
if (status.observedGeneration or 0) < (obj.metadata.generation or 0) then
  return answer("Progressing", "Waiting for rollout to finish: observed deployment generation less than desired generation")
end
for _, found in ipairs(status.conditions or {}) do
  if found.type == "Progressing" and found.reason == "ProgressDeadlineExceeded" then
    return answer("Degraded", "Deployment exceeded its progress deadline")
  end
end

local wanted = obj.spec.replicas
if wanted == nil then
  wanted = 1
end
local updated = status.updatedReplicas or 0
local all = status.replicas or 0
local available = status.availableReplicas or 0
if updated < wanted then
  return answer("Progressing", string.format("Waiting for rollout to finish: %d out of %d new replicas have been updated", updated, wanted))
end
if all > updated then
  return answer("Progressing", string.format("Waiting for rollout to finish: %d old replicas are pending termination", all - updated))
end
if available < updated then
  return answer("Progressing", string.format("Waiting for rollout to finish: %d of %d updated replicas are available", available, updated))
end
return answer("Healthy")
