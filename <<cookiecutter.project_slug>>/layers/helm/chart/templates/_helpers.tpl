{{/* Takes the root. First in each template: fills in what the values leave out, refuses what can't work. */}}
{{- define "model.values" -}}
{{- if not (hasKey . "complete") -}}
{{- $_ := set . "defaults" (include "model.defaults" . | fromYaml) -}}
{{- $_ := set . "Values" (mergeOverwrite (deepCopy .defaults) .Values) -}}
{{- $_ := set . "complete" true -}}
{{- include "model.check" . -}}
{{- end -}}
{{- end }}

{{/* Takes the root. The name of every object: the Helm release's, in another chart with this one's name too. */}}
{{- define "model.name" -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride }}
{{- else if .Chart.IsRoot -}}
{{ .Release.Name }}
{{- else -}}
{{ .Release.Name }}-{{ .Chart.Name }}
{{- end -}}
{{- end }}

{{/* Takes the root. The labels that find the pods; they can't be changed later, so they hold no release. */}}
{{- define "model.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name | quote }}
app.kubernetes.io/instance: {{ include "model.name" . | quote }}
api-version: {{ .Values.apiVersion }}
{{- end }}

{{/* Takes the root. The labels that find the pod of `helm test`, which is none of the Service's. */}}
{{- define "model.testLabels" -}}
app.kubernetes.io/name: {{ printf "%s-test" .Chart.Name | quote }}
app.kubernetes.io/instance: {{ include "model.name" . | quote }}
{{- end }}

{{/* Takes the root. The labels of the pods: without the chart's version, or a new one would replace them. */}}
{{- define "model.podLabels" -}}
{{ include "model.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ include "model.release" . | quote }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Takes (list root labels annotations). The metadata of an object; the last two are its own, beside everybody's. */}}
{{- define "model.metadata" -}}
{{- with index . 0 -}}
name: {{ include "model.name" . | quote }}
namespace: {{ .Release.Namespace | quote }}
labels:
  {{- include "model.selector" . | nindent 2 }}
  app.kubernetes.io/managed-by: {{ .Release.Service }}
  helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
  {{- with merge dict (index $ 1) .Values.labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge dict (index $ 2) .Values.annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/* Takes the root. The release of the model: image.tag, else the chart's appVersion. */}}
{{- define "model.release" -}}
{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* Takes the root. The image by tag, and by digest where there is one. */}}
{{- define "model.image" -}}
{{ .Values.image.repository }}:{{ include "model.release" . }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/* Takes the root. Where clients reach this API version, without /predict. */}}
{{- define "model.baseUrl" -}}
{{- $path := eq .Values.routing.by "path" | ternary (printf "/%s" .Values.apiVersion) "" -}}
{{- if eq .Values.expose "gateway" -}}
{{- $gateway := include "model.gateways" . | fromYamlArray | first -}}
{{ eq (toString $gateway.https) "false" | ternary "http" "https" }}://{{ include "model.host" . }}{{ $path }}
{{- else if eq .Values.expose "ingress" -}}
{{ .Values.ingress.tlsSecret | empty | ternary "http" "https" }}://{{ include "model.host" . }}{{ $path }}
{{- else -}}
http://{{ include "model.name" . }}.{{ .Release.Namespace }}.svc{{ $path }}
{{- end }}
{{- end }}

{{/* Takes the root. The host names, as a list; the first is the one to tell. */}}
{{- define "model.hosts" -}}
{{ .Values.routing.hosts | default (without (list .Values.routing.host) "") | toJson }}
{{- end }}

{{/* Takes the root. The host name to tell, if there is one. */}}
{{- define "model.host" -}}
{{ first (include "model.hosts" . | fromYamlArray) }}
{{- end }}

{{/* Takes the root. The Gateways that the route hangs on, as a list. */}}
{{- define "model.gateways" -}}
{{ .Values.gateways | default (.Values.gateway.namespace | empty | ternary list (list .Values.gateway)) | toJson }}
{{- end }}

{{/* Takes the root. What keeps a load balancer inside: on AWS by either of its controllers, on Azure, on Google Cloud. */}}
{{- define "model.internal" -}}
{{- if .Values.loadBalancer.internal -}}
service.beta.kubernetes.io/aws-load-balancer-internal: "true"
service.beta.kubernetes.io/aws-load-balancer-scheme: internal
service.beta.kubernetes.io/azure-load-balancer-internal: "true"
networking.gke.io/load-balancer-type: Internal
{{- end -}}
{{- end }}

{{/* Takes a list of namespaces. The pods in them, as a NetworkPolicy's peers. */}}
{{- define "model.namespaces" -}}
- namespaceSelector:
    matchExpressions:
      - key: kubernetes.io/metadata.name
        operator: In
        values: {{ toJson . }}
{{- end }}

{{/* Takes (list count replicas up): a number of pods as Kubernetes counts a share. up: whether it rounds up. */}}
{{- define "model.pods" -}}
{{- $count := index . 0 | toString -}}
{{- if hasSuffix "%" $count -}}
{{- $share := mul (trimSuffix "%" $count | int) (index . 1) -}}
{{ index . 2 | ternary (div (add $share 99) 100) (div $share 100) }}
{{- else -}}
{{ $count }}
{{- end }}
{{- end }}

{{/* Takes a number of processors. Its thousandths. */}}
{{- define "model.millis" -}}
{{- $count := toString . -}}
{{ hasSuffix "m" $count | ternary (trimSuffix "m" $count) (mulf $count 1000) }}
{{- end }}
