{{/* Takes (list root ours). A sentence a line for each thing of `pod` that can't be added. */}}
{{- define "model.wrongPod" -}}
{{- $ours := index . 1 -}}
{{- $env := (index . 0).Values.env -}}
{{- $kinds := dict -}}
{{- with (index . 0).Values.pod -}}
{{- $kinds = include "model.fields" . | fromYaml -}}
{{- end -}}
{{- range $key, $value := (index . 0).Values.pod -}}
{{- if eq $key "server" -}}
{{- if not (kindIs "map" $value) -}}
pod.server: is {{ toRawJson $value }}; write a mapping.
{{ else -}}
{{- range $field, $more := $value -}}
{{- if eq $field "lifecycle" -}}
{{- if not (and (kindIs "map" $more) (eq (keys $more | join " ") "postStart")) -}}
pod.server.lifecycle: is {{ toRawJson $more }}; write postStart alone.
{{ end -}}
{{- else if eq $field "env" -}}
{{ include "model.wrongNames" (list "pod.server.env" $more $ours.env $env) }}
{{- else if eq $field "volumeMounts" -}}
{{ include "model.wrongNames" (list "pod.server.volumeMounts" $more $ours.volumes dict) }}
{{- else -}}
pod.server.{{ $field }}: can't be added to the server; write one of env, lifecycle, volumeMounts.
{{ end -}}
{{- if has $field (list "env" "lifecycle" "volumeMounts") -}}
{{ include "model.misspelt" (list (printf "pod.server.%s" $field) $more (get $kinds.Container $field) $kinds) }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- else if has $key $ours.added -}}
{{ include "model.wrongNames" (list (printf "pod.%s" $key) $value (get $ours (replace "initC" "c" $key) | default dict) dict) }}
{{ include "model.misspelt" (list (printf "pod.%s" $key) $value (get $kinds.PodSpec $key) $kinds) }}
{{- else if hasKey $ours.pod $key -}}
pod.{{ $key }}: is set by this chart; {{ with get $ours.pod $key }}write {{ . }}{{ else }}remove it{{ end }}.
{{ else if not (has $key $ours.free) -}}
pod.{{ $key }}: is no field of a pod; write one as in https://kubernetes.io/docs/reference/kubernetes-api/.
{{ else -}}
{{ include "model.misspelt" (list (printf "pod.%s" $key) $value (get $kinds.PodSpec $key) $kinds) }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Takes (list place value held kinds). A sentence a line for each field that there is not. held: a kind, in brackets that of entries, or nothing. */}}
{{- define "model.misspelt" -}}
{{- $place := index . 0 -}}
{{- $value := index . 1 -}}
{{- $held := index . 2 -}}
{{- $kinds := index . 3 -}}
{{- if and (kindIs "slice" $held) (kindIs "slice" $value) -}}
{{- range $i, $entry := $value -}}
{{ include "model.misspelt" (list (printf "%s.%d" $place $i) $entry (first $held) $kinds) }}
{{- end -}}
{{- else if and $held (kindIs "string" $held) (kindIs "map" $value) -}}
{{- $fields := get $kinds $held -}}
{{- range $key, $entry := $value -}}
{{- if hasKey $fields $key -}}
{{ include "model.misspelt" (list (printf "%s.%s" $place $key) $entry (get $fields $key) $kinds) }}
{{- else -}}
{{ $place }}.{{ $key }}: is no field of {{ $held }}; write {{ include "model.meant" (list $key $fields) }}.
{{ end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Takes (list place entries ours taken). The same of entries of a list that have no name, or a name that is taken. */}}
{{- define "model.wrongNames" -}}
{{- $place := index . 0 -}}
{{- $ours := index . 2 -}}
{{- $taken := index . 3 -}}
{{- if not (kindIs "slice" (index . 1)) -}}
{{ $place }}: is {{ toRawJson (index . 1) }}; write a list.
{{ else -}}
{{- range $i, $entry := index . 1 -}}
{{- if not (kindIs "map" $entry) -}}
{{ $place }}.{{ $i }}: is {{ toRawJson $entry }}; write a mapping.
{{ else if eq $place "pod.tolerations" -}}
{{- else if not (and $entry.name (kindIs "string" $entry.name)) -}}
{{ $place }}.{{ $i }}.name: is missing; add it.
{{ else if hasKey $ours $entry.name -}}
{{ $place }}.{{ $i }}.name: {{ $entry.name }} is set by this chart; {{ with get $ours $entry.name }}write {{ . }}{{ else }}remove it{{ end }}.
{{ else if hasKey $taken $entry.name -}}
{{ $place }}.{{ $i }}.name: {{ $entry.name }} is in env too; remove one of the two.
{{ else if and (regexMatch "[vV]olume" $place) (regexMatch "^mount-[0-9]+$" $entry.name) -}}
{{ $place }}.{{ $i }}.name: {{ $entry.name }} is set by this chart; write mounts.
{{ end -}}
{{- end -}}
{{- end -}}
{{- end }}
