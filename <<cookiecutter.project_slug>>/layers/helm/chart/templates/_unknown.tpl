{{/* Takes (list values known place). A sentence a line for each key that there is not. */}}
{{- define "model.unknown" -}}
{{- $known := index . 1 -}}
{{- $place := index . 2 -}}
{{- range $key, $value := index . 0 -}}
{{- if not (hasKey $known $key) -}}
{{ $place }}{{ $key }}: is not a value here; write {{ include "model.meant" (list $key $known) }}, or run make chart-lint if it is new in values.yaml.
{{ else if and (kindIs "map" $value) (kindIs "map" (get $known $key)) (get $known $key) -}}
{{ include "model.unknown" (list $value (get $known $key) (printf "%s%s." $place $key)) }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Takes (list key known). The key that it may be meant for, by its letters or one level below; else all of them. */}}
{{- define "model.meant" -}}
{{- $key := index . 0 -}}
{{- $meant := list -}}
{{- $below := list -}}
{{- range $name, $value := index . 1 -}}
{{- if gt (len $name) 3 -}}
{{- range $i := until (sub (len $name) 1 | int) -}}
{{- /* One letter more, less or another, or two that changed places. */ -}}
{{- if regexMatch (printf "^%s.{1,3}%s$" (substr 0 $i $name) (substr (add $i 2 | int) -1 $name)) $key -}}
{{- $meant = append $meant $name -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (kindIs "map" $value) (hasKey $value $key) -}}
{{- $below = append $below (printf "%s.%s" $name $key) -}}
{{- end -}}
{{- end -}}
{{- with concat $meant $below -}}
{{ first . }}
{{- else -}}
one of {{ index . 1 | keys | sortAlpha | join ", " }}
{{- end -}}
{{- end }}
