{{/* What each value has to be like, by its place. text: of a text. number: of a number; without it none will do. */}}
{{/* also: a second pattern. most: characters. each: of all items. The rest is the sentence for one that isn't. */}}
{{- define "model.rules" -}}
apiVersion:
  text: '^v[1-9][0-9]{0,2}$'
  wrong: the name of an API version
  write: v1 to v999
image.repository:
  text: '^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$'
  wrong: the repository of an image
  write: registry and path without a tag, such as ghcr.io/you/iris
image.tag:
  text: '^([0-9]+\.[0-9]+\.[0-9]+([0-9A-Za-z._-]*[0-9A-Za-z])?)?$'
  most: 63
  wrong: a release that can be a tag and a label
  write: three numbers in quotes, such as "1.4.2", and after them at most - . _ 0-9 A-Z a-z, 63 in all
image.digest:
  text: '^(sha256:[0-9a-f]{64})?$'
  wrong: a digest
  write: "sha256: and 64 of 0-9 and a-f"
image.pullSecrets: &names
  each: true
  text: '^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$'
  wrong: a name in Kubernetes
  write: the name alone, of a-z, 0-9, . and -
resources.cpu:
  text: &cpu '^([1-9][0-9]*(m|\.[0-9]+)?|0\.[0-9]*[1-9][0-9]*)$'
  number: *cpu
  wrong: a number of processors
  write: one such as 500m or "2"
resources.memory:
  text: '^([1-9][0-9]*(\.[0-9]+)?|0\.[0-9]*[1-9][0-9]*)(Mi|Gi)$'
  wrong: an amount of memory
  write: one such as 512Mi or 1.5Gi
rollout.maxUnavailable: &pods
  text: '^([1-9]?[0-9]|100)%$'
  number: '^([0-9]{1,3}|1000)$'
  wrong: a number of pods
  write: one such as 1 or "25%"
rollout.maxSurge: *pods
envFrom.secrets: *names
envFrom.configMaps: *names
routing.host:
  text: '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*)?$'
  also: '^$|[a-z-]'
  most: 253
  wrong: a host name
  write: one such as iris.example.org
gateway.name: &name
  text: '^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?$'
  wrong: a name in Kubernetes
  write: a-z, 0-9, . and -
gateway.namespace:
  text: '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$'
  wrong: a namespace
  write: at most 63 of a-z, 0-9 and -
gateway.listener: *name
ingress.className: *name
ingress.tlsSecret: *name
network.allowFrom: &namespaces
  each: true
  text: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'
  wrong: a namespace
  write: at most 63 of a-z, 0-9 and -
network.metricsFrom: *namespaces
deprecation.deprecatedOn: &day
  text: '^([0-9]{4}-[0-9]{2}-[0-9]{2})?$'
  day: true
  wrong: a day
  write: one in quotes, such as "2027-03-31"
deprecation.sunset: *day
deprecation.migrationUrl:
  text: '^(https?://[!-;=?-~]+)?$'
  wrong: a URL
  write: one such as https://example.com/move
test.baseUrl:
  text: '^(https?://[!-~]+)?$'
  wrong: a URL
  write: one such as http://iris-v1.models.svc
fullnameOverride:
  text: '^([a-z]([a-z0-9-]{0,61}[a-z0-9])?)?$'
  wrong: the name of a Service
  write: at most 63 of a-z, 0-9 and -, a letter first
{{- end }}

{{/* Takes the root. A sentence a line for each value that its rule doesn't take. */}}
{{- define "model.wrong" -}}
{{- range $place, $rule := include "model.rules" . | fromYaml -}}
{{- $value := $.Values -}}
{{- range splitList "." $place -}}
{{- $value = get $value . -}}
{{- end -}}
{{- if $rule.each -}}
{{- range $i, $item := $value -}}
{{ include "model.wrongOne" (list (printf "%s.%d" $place $i) $item $rule) }}
{{- end -}}
{{- else -}}
{{ include "model.wrongOne" (list $place $value $rule) }}
{{- end -}}
{{- end -}}
{{- range $name, $value := .Values.nodeSelector -}}
{{- if not (kindIs "string" $value) -}}
nodeSelector.{{ $name }}: {{ toRawJson $value }} is not text; write it in quotes.
{{ end -}}
{{- end -}}
{{- range $i, $toleration := .Values.tolerations -}}
{{ include "model.wrongToleration" (list (printf "tolerations.%d" $i) $toleration) }}
{{- end -}}
{{- end }}

{{/* Takes (list place value rule). A sentence where the rule doesn't take the value. */}}
{{- define "model.wrongOne" -}}
{{- $value := index . 1 -}}
{{- $rule := index . 2 -}}
{{- $text := toString $value -}}
{{- $right := false -}}
{{- if kindIs "string" $value -}}
{{- $right = and (regexMatch $rule.text $text) (regexMatch ($rule.also | default "") $text) -}}
{{- $right = and $right (le (len $text) (int ($rule.most | default 10000))) -}}
{{- if and $right $rule.day $text -}}
{{- /* At noon, because some clocks skip a midnight. */ -}}
{{- $right = eq $text (toDate "2006-01-02 15" (printf "%s 12" $text) | date "2006-01-02") -}}
{{- end -}}
{{- else if or (kindIs "int64" $value) (kindIs "float64" $value) -}}
{{- $right = regexMatch ($rule.number | default "^-$") $text -}}
{{- end -}}
{{- if not $right -}}
{{ index . 0 }}: {{ toRawJson $value }} is not {{ $rule.wrong }}; write {{ $rule.write }}.
{{ end -}}
{{- end }}

{{/* Takes (list place toleration). A sentence a line for each thing that is wrong with it. */}}
{{- define "model.wrongToleration" -}}
{{- $place := index . 0 -}}
{{- $own := index . 1 -}}
{{- if kindIs "map" $own -}}
{{- if not (and $own.key (kindIs "string" $own.key)) -}}
{{ $place }}.key: is missing; write the taint's key as text.
{{ end -}}
{{- if hasKey $own "operator" -}}
{{ $place }}.operator: is not a value here; remove it: with a value it is Equal, without one Exists.
{{ end -}}
{{- range omit $own "key" "value" "effect" "operator" | keys | sortAlpha -}}
{{ $place }}.{{ . }}: is not a value here; write one of effect, key, value.
{{ end -}}
{{- if not (kindIs "string" ($own.value | default "")) -}}
{{ $place }}.value: {{ toRawJson $own.value }} is not text; write it in quotes.
{{ end -}}
{{- if not (has ($own.effect | default "NoSchedule") (list "NoSchedule" "PreferNoSchedule" "NoExecute")) -}}
{{ $place }}.effect: {{ toRawJson $own.effect }} is not an effect; write NoSchedule, PreferNoSchedule or NoExecute.
{{ end -}}
{{- else -}}
{{ $place }}: {{ toRawJson $own }} is not a toleration; write one such as {key: gpu, effect: NoSchedule}.
{{ end -}}
{{- end }}
