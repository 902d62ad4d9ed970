"""A model as ONNX, by the converters that there are."""
# The libraries are in the environment that this runs in.
# pyright: reportMissingImports=false

import copy
from typing import Any

from describing import steps


def export(model: Any, given: dict[str, Any]) -> bytes:
    """The model as ONNX: a matrix where all columns are numbers, else an input a column."""
    import skl2onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    width = len(given["names"])
    if given["form"] == "texts":
        inputs = [("text", StringTensorType([None, 1]))]
    elif given["form"] == "table" and hasattr(steps(model)[0], "transformers_"):
        kinds = [given["types"][name] for name in given["names"]]
        made = [StringTensorType if each == "object" else FloatTensorType for each in kinds]
        inputs = [(n, type_([None, 1])) for n, type_ in zip(given["names"], made, strict=True)]
    else:
        inputs = [("X", FloatTensorType([None, width]))]
    if given["kind"] in ("xgboost", "lightgbm"):
        return exported_booster(model, given["kind"], width)
    model = with_texts_for_gaps(model)
    for register in (register_xgboost, register_lightgbm):
        register(model)
    options = {id(model): {"zipmap": False}} if given["calls"][1:] == ["predict_proba"] else None
    # Of some models the converter knows no newer operators than those of 3.
    opsets = {"": 18, "ai.onnx.ml": 3}
    made: Any = skl2onnx.convert_sklearn(
        model, "model", inputs, options=options, target_opset=opsets
    )
    return made.SerializeToString()


def with_texts_for_gaps(model: Any) -> Any:
    """A copy that fills a text's gap where that is an empty text, as it is in ONNX."""
    model = copy.deepcopy(model)
    for _, part, _ in getattr(steps(model)[0], "transformers_", []):
        for each in steps(part):
            filled = getattr(each, "statistics_", None)
            if filled is not None and filled.dtype.kind in "OU":
                each.missing_values = ""
    return model


def exported_booster(model: Any, kind: str, width: int) -> bytes:
    """A booster of a library's own as ONNX."""
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType

    inputs = [("X", FloatTensorType([None, width]))]
    if kind == "xgboost":
        model.feature_names = None  # the converter knows features by their number alone
        made = onnxmltools.convert_xgboost(model, "model", inputs)
    else:
        made = onnxmltools.convert_lightgbm(model, "model", inputs, zipmap=False)
    return made.SerializeToString()


def register_xgboost(model: Any) -> None:
    """Let skl2onnx know the parts of a model that are XGBoost's."""
    for part in steps(model):
        if type(part).__module__.startswith("xgboost"):
            part.get_booster().feature_names = None  # as above
            from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost

            registered(part, convert_xgboost)


def register_lightgbm(model: Any) -> None:
    """Let skl2onnx know the parts of a model that are LightGBM's."""
    for part in steps(model):
        if type(part).__module__.startswith("lightgbm"):
            from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm

            registered(part, convert_lightgbm)


def registered(part: Any, converter: Any) -> None:
    """Let skl2onnx convert a class by a converter."""
    from skl2onnx import update_registered_converter
    from skl2onnx.common.shape_calculator import (
        calculate_linear_classifier_output_shapes,
        calculate_linear_regressor_output_shapes,
    )

    classifies = hasattr(part, "predict_proba")
    shapes = (
        calculate_linear_classifier_output_shapes
        if classifies
        else calculate_linear_regressor_output_shapes
    )
    options = {"nocl": [True, False], "zipmap": [True, False, "columns"]} if classifies else None
    update_registered_converter(type(part), type(part).__name__, shapes, converter, options=options)
