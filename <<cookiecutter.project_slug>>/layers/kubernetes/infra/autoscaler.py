"""What decides on the number of pods of one API version."""

import pulumi
import pulumi_kubernetes as k8s

from infra.replicas import Autoscaling

# What Kubernetes waits for by itself before pods go, in seconds.
SCALE_DOWN_SECONDS = 300


def autoscaler(
    own: Autoscaling, deployment: pulumi.Input[str]
) -> k8s.autoscaling.v2.HorizontalPodAutoscalerSpecArgsDict:
    """It follows the use of processors, and a metric of the pods where one is named."""
    metrics: list[k8s.autoscaling.v2.MetricSpecArgsDict] = [
        {
            "type": "Resource",
            "resource": {
                "name": "cpu",
                "target": {"type": "Utilization", "average_utilization": own.cpu_percent},
            },
        }
    ]
    if own.metric:
        target: k8s.autoscaling.v2.MetricTargetArgsDict = {
            "type": "AverageValue",
            "average_value": str(own.metric.value),
        }
        pods: k8s.autoscaling.v2.PodsMetricSourceArgsDict = {
            "metric": {"name": own.metric.name},
            "target": target,
        }
        metrics.append({"type": "Pods", "pods": pods})
    spec: k8s.autoscaling.v2.HorizontalPodAutoscalerSpecArgsDict = {
        "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": deployment},
        "min_replicas": own.min_replicas,
        "max_replicas": own.max_replicas,
        "metrics": metrics,
    }
    if own.scale_down_seconds != SCALE_DOWN_SECONDS:
        down: k8s.autoscaling.v2.HPAScalingRulesArgsDict = {
            "stabilization_window_seconds": own.scale_down_seconds
        }
        spec["behavior"] = {"scale_down": down}
    return spec
