{{/* Takes the root. Fails with every reason why these values can't work, one a line; else nothing. */}}
{{- define "model.check" -}}
{{- $problems := list -}}
{{- $v := .Values -}}
{{- /* Of a parent chart, and of charts that stand in this one. */ -}}
{{- $own := omit $v "global" -}}
{{- range $name, $_ := .Subcharts -}}
{{- $own = omit $own $name -}}
{{- end -}}
{{- range $name, $value := $own -}}
{{- if and (kindIs "bool" $value) (not $.Chart.IsRoot) -}}
{{- /* Its condition, whatever it is called. */ -}}
{{- $own = omit $own $name -}}
{{- end -}}
{{- end -}}
{{- $alone := include "model.unknown" (list $own .defaults "") -}}
{{- $alone = printf "%s\n%s" $alone (include "model.wrong" .) -}}
{{- if .Release.IsUpgrade -}}
{{- $served := dig "spec" "selector" "api-version" $v.apiVersion (lookup "v1" "Service" .Release.Namespace (include "model.name" .)) -}}
{{- if ne (toString $served) (toString $v.apiVersion) -}}
{{- $problems = append $problems (printf "apiVersion: is %v, and this Helm release serves %s, whose clients would lose it; write %s, or install %v as a Helm release of its own." $v.apiVersion $served $served $v.apiVersion) -}}
{{- end -}}
{{- end -}}
{{- $name := include "model.name" . -}}
{{- if not (or $v.fullnameOverride (regexMatch "^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$" $name)) -}}
{{- $problems = append $problems (printf "the Helm release's name: %s can't be a Service's; use at most 63 of a-z, 0-9 and -, a letter first." $name) -}}
{{- end -}}
{{- if hasPrefix "registry.example.com/" (toString $v.image.repository) -}}
{{- $problems = append $problems (printf "image.repository: %s is a placeholder; write your own." $v.image.repository) -}}
{{- end -}}
{{- if and $v.maxBodyBytes (or (lt (int64 $v.maxBodyBytes) 1024) (gt (int64 $v.maxBodyBytes) 100000000)) -}}
{{- $problems = append $problems (printf "maxBodyBytes: is %d; write 0, or 1024 to 100000000." (int64 $v.maxBodyBytes)) -}}
{{- end -}}
{{- if has $v.expose (list "gateway" "ingress") -}}
{{- if not (or $v.routing.host $v.routing.hosts) -}}
{{- $problems = append $problems (printf "routing.host: is empty, and expose is %s; write the host name." $v.expose) -}}
{{- end -}}
{{- end -}}
{{- if and $v.routing.host $v.routing.hosts -}}
{{- $problems = append $problems "routing.hosts: is set beside host; put both into hosts, and empty host." -}}
{{- end -}}
{{- if ne (len (uniq $v.routing.hosts)) (len $v.routing.hosts) -}}
{{- $problems = append $problems "routing.hosts: has a name twice; remove one." -}}
{{- end -}}
{{- if and $v.gateways (or $v.gateway.name $v.gateway.namespace) -}}
{{- $problems = append $problems "gateways: is set beside gateway; put both into gateways, and empty gateway." -}}
{{- end -}}
{{- if and (eq $v.expose "gateway") (not $v.gateways) (not (and $v.gateway.name $v.gateway.namespace)) -}}
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
{{- range $key := list "allowFrom" "allowBlocks" "allowPorts" "call" -}}
{{- if and (not $v.network.enforce) (get $v.network $key) -}}
{{- $problems = append $problems (printf "network.%s: is set, and enforce is false; empty it, or write enforce: true." $key) -}}
{{- end -}}
{{- end -}}
{{- range $i, $call := $v.network.call -}}
{{- if and (kindIs "map" $call) (eq (toJson $call.ports) "[]") -}}
{{- $problems = append $problems (printf "network.call.%d.ports: is empty; list the TCP ports, such as 443." $i) -}}
{{- end -}}
{{- end -}}
{{- if and (eq $v.expose "ingress") $v.network.enforce (not (or $v.network.allowFrom $v.network.allowBlocks)) -}}
{{- $problems = append $problems "network.allowFrom: is empty, so nobody may call; list the Ingress controller's namespace." -}}
{{- end -}}
{{- if and (eq $v.expose "loadBalancer") $v.network.allowFrom -}}
{{- $problems = append $problems "network.allowFrom: is set, and a load balancer's packets come from anywhere; empty it." -}}
{{- end -}}
{{- if and $v.serviceAccount.name $v.serviceAccount.annotations -}}
{{- $problems = append $problems "serviceAccount.annotations: is set beside name, and that ServiceAccount is not the chart's to annotate; remove one of the two." -}}
{{- end -}}
{{- if and $v.resources.cpuLimit (not (regexMatch "(?m)^resources.cpu" $alone)) (lt (include "model.millis" $v.resources.cpuLimit | float64) (include "model.millis" $v.resources.cpu | float64)) -}}
{{- $problems = append $problems (printf "resources.cpuLimit: is %v, and %v are set aside; write that or more." $v.resources.cpuLimit $v.resources.cpu) -}}
{{- end -}}
{{- $paths := list -}}
{{- range $i, $mount := $v.mounts -}}
{{- if kindIs "map" $mount -}}
{{- $path := toString $mount.path | trimSuffix "/" -}}
{{- if and $mount.path (has $path $paths) -}}
{{- $problems = append $problems (printf "mounts.%d.path: %s is another mount's already; write another one." $i $path) -}}
{{- end -}}
{{- $paths = append $paths $path -}}
{{- end -}}
{{- end -}}
{{- /* A number that is none can't be counted. */ -}}
{{- if not (regexMatch "(?m)^(rollout|replicas)" $alone) -}}
{{- $pods := $v.autoscaling.enabled | ternary $v.autoscaling.minReplicas (eq (toString $v.replicas) "external" | ternary 1 $v.replicas) | int -}}
{{- $missing := include "model.pods" (list $v.rollout.maxUnavailable $pods false) | int -}}
{{- $more := include "model.pods" (list $v.rollout.maxSurge $pods true) | int -}}
{{- if ge $missing $pods -}}
{{- $problems = append $problems (printf "rollout.maxUnavailable: %v of %d pods leaves none to answer during a rollout; write 0." $v.rollout.maxUnavailable $pods) -}}
{{- else if and (eq $missing 0) (eq $more 0) -}}
{{- $problems = append $problems "rollout.maxSurge: is 0, and so is maxUnavailable; a rollout could never begin." -}}
{{- end -}}
{{- end -}}
{{- if and $v.autoscaling.enabled (lt (int $v.autoscaling.maxReplicas) (int $v.autoscaling.minReplicas)) -}}
{{- $problems = append $problems "autoscaling.maxReplicas: is less than minReplicas; write as many or more." -}}
{{- end -}}
{{- if ne (empty $v.autoscaling.metric.name) (empty $v.autoscaling.metric.value) -}}
{{- $problems = append $problems "autoscaling.metric: name and value belong together; write both or neither." -}}
{{- end -}}
{{- $start := add $v.startupSeconds $v.rollout.minReadySeconds | int -}}
{{- if and $v.progressSeconds (le (int $v.progressSeconds) $start) -}}
{{- $problems = append $problems (printf "progressSeconds: is %d, and a start may take %d; write 0, or more than that." (int $v.progressSeconds) $start) -}}
{{- end -}}
{{- if and (or $v.metrics.podMonitor.enabled $v.metrics.rules $v.metrics.dashboard) $v.network.enforce (not $v.network.metricsFrom) -}}
{{- $problems = append $problems "network.metricsFrom: is empty, so nobody may read the metrics; list the namespace of Prometheus." -}}
{{- end -}}
{{- if ne (empty $v.clientHeader) (empty $v.clients) -}}
{{- $problems = append $problems "clients: clientHeader and clients belong together; write both or neither." -}}
{{- end -}}
{{- if ne (len (uniq $v.clients)) (len $v.clients) -}}
{{- $problems = append $problems "clients: has a name twice; remove one." -}}
{{- end -}}
{{- if gt (len $v.clients) 100 -}}
{{- $problems = append $problems (printf "clients: has %d names; list at most 100." (len $v.clients)) -}}
{{- end -}}
{{- if ne (empty $v.deprecation.deprecatedOn) (empty $v.deprecation.sunset) -}}
{{- $problems = append $problems "deprecation: deprecatedOn and sunset belong together; write both or neither." -}}
{{- end -}}
{{- if and $v.deprecation.sunset (lt (toString $v.deprecation.sunset) (toString $v.deprecation.deprecatedOn)) -}}
{{- $problems = append $problems (printf "deprecation.sunset: %s is before deprecatedOn; write %s or later." $v.deprecation.sunset $v.deprecation.deprecatedOn) -}}
{{- end -}}
{{- if and $v.deprecation.migrationUrl (not $v.deprecation.deprecatedOn) -}}
{{- $problems = append $problems "deprecation.migrationUrl: is set, and deprecatedOn is not; write it too." -}}
{{- end -}}
{{- $problems = concat (splitList "\n" $alone | compact) $problems -}}
{{- if $problems -}}
{{- fail (printf "these values can't work:\n%s" (join "\n" $problems)) -}}
{{- end -}}
{{- end }}
