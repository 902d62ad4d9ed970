{{/* What each value has to be like, by its place. text: of a text. number: of a number; without it none will do. */}}
{{/* also: a second pattern; not: one that it must not be like. most: characters. greatest: number. The rest is the sentence for one that isn't. */}}
{{/* each: of all items. map: of all values of a mapping, whose keys are like key and not among ours. */}}
{{/* fields: of a mapping with these keys; needs: those that must be there; one: of these there is one. */}}
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
resources.cpuLimit:
  text: '^([1-9][0-9]*(m|\.[0-9]+)?|0\.[0-9]*[1-9][0-9]*)?$'
  number: *cpu
  wrong: a number of processors
  write: one such as 500m or "2"
resources.ephemeralStorage: &size
  text: '^(([1-9][0-9]*(\.[0-9]+)?|0\.[0-9]*[1-9][0-9]*)(Mi|Gi))?$'
  wrong: a size
  write: one such as 64Mi or 2Gi
resources.devices:
  map: true
  key: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*/[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$'
  keyWrong: the name of a device
  keyWrite: one such as nvidia.com/gpu
  number: '^[1-9][0-9]?$'
  greatest: 64
  text: '^-$'
  wrong: a number of devices
  write: 1 to 64
labels: &labels
  map: true
  ours: labels
  key: &qualified '^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$'
  keyWrong: the key of a label
  keyWrite: one such as team or example.org/team
  text: '^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$'
  wrong: the value of a label
  write: at most 63 of A-Z, a-z, 0-9, -, _ and ., a letter or digit first and last, in quotes
annotations: &annotations
  map: true
  ours: annotations
  key: *qualified
  keyWrong: the key of an annotation
  keyWrite: one such as team or example.org/team
  text: '(?s)^.*$'
  wrong: text
  write: it in quotes
env:
  map: true
  ours: env
  key: '^[A-Za-z_][A-Za-z0-9_]*$'
  keyWrong: an environment variable
  keyWrite: A-Z, 0-9 and _
  text: '(?s)^.*$'
  wrong: text
  write: it in quotes
nodeSelector:
  map: true
  key: '(?s)^.*$'
  text: '(?s)^.*$'
  wrong: text
  write: it in quotes
serviceAccount.name: &name
  text: '^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?$'
  wrong: a name in Kubernetes
  write: a-z, 0-9, . and -
serviceAccount.annotations: *annotations
runtimeClass: *name
priorityClass: *name
runAsUser:
  text: '^assigned$'
  number: '^[1-9][0-9]{0,9}$'
  greatest: 2147483647
  wrong: a user
  write: assigned, or a number from 1 to 2147483647
tmpSize:
  text: '^([1-9][0-9]*(\.[0-9]+)?|0\.[0-9]*[1-9][0-9]*)(Mi|Gi)$'
  wrong: a size
  write: one such as 64Mi or 2Gi
shmSize: *size
mounts:
  each: true
  fields:
    secret: &own-name
      text: '^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$'
      wrong: a name in Kubernetes
      write: a-z, 0-9, . and -
    configMap: *own-name
    claim: *own-name
    path:
      text: '^(/[A-Za-z0-9._-]+)+/?$'
      not: '/\.\.(/|$)|^/(app|dev|proc|sys)(/|$)|^/tmp/?$'
      wrong: a folder that a pod has free
      write: one such as /etc/ca
    readOnly:
      bool: true
      wrong: true or false
      write: one of the two
  one: [secret, configMap, claim]
  needs: [path]
  example: "{secret: ca, path: /etc/ca}"
replicas:
  text: '^external$'
  number: '^[1-9][0-9]{0,3}$'
  greatest: 1000
  wrong: a number of pods
  write: 1 to 1000, or external
disruption.maxUnavailable:
  text: '^([1-9][0-9]?|100)%$'
  number: '^[1-9][0-9]{0,3}$'
  greatest: 1000
  wrong: a number of pods that may be missing
  write: one such as 1 or "25%"
autoscaling.metric.name:
  text: '^([a-zA-Z_:][a-zA-Z0-9_:]*)?$'
  wrong: the name of a metric
  write: one such as model_serving_queued
metrics.podMonitor.labels: *labels
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
routing.hosts:
  each: true
  text: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$'
  also: '[a-z-]'
  most: 253
  wrong: a host name
  write: one such as iris.example.org
gateways:
  each: true
  fields:
    name: *own-name
    namespace: &namespace
      text: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'
      wrong: a namespace
      write: at most 63 of a-z, 0-9 and -
    listener: *own-name
    https:
      bool: true
      wrong: true or false
      write: one of the two
  needs: [name, namespace]
  example: "{name: public, namespace: gateways}"
gateway.name: *name
gateway.namespace:
  text: '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$'
  wrong: a namespace
  write: at most 63 of a-z, 0-9 and -
gateway.listener: *name
ingress.className: *name
ingress.tlsSecret: *name
ingress.annotations: *annotations
loadBalancer.annotations: *annotations
loadBalancer.class:
  text: '^(([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$'
  wrong: a class of load balancers
  write: one such as service.k8s.aws/nlb
loadBalancer.sourceRanges: &blocks
  each: true
  text: &block '^((25[0-5]|(2[0-4]|1?[0-9])?[0-9])(\.(25[0-5]|(2[0-4]|1?[0-9])?[0-9])){3}/(3[0-2]|[12]?[0-9])|[0-9a-f:]*:[0-9a-f:]+/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))$'
  wrong: a block of addresses
  write: one such as 10.0.0.0/8
network.allowBlocks: *blocks
network.allowPorts: &ports
  each: true
  text: '^-$'
  number: '^[1-9][0-9]{0,4}$'
  greatest: 65535
  wrong: a port
  write: 1 to 65535
network.call:
  each: true
  fields:
    block:
      text: *block
      wrong: a block of addresses
      write: one such as 10.0.0.0/8
    namespace: *namespace
    ports: *ports
  one: [block, namespace]
  needs: [ports]
  example: '{block: 10.0.0.0/8, ports: [443]}'
network.allowFrom: &namespaces
  each: true
  text: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'
  wrong: a namespace
  write: at most 63 of a-z, 0-9 and -
network.metricsFrom: *namespaces
clientHeader:
  text: '^([A-Za-z][A-Za-z0-9-]{0,63})?$'
  not: '(?i)^(authorization|proxy-authorization|cookie)$'
  wrong: a header that holds names
  write: one such as X-Client
clients:
  each: true
  text: '^[A-Za-z0-9._-]{1,64}$'
  not: '^(other|none|make-check)$'
  wrong: a name of a client
  write: at most 64 of A-Z, a-z, 0-9, ., _ and -, and not other, none or make-check
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
{{- $ours := include "model.ours" . | fromYaml -}}
{{- range $place, $rule := include "model.rules" . | fromYaml -}}
{{- $value := $.Values -}}
{{- $default := $.defaults -}}
{{- range splitList "." $place -}}
{{- $value = get $value . -}}
{{- $default = get $default . -}}
{{- end -}}
{{- if deepEqual $value $default -}}{{- /* It is right, and most are. */ -}}
{{- else if or $rule.each $rule.map $rule.fields -}}
{{ include "model.wrongIn" (list $place $value $rule $ours) }}
{{- else -}}
{{ include "model.wrongOne" (list $place $value $rule) }}
{{- end -}}
{{- end -}}
{{ include "model.wrongPod" (list . $ours) }}
{{- range $i, $toleration := .Values.tolerations -}}
{{ include "model.wrongToleration" (list (printf "tolerations.%d" $i) $toleration) }}
{{- end -}}
{{- end }}

{{/* Takes (list place value rule ours). The same of what stands in a list or a mapping. */}}
{{- define "model.wrongIn" -}}
{{- $place := index . 0 -}}
{{- $value := index . 1 -}}
{{- $rule := index . 2 -}}
{{- $ours := index . 3 -}}
{{- if $rule.each -}}
{{- range $i, $item := $value -}}
{{ include "model.wrongIn" (list (printf "%s.%d" $place $i) $item (omit $rule "each") $ours) }}
{{- end -}}
{{- else if $rule.map -}}
{{- $set := get $ours ($rule.ours | default "") | default dict -}}
{{- range $key, $item := $value -}}
{{- if hasKey $set $key -}}
{{ $place }}.{{ $key }}: is set by this chart; {{ with get $set $key }}write {{ . }}{{ else }}remove it{{ end }}.
{{ else if not (regexMatch $rule.key $key) -}}
{{ $place }}.{{ $key }}: {{ toRawJson $key }} is not {{ $rule.keyWrong }}; write {{ $rule.keyWrite }}.
{{ end -}}
{{ include "model.wrongIn" (list (printf "%s.%s" $place $key) $item (omit $rule "map") $ours) }}
{{- end -}}
{{- else if not $rule.fields -}}
{{ include "model.wrongOne" (list $place $value $rule) }}
{{- else if not (kindIs "map" $value) -}}
{{ $place }}: {{ toRawJson $value }} is not a mapping; write one such as {{ $rule.example }}.
{{ else -}}
{{- range $key, $item := $value -}}
{{- if not (hasKey $rule.fields $key) -}}
{{ $place }}.{{ $key }}: is not a value here; write one of {{ keys $rule.fields | sortAlpha | join ", " }}.
{{ else if not (kindIs "invalid" $item) -}}
{{ include "model.wrongIn" (list (printf "%s.%s" $place $key) $item (get $rule.fields $key) $ours) }}
{{- end -}}
{{- end -}}
{{- range $rule.needs -}}
{{- if not (hasKey $value .) -}}
{{ $place }}.{{ . }}: is missing; write one as in {{ $rule.example }}.
{{ end -}}
{{- end -}}
{{- $named := list -}}
{{- range $rule.one -}}
{{- if and (hasKey $value .) (not (kindIs "invalid" (get $value .))) -}}
{{- $named = append $named . -}}
{{- end -}}
{{- end -}}
{{- if and $rule.one (ne (len $named) 1) -}}
{{ $place }}: has {{ len $named }} of {{ join ", " $rule.one }}; write one of them.
{{ end -}}
{{- end -}}
{{- end }}

{{/* Takes (list place value rule). A sentence where the rule doesn't take the value. */}}
{{- define "model.wrongOne" -}}
{{- $value := index . 1 -}}
{{- $rule := index . 2 -}}
{{- $text := toString $value -}}
{{- if kindIs "float64" $value -}}
{{- if eq $value (float64 (int64 $value)) -}}
{{- $text = int64 $value | toString -}}{{/* not 1e+06 */}}
{{- end -}}
{{- end -}}
{{- $right := false -}}
{{- if $rule.bool -}}
{{- $right = kindIs "bool" $value -}}
{{- else if kindIs "string" $value -}}
{{- $right = and (regexMatch $rule.text $text) (not (and $rule.not (regexMatch $rule.not $text))) (regexMatch ($rule.also | default "") $text) -}}
{{- $right = and $right (le (len $text) (int ($rule.most | default 10000))) -}}
{{- if and $right $rule.day $text -}}
{{- /* At noon, because some clocks skip a midnight. */ -}}
{{- $right = eq $text (toDate "2006-01-02 15" (printf "%s 12" $text) | date "2006-01-02") -}}
{{- end -}}
{{- else if or (kindIs "int64" $value) (kindIs "float64" $value) -}}
{{- $right = and (regexMatch ($rule.number | default "^-$") $text) (le (int64 $value) (int64 ($rule.greatest | default 1000000000000))) -}}
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
{{- range omit $own "key" "value" "effect" "seconds" "operator" | keys | sortAlpha -}}
{{ $place }}.{{ . }}: is not a value here; write one of effect, key, seconds, value.
{{ end -}}
{{- if not (kindIs "string" ($own.value | default "")) -}}
{{ $place }}.value: {{ toRawJson $own.value }} is not text; write it in quotes.
{{ end -}}
{{- if not (has ($own.effect | default "NoSchedule") (list "NoSchedule" "PreferNoSchedule" "NoExecute")) -}}
{{ $place }}.effect: {{ toRawJson $own.effect }} is not an effect; write NoSchedule, PreferNoSchedule or NoExecute.
{{ end -}}
{{- if not (kindIs "invalid" $own.seconds) -}}
{{ include "model.wrongOne" (list (printf "%s.seconds" $place) $own.seconds (dict "text" "^-$" "number" "^[0-9]{1,5}$" "greatest" 86400 "wrong" "a time" "write" "0 to 86400 seconds")) }}
{{- if ne (toString $own.effect) "NoExecute" -}}
{{ $place }}.seconds: is set, and only NoExecute ends pods; write effect: NoExecute.
{{ end -}}
{{- end -}}
{{- else -}}
{{ $place }}: {{ toRawJson $own }} is not a toleration; write one such as {key: gpu, effect: NoSchedule}.
{{ end -}}
{{- end }}
