{{/* Takes the root. What all pods of the chart have in common: who they are, and where they run. */}}
{{- define "model.pod" -}}
{{- with .Values.image.pullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{ end -}}
securityContext:
  runAsNonRoot: true
  {{- if ne (toString .Values.runAsUser) "assigned" }}
  runAsUser: {{ int64 .Values.runAsUser }}
  runAsGroup: {{ int64 .Values.runAsUser }}
  {{- range .Values.mounts }}
  {{- if and .claim (not .readOnly) }}
  fsGroup: {{ int64 $.Values.runAsUser }} # or the volume would be root's alone
  {{- break }}
  {{- end }}
  {{- end }}
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.runtimeClass }}
runtimeClassName: {{ . | quote }}
{{- end }}
{{- with .Values.priorityClass }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
tolerations:
  {{- $named := list }}
  {{- range .Values.tolerations }}
  {{- $named = append $named .key }}
  - key: {{ .key | quote }}
    operator: {{ kindIs "string" .value | ternary "Equal" "Exists" }}
    {{- if kindIs "string" .value }}
    value: {{ .value | quote }}
    {{- end }}
    {{- with .effect }}
    effect: {{ . }}
    {{- end }}
    {{- if not (kindIs "invalid" .seconds) }}
    tolerationSeconds: {{ .seconds }}
    {{- end }}
  {{- end }}
  {{- /* A node that nobody hears of: Kubernetes itself would wait for five minutes. */}}
  {{- range list "node.kubernetes.io/not-ready" "node.kubernetes.io/unreachable" }}
  {{- if not (has . $named) }}
  - key: {{ . }}
    operator: Exists
    effect: NoExecute
    tolerationSeconds: 60
  {{- end }}
  {{- end }}
  {{- with .Values.pod.tolerations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with omit .Values.pod "server" "containers" "initContainers" "tolerations" "volumes" }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Takes the root. The annotations of the pods; a Prometheus finds them where it is let in. */}}
{{- define "model.podAnnotations" -}}
{{- with .Values.annotations }}
{{- toYaml . }}
{{ end }}
{{- if and .Values.network.metricsFrom (not .Values.metrics.podMonitor.enabled) -}}
prometheus.io/scrape: "true"
prometheus.io/port: "9090"
{{- end }}
{{- end }}

{{/* Takes the root. What a pod has for itself, and the most that it may use. */}}
{{- define "model.resources" -}}
{{- with .Values.resources -}}
requests:
  cpu: {{ .cpu | quote }}
  memory: {{ .memory }}
  {{- with .ephemeralStorage }}
  ephemeral-storage: {{ . }}
  {{- end }}
limits: # none on processors unless asked for: what nobody else needs may be used
  memory: {{ .memory }}
  {{- with .cpuLimit }}
  cpu: {{ . | quote }}
  {{- end }}
  {{- with .ephemeralStorage }}
  ephemeral-storage: {{ . }}
  {{- end }}
  {{- range $name, $count := .devices }}
  {{ $name }}: {{ $count | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Takes the root. Where what stands in the pods' file system beside the image comes from. */}}
{{- define "model.volumes" -}}
# The one place where the server, or your model, may write.
- name: tmp
  emptyDir:
    sizeLimit: {{ .Values.tmpSize }}
{{- with .Values.shmSize }}
- name: shm
  emptyDir:
    medium: Memory
    sizeLimit: {{ . }}
{{- end }}
{{- range $i, $mount := .Values.mounts }}
- name: mount-{{ $i }}
  {{- with .secret }}
  secret:
    secretName: {{ . | quote }}
  {{- end }}
  {{- with .configMap }}
  configMap:
    name: {{ . | quote }}
  {{- end }}
  {{- with .claim }}
  persistentVolumeClaim:
    claimName: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Takes the root. Where the pods find it. */}}
{{- define "model.volumeMounts" -}}
- name: tmp
  mountPath: /tmp
{{- if .Values.shmSize }}
- name: shm
  mountPath: /dev/shm
{{- end }}
{{- range $i, $mount := .Values.mounts }}
- name: mount-{{ $i }}
  mountPath: {{ .path | quote }}
  {{- if or .readOnly (not .claim) }}
  readOnly: true
  {{- end }}
{{- end }}
{{- end }}
