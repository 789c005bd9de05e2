-- The command `promote` of Tandem: an annotation REVISION@TIME on the release, for the version that is held now.
if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["tandem.dev/promote"] = obj.status.target.revision .. "@" .. os.date("!%Y-%m-%dT%H:%M:%SZ")
return obj
