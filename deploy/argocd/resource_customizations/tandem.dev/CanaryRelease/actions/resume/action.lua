-- Takes a person's hold off.
if obj.metadata.annotations ~= nil then
  obj.metadata.annotations["tandem.dev/hold"] = ""
end
return obj
