{{/* Takes the root. The name of every object: the Helm release's. */}}
{{- define "model.name" -}}
{{ .Release.Name }}
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
{{- end }}

{{/* Takes the root. The labels of every object. */}}
{{- define "model.labels" -}}
{{ include "model.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
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
{{ .Values.gateway.https | ternary "https" "http" }}://{{ .Values.routing.host }}{{ $path }}
{{- else if eq .Values.expose "ingress" -}}
{{ .Values.ingress.tlsSecret | empty | ternary "http" "https" }}://{{ .Values.routing.host }}{{ $path }}
{{- else -}}
http://{{ include "model.name" . }}.{{ .Release.Namespace }}.svc{{ $path }}
{{- end }}
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

{{/* Takes the root. Fails with every reason why these values can't work, one a line; else nothing. */}}
{{- define "model.check" -}}
{{- $problems := list -}}
{{- $v := .Values -}}
{{- if not (regexMatch "^[a-z]([a-z0-9-]*[a-z0-9])?$" .Release.Name) -}}
{{- $problems = append $problems (printf "the Helm release's name: %s can't be a Service's; use a-z, 0-9 and -, a letter first." .Release.Name) -}}
{{- end -}}
{{- if has $v.expose (list "gateway" "ingress") -}}
{{- if not $v.routing.host -}}
{{- $problems = append $problems (printf "routing.host: is empty, and expose is %s; write the host name." $v.expose) -}}
{{- end -}}
{{- end -}}
{{- if and (eq $v.expose "gateway") (not (and $v.gateway.name $v.gateway.namespace)) -}}
{{- $problems = append $problems "gateway: name or namespace is empty, and expose is gateway; write both." -}}
{{- end -}}
{{- if and (eq $v.expose "ingress") (not $v.ingress.className) -}}
{{- $problems = append $problems "ingress.className: is empty, and expose is ingress; write it." -}}
{{- end -}}
{{- if and (eq $v.expose "ingress") (eq $v.routing.by "header") -}}
{{- $problems = append $problems "expose: is ingress, which can't tell API versions apart by header; write gateway or none." -}}
{{- end -}}
{{- if and (eq $v.expose "loadBalancer") (ne $v.routing.by "host") -}}
{{- $problems = append $problems (printf "expose: is loadBalancer, which can't tell API versions apart by %s; write gateway or none." $v.routing.by) -}}
{{- end -}}
{{- if and (eq $v.expose "ingress") (not $v.network.allowFrom) -}}
{{- $problems = append $problems "network.allowFrom: is empty, so nobody may call; list the Ingress controller's namespace." -}}
{{- end -}}
{{- if and (eq $v.expose "loadBalancer") $v.network.allowFrom -}}
{{- $problems = append $problems "network.allowFrom: is set, and a load balancer's packets come from anywhere; empty it." -}}
{{- end -}}
{{- $pods := $v.autoscaling.enabled | ternary $v.autoscaling.minReplicas $v.replicas | int -}}
{{- $missing := include "model.pods" (list $v.rollout.maxUnavailable $pods false) | int -}}
{{- $more := include "model.pods" (list $v.rollout.maxSurge $pods true) | int -}}
{{- if ge $missing $pods -}}
{{- $problems = append $problems (printf "rollout.maxUnavailable: %v of %d pods leaves none to answer during a rollout; write 0." $v.rollout.maxUnavailable $pods) -}}
{{- else if and (eq $missing 0) (eq $more 0) -}}
{{- $problems = append $problems "rollout.maxSurge: is 0, and so is maxUnavailable; a rollout could never begin." -}}
{{- end -}}
{{- if and $v.autoscaling.enabled (lt (int $v.autoscaling.maxReplicas) (int $v.autoscaling.minReplicas)) -}}
{{- $problems = append $problems "autoscaling.maxReplicas: is less than minReplicas; write as many or more." -}}
{{- end -}}
{{- if ne (empty $v.deprecation.deprecatedOn) (empty $v.deprecation.sunset) -}}
{{- $problems = append $problems "deprecation: deprecatedOn and sunset belong together; write both or neither." -}}
{{- end -}}
{{- if and $v.deprecation.sunset (lt $v.deprecation.sunset $v.deprecation.deprecatedOn) -}}
{{- $problems = append $problems (printf "deprecation.sunset: %s is before deprecatedOn; write %s or later." $v.deprecation.sunset $v.deprecation.deprecatedOn) -}}
{{- end -}}
{{- if and $v.deprecation.migrationUrl (not $v.deprecation.deprecatedOn) -}}
{{- $problems = append $problems "deprecation.migrationUrl: is set, and deprecatedOn is not; write it too." -}}
{{- end -}}
{{- if $problems -}}
{{- fail (printf "these values can't work:\n%s" (join "\n" $problems)) -}}
{{- end -}}
{{- end }}
