"""`make adopt` of models that nobody has thought of: served, or a sentence, and never a fault."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.asking import asking
from tests.conftest import SAME_EACH_TIME
from tests.project import ROOT

SCRIPTS = ROOT / "tests/adopting"
LINEAR = ("LinearRegression()", "Ridge()", "MultiOutputRegressor(Ridge())")
CLASSIFIERS = (
    *("LogisticRegression()", "RandomForestClassifier(4)", "GaussianNB()", "SVC()", "LinearSVC()"),
    *("HistGradientBoostingClassifier(max_iter=4)", "KNeighborsClassifier(3)", "NearestCentroid()"),
    *("DecisionTreeClassifier()", "MLPClassifier(4, max_iter=20)", "DummyClassifier()"),
    *("CalibratedClassifierCV(GaussianNB(), cv=2)", "GridSearchCV(SVC(), {'C': [1, 2]}, cv=2)"),
    "VotingClassifier([('a', LogisticRegression()), ('b', GaussianNB())], voting='soft')",
    *("OneVsRestClassifier(LogisticRegression())", "AdaBoostClassifier(n_estimators=3)"),
)
# What learns which kind of answers.
ESTIMATORS: dict[str, tuple[str, ...]] = {
    "numbers": (
        *("LinearRegression()", "KNeighborsRegressor(3)", "GradientBoostingRegressor()", "SVR()"),
        *("HistGradientBoostingRegressor(max_iter=4)", "GaussianProcessRegressor()"),
        *("TransformedTargetRegressor(LinearRegression())", "DummyRegressor()", "HuberRegressor()"),
        "StackingRegressor([('a', Ridge())])",
    ),
    "positive": ("PoissonRegressor()", "GammaRegressor()"),
    "two numbers": (*LINEAR, "RandomForestRegressor(4)", "RegressorChain(Ridge())"),
    "words": CLASSIFIERS,
    "truths": CLASSIFIERS,
    "halves": (*CLASSIFIERS, "FixedThresholdClassifier(LogisticRegression(), threshold=0.7)"),
    "minus": CLASSIFIERS,
    "floats": CLASSIFIERS,
    "several": (
        *("RandomForestClassifier(4)", "MultiOutputClassifier(LogisticRegression())"),
        *("KNeighborsClassifier(3)", "MLPClassifier(4, max_iter=20)"),
    ),
    "several words": ("RandomForestClassifier(4)", "MultiOutputClassifier(SVC())"),
    "nothing": (
        *(
            "IsolationForest(8)",
            "OneClassSVM()",
            "LocalOutlierFactor(3, novelty=True)",
            "KMeans(2)",
        ),
        *("LocalOutlierFactor(3)", "DBSCAN()", "GaussianMixture(2)", "PCA(1)", "StandardScaler()"),
    ),
}
ENCODERS = (
    *("OneHotEncoder()", "OneHotEncoder(handle_unknown='ignore')", "OrdinalEncoder()"),
    "OrdinalEncoder(handle_unknown='use_encoded_value', unknown_value=-1)",
)
KINDS = {
    "table": ("float", "int"),
    "array": ("float", "int"),
    "frame": ("float", "int", "bool", "category", "text"),
    "texts": ("text",),
}


@st.composite
def models(draw: st.DrawFn) -> dict[str, object]:
    """What is trained on which rows, and what of it is given to `make adopt`."""
    form = draw(st.sampled_from([*KINDS]))
    most = 1 if form == "texts" else 4
    names = st.text(min_size=1, max_size=12)
    target = draw(st.sampled_from([*ESTIMATORS]))
    columns = [
        {
            "name": name,
            "kind": draw(st.sampled_from(KINDS[form])),
            "scale": draw(st.sampled_from([1, 1e-9, 1e6, 1e30])),
            "shift": draw(st.sampled_from([0, 5])),
            "many": draw(st.integers(1, 40)),
            "gaps": draw(st.booleans()) and form != "texts",
        }
        for name in draw(st.lists(names, min_size=1, max_size=most, unique=True))
    ]
    return {
        "form": form,
        "columns": columns,
        "target": target,
        "estimator": draw(st.sampled_from(ESTIMATORS[target])),
        "encoder": draw(st.sampled_from(ENCODERS)),
        "filled": draw(st.booleans()),
        "rows": draw(st.sampled_from([12, 60])),
        "seed": draw(st.integers(0, 999)),
        "format": draw(st.sampled_from(["joblib", "skops"])),
        "rows_as": draw(st.sampled_from(["csv", "jsonl"])),
        "with_sample": draw(st.booleans()),
    }


@pytest.fixture(scope="module")
def adopted(
    prepared: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[object], str]]:
    """Asks a process in a project what becomes of a model; its environment is made once."""
    folder = tmp_path_factory.mktemp("estimators")
    with asking(prepared("lambda"), SCRIPTS / "estimators.py", folder, SCRIPTS) as ask:
        yield lambda model: json.loads(ask(model))


def judge(model: object, adopted: Callable[[object], str]) -> None:
    """Served and all of it green, refused by a sentence, or never a model."""
    said = adopted(model)
    kinds = r"served: as (ONNX|it is)|untrained: .+|refused: [^\n]+(:\n(  .+\n?)+|[.:…}!])"
    assert re.fullmatch(kinds, said), said


# What was at fault once: answers of several texts each, letters of two columns, names longer than
# a line, and more categories than are shown.
KNOWN = {
    "texts-as-onnx": {"target": "several words", "estimator": "MultiOutputClassifier(SVC())"},
    "texts": {"target": "several words", "form": "frame"},
    "wide-letters": {"form": "texts", "columns": [{"name": "\uff46 " * 30, "kind": "text"}]},
    "long-names": {"form": "frame", "columns": [{"name": "very long " * 9, "kind": "text"}]},
    "many-categories": {
        "form": "frame",
        "columns": [{"name": "one", "kind": "category"}, {"name": "two", "kind": "int"}],
    },
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_was_at_fault_once_is_served(name: str, adopted: Callable[[object], str]) -> None:
    model: dict[str, object] = {
        "form": "array",
        "columns": [{"name": "one", "kind": "float"}],
        "target": "words",
        "estimator": "RandomForestClassifier(4)",
        "encoder": "OneHotEncoder()",
        "filled": False,
        "rows": 60,
        "seed": 0,
        "format": "joblib",
        "rows_as": "jsonl",
        "with_sample": True,
    } | KNOWN[name]
    whole = {"scale": 1, "shift": 0, "many": 40, "gaps": False}
    model["columns"] = [whole | dict(each) for each in model["columns"]]  # type: ignore[union-attr]
    assert adopted(model).startswith("served: ")


@settings(SAME_EACH_TIME, max_examples=8)
@given(model=models())
def test_any_model_is_served_or_refused_by_a_sentence(
    model: dict[str, object], adopted: Callable[[object], str]
) -> None:
    judge(model, adopted)


@pytest.mark.full
@settings(SAME_EACH_TIME, max_examples=150)
@given(model=models())
def test_many_models_are_served_or_refused_by_a_sentence(
    model: dict[str, object], adopted: Callable[[object], str]
) -> None:
    judge(model, adopted)
