/**
 * The fields of Kubernetes' own types (v1.36), written by scripts/kubernetes-types.ts: type, then its fields with their types.
 * `[]` is a list that is replaced as a whole, `[name]` one whose items are known by these fields, `[=]` a set; behind `|`
 * the field by which a strategic patch knows them. `{}` is a map. `!` is replaced as a whole by server-side apply.
 */
export const TYPES: Record<string, string> = {
  Pod: 'apiVersion:string kind:string metadata:ObjectMeta spec:PodSpec status:PodStatus',
  ObjectMeta:
    'annotations:{}string creationTimestamp:time deletionGracePeriodSeconds:int64 deletionTimestamp:time finalizers:[=|=]string generateName:string generation:int64 labels:{}string managedFields:[]ManagedFieldsEntry name:string namespace:string ownerReferences:[uid|uid]!OwnerReference resourceVersion:string selfLink:string uid:string',
  ManagedFieldsEntry:
    'apiVersion:string fieldsType:string fieldsV1:any manager:string operation:string subresource:string time:time',
  OwnerReference: 'apiVersion:string blockOwnerDeletion:boolean controller:boolean kind:string name:string uid:string',
  PodSpec:
    'activeDeadlineSeconds:int64 affinity:Affinity automountServiceAccountToken:boolean containers:[name|name]Container dnsConfig:PodDNSConfig dnsPolicy:string enableServiceLinks:boolean ephemeralContainers:[name|name]EphemeralContainer hostAliases:[ip|ip]HostAlias hostIPC:boolean hostNetwork:boolean hostPID:boolean hostUsers:boolean hostname:string hostnameOverride:string imagePullSecrets:[name|name]!LocalObjectReference initContainers:[name|name]Container nodeName:string nodeSelector:!{}string os:PodOS overhead:{}quantity preemptionPolicy:string priority:int32 priorityClassName:string readinessGates:[]PodReadinessGate resourceClaims:[name|name]PodResourceClaim resources:ResourceRequirements restartPolicy:string runtimeClassName:string schedulerName:string schedulingGates:[name|name]PodSchedulingGate schedulingGroup:PodSchedulingGroup securityContext:PodSecurityContext serviceAccount:string serviceAccountName:string setHostnameAsFQDN:boolean shareProcessNamespace:boolean subdomain:string terminationGracePeriodSeconds:int64 tolerations:[]Toleration topologySpreadConstraints:[topologyKey,whenUnsatisfiable|topologyKey]TopologySpreadConstraint volumes:[name|name]Volume',
  Affinity: 'nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAntiAffinity',
  NodeAffinity:
    'preferredDuringSchedulingIgnoredDuringExecution:[]PreferredSchedulingTerm requiredDuringSchedulingIgnoredDuringExecution:!NodeSelector',
  PreferredSchedulingTerm: 'preference:!NodeSelectorTerm weight:int32',
  NodeSelectorTerm: 'matchExpressions:[]NodeSelectorRequirement matchFields:[]NodeSelectorRequirement',
  NodeSelectorRequirement: 'key:string operator:string values:[]string',
  NodeSelector: 'nodeSelectorTerms:[]!NodeSelectorTerm',
  PodAffinity:
    'preferredDuringSchedulingIgnoredDuringExecution:[]WeightedPodAffinityTerm requiredDuringSchedulingIgnoredDuringExecution:[]PodAffinityTerm',
  WeightedPodAffinityTerm: 'podAffinityTerm:PodAffinityTerm weight:int32',
  PodAffinityTerm:
    'labelSelector:!LabelSelector matchLabelKeys:[]string mismatchLabelKeys:[]string namespaceSelector:!LabelSelector namespaces:[]string topologyKey:string',
  LabelSelector: 'matchExpressions:[]LabelSelectorRequirement matchLabels:{}string',
  LabelSelectorRequirement: 'key:string operator:string values:[]string',
  PodAntiAffinity:
    'preferredDuringSchedulingIgnoredDuringExecution:[]WeightedPodAffinityTerm requiredDuringSchedulingIgnoredDuringExecution:[]PodAffinityTerm',
  Container:
    'args:[]string command:[]string env:[name|name]EnvVar envFrom:[]EnvFromSource image:string imagePullPolicy:string lifecycle:Lifecycle livenessProbe:Probe name:string ports:[containerPort,protocol|containerPort]ContainerPort readinessProbe:Probe resizePolicy:[]ContainerResizePolicy resources:ResourceRequirements restartPolicy:string restartPolicyRules:[]ContainerRestartRule securityContext:SecurityContext startupProbe:Probe stdin:boolean stdinOnce:boolean terminationMessagePath:string terminationMessagePolicy:string tty:boolean volumeDevices:[devicePath|devicePath]VolumeDevice volumeMounts:[mountPath|mountPath]VolumeMount workingDir:string',
  EnvVar: 'name:string value:string valueFrom:EnvVarSource',
  EnvVarSource:
    'configMapKeyRef:!ConfigMapKeySelector fieldRef:!ObjectFieldSelector fileKeyRef:!FileKeySelector resourceFieldRef:!ResourceFieldSelector secretKeyRef:!SecretKeySelector',
  ConfigMapKeySelector: 'key:string name:string optional:boolean',
  ObjectFieldSelector: 'apiVersion:string fieldPath:string',
  FileKeySelector: 'key:string optional:boolean path:string volumeName:string',
  ResourceFieldSelector: 'containerName:string divisor:quantity resource:string',
  SecretKeySelector: 'key:string name:string optional:boolean',
  EnvFromSource: 'configMapRef:ConfigMapEnvSource prefix:string secretRef:SecretEnvSource',
  ConfigMapEnvSource: 'name:string optional:boolean',
  SecretEnvSource: 'name:string optional:boolean',
  Lifecycle: 'postStart:LifecycleHandler preStop:LifecycleHandler stopSignal:string',
  LifecycleHandler: 'exec:ExecAction httpGet:HTTPGetAction sleep:SleepAction tcpSocket:TCPSocketAction',
  ExecAction: 'command:[]string',
  HTTPGetAction: 'host:string httpHeaders:[]HTTPHeader path:string port:intOrString scheme:string',
  HTTPHeader: 'name:string value:string',
  SleepAction: 'seconds:int64',
  TCPSocketAction: 'host:string port:intOrString',
  Probe:
    'exec:ExecAction failureThreshold:int32 grpc:GRPCAction httpGet:HTTPGetAction initialDelaySeconds:int32 periodSeconds:int32 successThreshold:int32 tcpSocket:TCPSocketAction terminationGracePeriodSeconds:int64 timeoutSeconds:int32',
  GRPCAction: 'port:int32 service:string',
  ContainerPort: 'containerPort:int32 hostIP:string hostPort:int32 name:string protocol:string',
  ContainerResizePolicy: 'resourceName:string restartPolicy:string',
  ResourceRequirements: 'claims:[name]ResourceClaim limits:{}quantity requests:{}quantity',
  ResourceClaim: 'name:string request:string',
  ContainerRestartRule: 'action:string exitCodes:ContainerRestartRuleOnExitCodes',
  ContainerRestartRuleOnExitCodes: 'operator:string values:[=]int32',
  SecurityContext:
    'allowPrivilegeEscalation:boolean appArmorProfile:AppArmorProfile capabilities:Capabilities privileged:boolean procMount:string readOnlyRootFilesystem:boolean runAsGroup:int64 runAsNonRoot:boolean runAsUser:int64 seLinuxOptions:SELinuxOptions seccompProfile:SeccompProfile windowsOptions:WindowsSecurityContextOptions',
  AppArmorProfile: 'localhostProfile:string type:string',
  Capabilities: 'add:[]string drop:[]string',
  SELinuxOptions: 'level:string role:string type:string user:string',
  SeccompProfile: 'localhostProfile:string type:string',
  WindowsSecurityContextOptions:
    'gmsaCredentialSpec:string gmsaCredentialSpecName:string hostProcess:boolean runAsUserName:string',
  VolumeDevice: 'devicePath:string name:string',
  VolumeMount:
    'mountPath:string mountPropagation:string name:string readOnly:boolean recursiveReadOnly:string subPath:string subPathExpr:string',
  PodDNSConfig: 'nameservers:[]string options:[]PodDNSConfigOption searches:[]string',
  PodDNSConfigOption: 'name:string value:string',
  EphemeralContainer:
    'args:[]string command:[]string env:[name|name]EnvVar envFrom:[]EnvFromSource image:string imagePullPolicy:string lifecycle:Lifecycle livenessProbe:Probe name:string ports:[containerPort,protocol|containerPort]ContainerPort readinessProbe:Probe resizePolicy:[]ContainerResizePolicy resources:ResourceRequirements restartPolicy:string restartPolicyRules:[]ContainerRestartRule securityContext:SecurityContext startupProbe:Probe stdin:boolean stdinOnce:boolean targetContainerName:string terminationMessagePath:string terminationMessagePolicy:string tty:boolean volumeDevices:[devicePath|devicePath]VolumeDevice volumeMounts:[mountPath|mountPath]VolumeMount workingDir:string',
  HostAlias: 'hostnames:[]string ip:string',
  LocalObjectReference: 'name:string',
  PodOS: 'name:string',
  PodReadinessGate: 'conditionType:string',
  PodResourceClaim: 'name:string resourceClaimName:string resourceClaimTemplateName:string',
  PodSchedulingGate: 'name:string',
  PodSchedulingGroup: 'podGroupName:string',
  PodSecurityContext:
    'appArmorProfile:AppArmorProfile fsGroup:int64 fsGroupChangePolicy:string runAsGroup:int64 runAsNonRoot:boolean runAsUser:int64 seLinuxChangePolicy:string seLinuxOptions:SELinuxOptions seccompProfile:SeccompProfile supplementalGroups:[]int64 supplementalGroupsPolicy:string sysctls:[]Sysctl windowsOptions:WindowsSecurityContextOptions',
  Sysctl: 'name:string value:string',
  Toleration: 'effect:string key:string operator:string tolerationSeconds:int64 value:string',
  TopologySpreadConstraint:
    'labelSelector:!LabelSelector matchLabelKeys:[]string maxSkew:int32 minDomains:int32 nodeAffinityPolicy:string nodeTaintsPolicy:string topologyKey:string whenUnsatisfiable:string',
  Volume:
    'awsElasticBlockStore:AWSElasticBlockStoreVolumeSource azureDisk:AzureDiskVolumeSource azureFile:AzureFileVolumeSource cephfs:CephFSVolumeSource cinder:CinderVolumeSource configMap:ConfigMapVolumeSource csi:CSIVolumeSource downwardAPI:DownwardAPIVolumeSource emptyDir:EmptyDirVolumeSource ephemeral:EphemeralVolumeSource fc:FCVolumeSource flexVolume:FlexVolumeSource flocker:FlockerVolumeSource gcePersistentDisk:GCEPersistentDiskVolumeSource gitRepo:GitRepoVolumeSource glusterfs:GlusterfsVolumeSource hostPath:HostPathVolumeSource image:ImageVolumeSource iscsi:ISCSIVolumeSource name:string nfs:NFSVolumeSource persistentVolumeClaim:PersistentVolumeClaimVolumeSource photonPersistentDisk:PhotonPersistentDiskVolumeSource portworxVolume:PortworxVolumeSource projected:ProjectedVolumeSource quobyte:QuobyteVolumeSource rbd:RBDVolumeSource scaleIO:ScaleIOVolumeSource secret:SecretVolumeSource storageos:StorageOSVolumeSource vsphereVolume:VsphereVirtualDiskVolumeSource',
  AWSElasticBlockStoreVolumeSource: 'fsType:string partition:int32 readOnly:boolean volumeID:string',
  AzureDiskVolumeSource: 'cachingMode:string diskName:string diskURI:string fsType:string kind:string readOnly:boolean',
  AzureFileVolumeSource: 'readOnly:boolean secretName:string shareName:string',
  CephFSVolumeSource:
    'monitors:[]string path:string readOnly:boolean secretFile:string secretRef:!LocalObjectReference user:string',
  CinderVolumeSource: 'fsType:string readOnly:boolean secretRef:!LocalObjectReference volumeID:string',
  ConfigMapVolumeSource: 'defaultMode:int32 items:[]KeyToPath name:string optional:boolean',
  KeyToPath: 'key:string mode:int32 path:string',
  CSIVolumeSource:
    'driver:string fsType:string nodePublishSecretRef:!LocalObjectReference readOnly:boolean volumeAttributes:{}string',
  DownwardAPIVolumeSource: 'defaultMode:int32 items:[]DownwardAPIVolumeFile',
  DownwardAPIVolumeFile: 'fieldRef:!ObjectFieldSelector mode:int32 path:string resourceFieldRef:!ResourceFieldSelector',
  EmptyDirVolumeSource: 'medium:string sizeLimit:quantity',
  EphemeralVolumeSource: 'volumeClaimTemplate:PersistentVolumeClaimTemplate',
  PersistentVolumeClaimTemplate: 'metadata:ObjectMeta spec:PersistentVolumeClaimSpec',
  PersistentVolumeClaimSpec:
    'accessModes:[]string dataSource:!TypedLocalObjectReference dataSourceRef:TypedObjectReference resources:VolumeResourceRequirements selector:!LabelSelector storageClassName:string volumeAttributesClassName:string volumeMode:string volumeName:string',
  TypedLocalObjectReference: 'apiGroup:string kind:string name:string',
  TypedObjectReference: 'apiGroup:string kind:string name:string namespace:string',
  VolumeResourceRequirements: 'limits:{}quantity requests:{}quantity',
  FCVolumeSource: 'fsType:string lun:int32 readOnly:boolean targetWWNs:[]string wwids:[]string',
  FlexVolumeSource: 'driver:string fsType:string options:{}string readOnly:boolean secretRef:!LocalObjectReference',
  FlockerVolumeSource: 'datasetName:string datasetUUID:string',
  GCEPersistentDiskVolumeSource: 'fsType:string partition:int32 pdName:string readOnly:boolean',
  GitRepoVolumeSource: 'directory:string repository:string revision:string',
  GlusterfsVolumeSource: 'endpoints:string path:string readOnly:boolean',
  HostPathVolumeSource: 'path:string type:string',
  ImageVolumeSource: 'pullPolicy:string reference:string',
  ISCSIVolumeSource:
    'chapAuthDiscovery:boolean chapAuthSession:boolean fsType:string initiatorName:string iqn:string iscsiInterface:string lun:int32 portals:[]string readOnly:boolean secretRef:!LocalObjectReference targetPortal:string',
  NFSVolumeSource: 'path:string readOnly:boolean server:string',
  PersistentVolumeClaimVolumeSource: 'claimName:string readOnly:boolean',
  PhotonPersistentDiskVolumeSource: 'fsType:string pdID:string',
  PortworxVolumeSource: 'fsType:string readOnly:boolean volumeID:string',
  ProjectedVolumeSource: 'defaultMode:int32 sources:[]VolumeProjection',
  VolumeProjection:
    'clusterTrustBundle:ClusterTrustBundleProjection configMap:ConfigMapProjection downwardAPI:DownwardAPIProjection podCertificate:PodCertificateProjection secret:SecretProjection serviceAccountToken:ServiceAccountTokenProjection',
  ClusterTrustBundleProjection:
    'labelSelector:!LabelSelector name:string optional:boolean path:string signerName:string',
  ConfigMapProjection: 'items:[]KeyToPath name:string optional:boolean',
  DownwardAPIProjection: 'items:[]DownwardAPIVolumeFile',
  PodCertificateProjection:
    'certificateChainPath:string credentialBundlePath:string keyPath:string keyType:string maxExpirationSeconds:int32 signerName:string userAnnotations:{}string',
  SecretProjection: 'items:[]KeyToPath name:string optional:boolean',
  ServiceAccountTokenProjection: 'audience:string expirationSeconds:int64 path:string',
  QuobyteVolumeSource: 'group:string readOnly:boolean registry:string tenant:string user:string volume:string',
  RBDVolumeSource:
    'fsType:string image:string keyring:string monitors:[]string pool:string readOnly:boolean secretRef:!LocalObjectReference user:string',
  ScaleIOVolumeSource:
    'fsType:string gateway:string protectionDomain:string readOnly:boolean secretRef:!LocalObjectReference sslEnabled:boolean storageMode:string storagePool:string system:string volumeName:string',
  SecretVolumeSource: 'defaultMode:int32 items:[]KeyToPath optional:boolean secretName:string',
  StorageOSVolumeSource:
    'fsType:string readOnly:boolean secretRef:!LocalObjectReference volumeName:string volumeNamespace:string',
  VsphereVirtualDiskVolumeSource: 'fsType:string storagePolicyID:string storagePolicyName:string volumePath:string',
  PodStatus:
    'allocatedResources:{}quantity conditions:[type|type]PodCondition containerStatuses:[]ContainerStatus ephemeralContainerStatuses:[]ContainerStatus extendedResourceClaimStatus:PodExtendedResourceClaimStatus hostIP:string hostIPs:[|ip]HostIP initContainerStatuses:[]ContainerStatus message:string nodeAllocatableResourceClaimStatuses:[]NodeAllocatableResourceClaimStatus nominatedNodeName:string observedGeneration:int64 phase:string podIP:string podIPs:[ip|ip]PodIP qosClass:string reason:string resize:string resourceClaimStatuses:[name|name]PodResourceClaimStatus resources:ResourceRequirements startTime:time',
  PodCondition:
    'lastProbeTime:time lastTransitionTime:time message:string observedGeneration:int64 reason:string status:string type:string',
  ContainerStatus:
    'allocatedResources:{}quantity allocatedResourcesStatus:[name|name]ResourceStatus containerID:string image:string imageID:string lastState:ContainerState name:string ready:boolean resources:ResourceRequirements restartCount:int32 started:boolean state:ContainerState stopSignal:string user:ContainerUser volumeMounts:[mountPath|mountPath]VolumeMountStatus',
  ResourceStatus: 'name:string resources:[resourceID]ResourceHealth',
  ResourceHealth: 'health:string message:string resourceID:string',
  ContainerState: 'running:ContainerStateRunning terminated:ContainerStateTerminated waiting:ContainerStateWaiting',
  ContainerStateRunning: 'startedAt:time',
  ContainerStateTerminated:
    'containerID:string exitCode:int32 finishedAt:time message:string reason:string signal:int32 startedAt:time',
  ContainerStateWaiting: 'message:string reason:string',
  ContainerUser: 'linux:LinuxContainerUser',
  LinuxContainerUser: 'gid:int64 supplementalGroups:[]int64 uid:int64',
  VolumeMountStatus: 'mountPath:string name:string readOnly:boolean recursiveReadOnly:string volumeStatus:VolumeStatus',
  VolumeStatus: 'image:ImageVolumeStatus',
  ImageVolumeStatus: 'imageRef:string',
  PodExtendedResourceClaimStatus: 'requestMappings:[]ContainerExtendedResourceRequest resourceClaimName:string',
  ContainerExtendedResourceRequest: 'containerName:string requestName:string resourceName:string',
  HostIP: 'ip:string',
  NodeAllocatableResourceClaimStatus: 'containers:[=]string resourceClaimName:string resources:{}quantity',
  PodIP: 'ip:string',
  PodResourceClaimStatus: 'name:string resourceClaimName:string',
  Service: 'apiVersion:string kind:string metadata:ObjectMeta spec:ServiceSpec status:ServiceStatus',
  ServiceSpec:
    'allocateLoadBalancerNodePorts:boolean clusterIP:string clusterIPs:[]string externalIPs:[]string externalName:string externalTrafficPolicy:string healthCheckNodePort:int32 internalTrafficPolicy:string ipFamilies:[]string ipFamilyPolicy:string loadBalancerClass:string loadBalancerIP:string loadBalancerSourceRanges:[]string ports:[port,protocol|port]ServicePort publishNotReadyAddresses:boolean selector:!{}string sessionAffinity:string sessionAffinityConfig:SessionAffinityConfig trafficDistribution:string type:string',
  ServicePort: 'appProtocol:string name:string nodePort:int32 port:int32 protocol:string targetPort:intOrString',
  SessionAffinityConfig: 'clientIP:ClientIPConfig',
  ClientIPConfig: 'timeoutSeconds:int32',
  ServiceStatus: 'conditions:[type|type]Condition loadBalancer:LoadBalancerStatus',
  Condition: 'lastTransitionTime:time message:string observedGeneration:int64 reason:string status:string type:string',
  LoadBalancerStatus: 'ingress:[]LoadBalancerIngress',
  LoadBalancerIngress: 'hostname:string ip:string ipMode:string ports:[]PortStatus',
  PortStatus: 'error:string port:int32 protocol:string',
  Namespace: 'apiVersion:string kind:string metadata:ObjectMeta spec:NamespaceSpec status:NamespaceStatus',
  NamespaceSpec: 'finalizers:[]string',
  NamespaceStatus: 'conditions:[type|type]NamespaceCondition phase:string',
  NamespaceCondition: 'lastTransitionTime:time message:string reason:string status:string type:string',
  ConfigMap: 'apiVersion:string binaryData:{}bytes data:{}string immutable:boolean kind:string metadata:ObjectMeta',
  Secret:
    'apiVersion:string data:{}bytes immutable:boolean kind:string metadata:ObjectMeta stringData:{}string type:string',
  ServiceAccount:
    'apiVersion:string automountServiceAccountToken:boolean imagePullSecrets:[]!LocalObjectReference kind:string metadata:ObjectMeta secrets:[name|name]!ObjectReference',
  ObjectReference:
    'apiVersion:string fieldPath:string kind:string name:string namespace:string resourceVersion:string uid:string',
  ResourceQuota: 'apiVersion:string kind:string metadata:ObjectMeta spec:ResourceQuotaSpec status:ResourceQuotaStatus',
  ResourceQuotaSpec: 'hard:{}quantity scopeSelector:!ScopeSelector scopes:[]string',
  ScopeSelector: 'matchExpressions:[]ScopedResourceSelectorRequirement',
  ScopedResourceSelectorRequirement: 'operator:string scopeName:string values:[]string',
  ResourceQuotaStatus: 'hard:{}quantity used:{}quantity',
  PersistentVolumeClaim:
    'apiVersion:string kind:string metadata:ObjectMeta spec:PersistentVolumeClaimSpec status:PersistentVolumeClaimStatus',
  PersistentVolumeClaimStatus:
    'accessModes:[]string allocatedResourceStatuses:{}string allocatedResources:{}quantity capacity:{}quantity conditions:[type|type]PersistentVolumeClaimCondition currentVolumeAttributesClassName:string modifyVolumeStatus:ModifyVolumeStatus phase:string',
  PersistentVolumeClaimCondition:
    'lastProbeTime:time lastTransitionTime:time message:string reason:string status:string type:string',
  ModifyVolumeStatus: 'status:string targetVolumeAttributesClassName:string',
  Deployment: 'apiVersion:string kind:string metadata:ObjectMeta spec:DeploymentSpec status:DeploymentStatus',
  DeploymentSpec:
    'minReadySeconds:int32 paused:boolean progressDeadlineSeconds:int32 replicas:int32 revisionHistoryLimit:int32 selector:!LabelSelector strategy:DeploymentStrategy template:PodTemplateSpec',
  DeploymentStrategy: 'rollingUpdate:RollingUpdateDeployment type:string',
  RollingUpdateDeployment: 'maxSurge:intOrString maxUnavailable:intOrString',
  PodTemplateSpec: 'metadata:ObjectMeta spec:PodSpec',
  DeploymentStatus:
    'availableReplicas:int32 collisionCount:int32 conditions:[type|type]DeploymentCondition observedGeneration:int64 readyReplicas:int32 replicas:int32 terminatingReplicas:int32 unavailableReplicas:int32 updatedReplicas:int32',
  DeploymentCondition:
    'lastTransitionTime:time lastUpdateTime:time message:string reason:string status:string type:string',
  ReplicaSet: 'apiVersion:string kind:string metadata:ObjectMeta spec:ReplicaSetSpec status:ReplicaSetStatus',
  ReplicaSetSpec: 'minReadySeconds:int32 replicas:int32 selector:!LabelSelector template:PodTemplateSpec',
  ReplicaSetStatus:
    'availableReplicas:int32 conditions:[type|type]ReplicaSetCondition fullyLabeledReplicas:int32 observedGeneration:int64 readyReplicas:int32 replicas:int32 terminatingReplicas:int32',
  ReplicaSetCondition: 'lastTransitionTime:time message:string reason:string status:string type:string',
  CustomResourceDefinition:
    'apiVersion:string kind:string metadata:ObjectMeta spec:CustomResourceDefinitionSpec status:CustomResourceDefinitionStatus',
  CustomResourceDefinitionSpec:
    'conversion:CustomResourceConversion group:string names:CustomResourceDefinitionNames preserveUnknownFields:boolean scope:string versions:[]CustomResourceDefinitionVersion',
  CustomResourceConversion: 'strategy:string webhook:WebhookConversion',
  WebhookConversion: 'clientConfig:WebhookClientConfig conversionReviewVersions:[]string',
  WebhookClientConfig: 'caBundle:bytes service:ServiceReference url:string',
  ServiceReference: 'name:string namespace:string path:string port:int32',
  CustomResourceDefinitionNames:
    'categories:[]string kind:string listKind:string plural:string shortNames:[]string singular:string',
  CustomResourceDefinitionVersion:
    'additionalPrinterColumns:[]CustomResourceColumnDefinition deprecated:boolean deprecationWarning:string name:string schema:CustomResourceValidation selectableFields:[]SelectableField served:boolean storage:boolean subresources:CustomResourceSubresources',
  CustomResourceColumnDefinition:
    'description:string format:string jsonPath:string name:string priority:int32 type:string',
  CustomResourceValidation: 'openAPIV3Schema:JSONSchemaProps',
  JSONSchemaProps:
    '$ref:string $schema:string additionalItems:any additionalProperties:any allOf:[]JSONSchemaProps anyOf:[]JSONSchemaProps default:any definitions:{}JSONSchemaProps dependencies:{}any description:string enum:[]any example:any exclusiveMaximum:boolean exclusiveMinimum:boolean externalDocs:ExternalDocumentation format:string id:string items:any maxItems:int64 maxLength:int64 maxProperties:int64 maximum:number minItems:int64 minLength:int64 minProperties:int64 minimum:number multipleOf:number not:JSONSchemaProps nullable:boolean oneOf:[]JSONSchemaProps pattern:string patternProperties:{}JSONSchemaProps properties:{}JSONSchemaProps required:[]string title:string type:string uniqueItems:boolean x-kubernetes-embedded-resource:boolean x-kubernetes-int-or-string:boolean x-kubernetes-list-map-keys:[]string x-kubernetes-list-type:string x-kubernetes-map-type:string x-kubernetes-preserve-unknown-fields:boolean x-kubernetes-validations:[rule|rule]ValidationRule',
  ExternalDocumentation: 'description:string url:string',
  ValidationRule:
    'fieldPath:string message:string messageExpression:string optionalOldSelf:boolean reason:string rule:string',
  SelectableField: 'jsonPath:string',
  CustomResourceSubresources: 'scale:CustomResourceSubresourceScale status:CustomResourceSubresourceStatus',
  CustomResourceSubresourceScale: 'labelSelectorPath:string specReplicasPath:string statusReplicasPath:string',
  CustomResourceSubresourceStatus: '',
  CustomResourceDefinitionStatus:
    'acceptedNames:CustomResourceDefinitionNames conditions:[type]CustomResourceDefinitionCondition observedGeneration:int64 storedVersions:[]string',
  CustomResourceDefinitionCondition:
    'lastTransitionTime:time message:string observedGeneration:int64 reason:string status:string type:string',
  Lease: 'apiVersion:string kind:string metadata:ObjectMeta spec:LeaseSpec',
  LeaseSpec:
    'acquireTime:time holderIdentity:string leaseDurationSeconds:int32 leaseTransitions:int32 preferredHolder:string renewTime:time strategy:string',
  EndpointSlice:
    'addressType:string apiVersion:string endpoints:[]Endpoint kind:string metadata:ObjectMeta ports:[]!EndpointPort',
  Endpoint:
    'addresses:[=]string conditions:EndpointConditions deprecatedTopology:{}string hints:EndpointHints hostname:string nodeName:string targetRef:!ObjectReference zone:string',
  EndpointConditions: 'ready:boolean serving:boolean terminating:boolean',
  EndpointHints: 'forNodes:[]ForNode forZones:[]ForZone',
  ForNode: 'name:string',
  ForZone: 'name:string',
  EndpointPort: 'appProtocol:string name:string port:int32 protocol:string',
  Event:
    'action:string apiVersion:string deprecatedCount:int32 deprecatedFirstTimestamp:time deprecatedLastTimestamp:time deprecatedSource:EventSource eventTime:time kind:string metadata:ObjectMeta note:string reason:string regarding:!ObjectReference related:!ObjectReference reportingController:string reportingInstance:string series:EventSeries type:string',
  EventSource: 'component:string host:string',
  EventSeries: 'count:int32 lastObservedTime:time',
  ClusterRole: 'aggregationRule:AggregationRule apiVersion:string kind:string metadata:ObjectMeta rules:[]PolicyRule',
  AggregationRule: 'clusterRoleSelectors:[]!LabelSelector',
  PolicyRule: 'apiGroups:[]string nonResourceURLs:[]string resourceNames:[]string resources:[]string verbs:[]string',
  Role: 'apiVersion:string kind:string metadata:ObjectMeta rules:[]PolicyRule',
  ClusterRoleBinding: 'apiVersion:string kind:string metadata:ObjectMeta roleRef:!RoleRef subjects:[]!Subject',
  RoleRef: 'apiGroup:string kind:string name:string',
  Subject: 'apiGroup:string kind:string name:string namespace:string',
  RoleBinding: 'apiVersion:string kind:string metadata:ObjectMeta roleRef:!RoleRef subjects:[]!Subject',
  PodDisruptionBudget:
    'apiVersion:string kind:string metadata:ObjectMeta spec:PodDisruptionBudgetSpec status:PodDisruptionBudgetStatus',
  PodDisruptionBudgetSpec:
    'maxUnavailable:intOrString minAvailable:intOrString selector:!LabelSelector unhealthyPodEvictionPolicy:string',
  PodDisruptionBudgetStatus:
    'conditions:[type|type]Condition currentHealthy:int32 desiredHealthy:int32 disruptedPods:{}time disruptionsAllowed:int32 expectedPods:int32 observedGeneration:int64',
  ValidatingAdmissionPolicy:
    'apiVersion:string kind:string metadata:ObjectMeta spec:ValidatingAdmissionPolicySpec status:ValidatingAdmissionPolicyStatus',
  ValidatingAdmissionPolicySpec:
    'auditAnnotations:[]AuditAnnotation failurePolicy:string matchConditions:[name|name]MatchCondition matchConstraints:!MatchResources paramKind:!ParamKind validations:[]Validation variables:[name|name]!Variable',
  AuditAnnotation: 'key:string valueExpression:string',
  MatchCondition: 'expression:string name:string',
  MatchResources:
    'excludeResourceRules:[]!NamedRuleWithOperations matchPolicy:string namespaceSelector:!LabelSelector objectSelector:!LabelSelector resourceRules:[]!NamedRuleWithOperations',
  NamedRuleWithOperations:
    'apiGroups:[]string apiVersions:[]string operations:[]string resourceNames:[]string resources:[]string scope:string',
  ParamKind: 'apiVersion:string kind:string',
  Validation: 'expression:string message:string messageExpression:string reason:string',
  Variable: 'expression:string name:string',
  ValidatingAdmissionPolicyStatus: 'conditions:[type]Condition observedGeneration:int64 typeChecking:TypeChecking',
  TypeChecking: 'expressionWarnings:[]ExpressionWarning',
  ExpressionWarning: 'fieldRef:string warning:string',
  ValidatingAdmissionPolicyBinding:
    'apiVersion:string kind:string metadata:ObjectMeta spec:ValidatingAdmissionPolicyBindingSpec',
  ValidatingAdmissionPolicyBindingSpec:
    'matchResources:!MatchResources paramRef:!ParamRef policyName:string validationActions:[=]string',
  ParamRef: 'name:string namespace:string parameterNotFoundAction:string selector:!LabelSelector',
  MutatingAdmissionPolicy: 'apiVersion:string kind:string metadata:ObjectMeta spec:MutatingAdmissionPolicySpec',
  MutatingAdmissionPolicySpec:
    'failurePolicy:string matchConditions:[name|name]MatchCondition matchConstraints:!MatchResources mutations:[]Mutation paramKind:!ParamKind reinvocationPolicy:string variables:[]!Variable',
  Mutation: 'applyConfiguration:ApplyConfiguration jsonPatch:JSONPatch patchType:string',
  ApplyConfiguration: 'expression:string',
  JSONPatch: 'expression:string',
  MutatingAdmissionPolicyBinding:
    'apiVersion:string kind:string metadata:ObjectMeta spec:MutatingAdmissionPolicyBindingSpec',
  MutatingAdmissionPolicyBindingSpec: 'matchResources:!MatchResources paramRef:!ParamRef policyName:string',
};
