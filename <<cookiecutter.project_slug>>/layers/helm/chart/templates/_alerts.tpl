{{/* What a Prometheus warns of: infra/alerts.yaml, by make chart-lint. */}}
{{- define "model.alerts" -}}
- alert: ModelErrors
  expr: sum(rate(model_serving_requests_total{$OF,status=~"5.."}[5m])) / sum(rate(model_serving_requests_total{$OF}[5m])) > 0.01
  for: 5m
  severity: critical
  summary: More than one in a hundred answers of $NAME are errors of the server.
- alert: ModelSlow
  expr: histogram_quantile(0.99, sum by (le) (rate(model_serving_latency_seconds_bucket{$OF}[5m]))) > 1
  for: 10m
  severity: warning
  summary: One in a hundred answers of $NAME takes more than a second.
- alert: ModelQueue
  expr: avg(model_serving_queued{$OF}) > 8
  for: 5m
  severity: warning
  summary: More than eight requests wait in each pod of $NAME.
- alert: ModelNotReady
  expr: (count(model_serving_load_seconds{$OF} > 0) or vector(0)) == 0
  for: 5m
  severity: critical
  summary: No pod of $NAME has loaded its model, or Prometheus reaches none.
- alert: ModelWithoutTraffic
  expr: (sum(rate(model_serving_requests_total{$OF}[30m])) or vector(0)) == 0
  for: 1h
  severity: info
  summary: Nobody has called $NAME for an hour.
{{- end }}
