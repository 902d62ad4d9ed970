{{/* What only the chart sets: infra/ours.yaml, from which make chart-lint writes it. */}}
{{- define "model.ours" -}}
labels:
  app.kubernetes.io/name: ''
  app.kubernetes.io/instance: ''
  app.kubernetes.io/version: image.tag
  app.kubernetes.io/managed-by: ''
  api-version: ''
  helm.sh/chart: ''
  pod-template-hash: ''
  pod-security.kubernetes.io/enforce: ''
annotations:
  prometheus.io/scrape: network.metricsFrom
  prometheus.io/port: network.metricsFrom
  pulumi.com/patchForce: ''
  pulumi.com/skipAwait: ''
  pulumi.com/timeoutSeconds: startupSeconds
  meta.helm.sh/release-name: ''
  meta.helm.sh/release-namespace: ''
env:
  API_VERSION: ''
  RELEASE: image.tag
  DEPRECATED_ON: deprecation.deprecatedOn
  SUNSET: deprecation.sunset
  MIGRATION_URL: deprecation.migrationUrl
  MAX_BODY_BYTES: maxBodyBytes
  HOST: ''
  DUAL_STACK: ''
  PORT: ''
  METRICS_PORT: ''
  DRAIN_SECONDS: drain.preStopSeconds
  SHUTDOWN_SECONDS: drain.timeoutSeconds
  CLIENT_HEADER: clientHeader
  CLIENTS: clients
pod:
  activeDeadlineSeconds: ''
  hostIPC: ''
  hostNetwork: ''
  hostPID: ''
  restartPolicy: ''
  automountServiceAccountToken: ''
  enableServiceLinks: ''
  imagePullSecrets: image.pullSecrets
  nodeSelector: nodeSelector
  priorityClassName: priorityClass
  runtimeClassName: runtimeClass
  securityContext: runAsUser
  serviceAccount: serviceAccount
  serviceAccountName: serviceAccount
  terminationGracePeriodSeconds: drain
  topologySpreadConstraints: ''
containers:
  server: ''
volumes:
  tmp: tmpSize
  shm: shmSize
free:
- affinity
- dnsConfig
- dnsPolicy
- hostAliases
- hostUsers
- hostname
- hostnameOverride
- nodeName
- os
- overhead
- preemptionPolicy
- priority
- readinessGates
- resourceClaims
- resources
- schedulerName
- schedulingGates
- setHostnameAsFQDN
- shareProcessNamespace
- subdomain
added:
- containers
- initContainers
- tolerations
- volumes
{{- end }}
