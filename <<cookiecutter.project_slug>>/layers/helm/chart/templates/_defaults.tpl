{{/* The defaults of values.yaml, from which make chart-lint writes them. */}}
{{- define "model.defaults" -}}
apiVersion: v1
image:
  repository: registry.example.com/model
  tag: ''
  digest: ''
  pullSecrets: []
replicas: 2
autoscaling:
  enabled: false
  minReplicas: 2
  maxReplicas: 10
  cpuPercent: 70
  metric:
    name: ''
    value: 0
  scaleDownSeconds: 300
disruption:
  maxUnavailable: 1
resources:
  cpu: 500m
  memory: 512Mi
  cpuLimit: ''
  ephemeralStorage: ''
  devices: {}
rollout:
  maxUnavailable: 0
  maxSurge: 25%
  minReadySeconds: 5
drain:
  preStopSeconds: 5
  timeoutSeconds: 20
startupSeconds: 120
progressSeconds: 0
maxBodyBytes: 0
labels: {}
annotations: {}
env: {}
envFrom:
  secrets: []
  configMaps: []
nodeSelector: {}
tolerations: []
serviceAccount:
  name: ''
  annotations: {}
runtimeClass: ''
priorityClass: ''
runAsUser: 10001
tmpSize: 64Mi
shmSize: ''
mounts: []
pod: {}
expose: none
routing:
  by: path
  host: ''
  hosts: []
  default: false
gateway:
  name: ''
  namespace: ''
  listener: ''
  https: true
gateways: []
ingress:
  className: ''
  tlsSecret: ''
  annotations: {}
loadBalancer:
  internal: false
  annotations: {}
  class: ''
  sourceRanges: []
network:
  enforce: true
  allowFrom: []
  allowBlocks: []
  allowPorts: []
  call: []
  metricsFrom: []
metrics:
  podMonitor:
    enabled: false
    labels: {}
  rules: false
  dashboard: false
clientHeader: ''
clients: []
deprecation:
  deprecatedOn: ''
  sunset: ''
  migrationUrl: ''
test:
  baseUrl: ''
fullnameOverride: ''
{{- end }}
