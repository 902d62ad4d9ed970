"""Twelve models: `make FOLDER` writes each with a sample, `answer FOLDER NAME` asks its library.

It runs in an environment of its own, which has the libraries. To the rows that it reads from its
standard input, objects as a request has them, it writes what the library answers, rounded as it is
served.
"""

import importlib.util
import json
import shutil
import sys
from pathlib import Path

FOLDER = Path(sys.argv[2])


def package(name):
    """Where a package is installed."""
    return Path(importlib.util.find_spec(name).origin).parent


def pickled(name, model):
    """A model of scikit-learn's as a file."""
    import joblib

    joblib.dump(model, FOLDER / f"{name}.joblib")


def sample(name, table):
    """Rows as CSV: the first 200 of a table."""
    table.head(200).to_csv(FOLDER / f"{name}.csv", index=False)


def lines(name, rows):
    """Rows as JSON Lines."""
    text = "".join(f"{json.dumps(row)}\n" for row in rows)
    FOLDER.joinpath(f"{name}.jsonl").write_text(text, "utf-8")


def data(loader):
    """Columns and target of a data set that scikit-learn ships, in an order that tells nothing."""
    import sklearn.datasets

    found = getattr(sklearn.datasets, f"load_{loader}")(as_frame=True)
    table = found.frame.sample(frac=1, random_state=0).reset_index(drop=True)
    return table[found.feature_names], table["target"], found.get("target_names")


def texts():
    """Sentences on wines and on flowers: the descriptions of two data sets, line by line."""
    from sklearn.datasets import load_iris, load_wine

    both = {"flower": load_iris().DESCR, "wine": load_wine().DESCR}
    found = [(line.strip(), kind) for kind, text in both.items() for line in text.splitlines()]
    return [each for each in found if any(letter.isalpha() for letter in each[0])]


def mixed():
    """Columns of numbers and texts, some values missing."""
    import numpy as np
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    table, target, names = data("wine")
    table = table[["alcohol", "hue", "proline"]].copy()
    table["bottle"] = np.where(table["proline"] > 700, "tall", "small")
    source = np.random.default_rng(0)
    for name in ("hue", "bottle"):
        table.loc[source.random(len(table)) < 0.1, name] = np.nan
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    kinds = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
    )
    parts = [("n", numbers, ["alcohol", "hue", "proline"]), ("c", kinds, ["bottle"])]
    labels = np.array([str(each) for each in names])[target]
    pickled(
        "mixed", make_pipeline(ColumnTransformer(parts), LogisticRegression()).fit(table, labels)
    )
    sample("mixed", table)


def text():
    """Words by TF-IDF."""
    import pandas as pd
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    rows, kinds = zip(*texts(), strict=True)
    pickled("text", make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(rows, kinds))
    sample("text", pd.DataFrame({"text": rows}))


def several():
    """Two numbers at once."""
    from sklearn.ensemble import RandomForestRegressor

    table, target, _ = data("diabetes")
    both = table[["bmi", "bp"]].assign(target=target)[["target", "bmi"]]
    own = table.drop(columns=["bmi"])
    pickled("several", RandomForestRegressor(16, max_depth=5, random_state=0).fit(own, both))
    sample("several", own)


def quantile():
    """The upper end of what is to be expected."""
    from sklearn.ensemble import GradientBoostingRegressor

    table, target, _ = data("diabetes")
    model = GradientBoostingRegressor(loss="quantile", alpha=0.9, n_estimators=30, random_state=0)
    pickled("quantile", model.fit(table, target))
    sample("quantile", table)


def odd():
    """What is unlike the others."""
    from sklearn.ensemble import IsolationForest

    table, _, _ = data("wine")
    pickled("odd", IsolationForest(n_estimators=32, random_state=0).fit(table))
    sample("odd", table)


def calibrated():
    """Probabilities that are calibrated."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.naive_bayes import GaussianNB

    table, target, _ = data("iris")
    model = CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=3)
    pickled("calibrated", model.fit(table, target))
    sample("calibrated", table)


def ranker():
    """Which of a query's documents come first."""
    import lightgbm

    table, target, _ = data("digits")
    model = lightgbm.LGBMRanker(n_estimators=20, n_jobs=1, verbose=-1, random_state=0)
    own = table.loc[:, table.nunique() > 2].iloc[:, :12]
    groups = [*[20] * (len(own) // 20), len(own) % 20]
    model.fit(own, (target > 4).astype(int), group=groups)
    model.booster_.save_model(FOLDER / "ranker.txt")
    sample("ranker", own)


def tumours():
    """Names with dots, blanks and brackets."""
    import xgboost

    table, target, _ = data("breast_cancer")
    own = table.iloc[:, :8]
    own.columns = [f"{each.replace(' ', '.')} (mm)" for each in own.columns]
    matrix = xgboost.DMatrix(own, target)
    options = {"objective": "binary:logistic", "max_depth": 3, "seed": 0, "nthread": 1}
    xgboost.train(options, matrix, 20).save_model(FOLDER / "tumours.ubj")
    sample("tumours", own)


def custom():
    """A class of somebody's own."""
    from ratios import Ratios
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline

    table, target, _ = data("diabetes")
    pickled("custom", make_pipeline(Ratios(), Ridge()).fit(table, target))
    sample("custom", table)


def files():
    """What a file holds, by its first and last bytes."""
    source = package("magika") / "models/standard_v3_3"
    shutil.copy(source / "model.onnx", FOLDER / "files.onnx")
    shutil.copy(source / "config.min.json", FOLDER / "files.json")
    rows = [(text * 60).encode()[:1024] for text, _ in texts() if len(text) > 20][:40]
    lines("files", [{"bytes": [*row, *row]} for row in rows])


def speech():
    """Whether somebody speaks: it remembers what it heard before."""
    import numpy as np

    shutil.copy(package("silero_vad") / "data/silero_vad.onnx", FOLDER / "speech.onnx")
    source = np.random.default_rng(0)
    rows = source.uniform(-1, 1, (40, 576)).round(4)
    lines("speech", [{"input": row} for row in rows.tolist()])


def words():
    """The vectors of texts, by a function that is in the project already."""
    source = package("wordllama")
    shutil.copy(source / "weights/l2_supercat_256.safetensors", FOLDER / "words.safetensors")
    tokens = source / "tokenizers/l2_supercat_tokenizer_config.json"
    shutil.copy(tokens, FOLDER / "tokens.json")
    lines("words", [{"text": text} for text, _ in texts()[:100]])


def numbers(array):
    """Numbers to 6 decimals."""
    import numpy as np

    return np.asarray(array).astype(float).round(6).tolist()


def named(**columns):
    """A row's answer as an object."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def of_sklearn(name, rows):
    """What a model of scikit-learn's answers."""
    import joblib
    import numpy as np
    import pandas as pd

    model = joblib.load(FOLDER / f"{name}.joblib")
    table = pd.DataFrame(rows).fillna(np.nan)
    if name == "text":
        table = table["text"]
    if name == "odd":
        anomalies = (model.predict(table) < 0).tolist()
        return named(anomaly=anomalies, score=numbers(model.decision_function(table)))
    found = model.predict(table)
    if name in ("mixed", "text", "calibrated"):
        highest = model.predict_proba(table).max(axis=1)
        return named(label=found.tolist(), probability=numbers(highest))
    return named(**{"values" if name == "several" else "value": numbers(found)})


def of_ranker(_, rows):
    """What LightGBM answers."""
    import lightgbm
    import pandas as pd

    model = lightgbm.Booster(model_file=FOLDER / "ranker.txt")
    return named(score=numbers(model.predict(pd.DataFrame(rows), num_threads=1)))


def of_tumours(_, rows):
    """What XGBoost answers."""
    import numpy as np
    import pandas as pd
    import xgboost

    model = xgboost.Booster({"nthread": 1}, model_file=FOLDER / "tumours.ubj")
    positive = model.predict(xgboost.DMatrix(pd.DataFrame(rows)))
    both = np.column_stack([1 - positive, positive])
    return named(label=both.argmax(axis=1).tolist(), probability=numbers(both.max(axis=1)))


def of_files(_, rows):
    """What Magika's own network answers, before its rules for short texts."""
    import numpy as np
    from magika import Magika
    from magika.types import ModelFeatures

    whole, labels = Magika(), json.loads(FOLDER.joinpath("files.json").read_text("utf-8"))
    rest = [[]] * 4
    given = [ModelFeatures(r["bytes"][:1024], [], r["bytes"][1024:], *rest) for r in rows]
    found = np.array(whole._get_raw_predictions([(FOLDER, each) for each in given]))
    names = [labels["target_labels_space"][i] for i in found.argmax(axis=1)]
    return named(label=names, probability=numbers(found.max(axis=1)))


def of_speech(_, rows):
    """What the network answers to the first moment of a recording."""
    import numpy as np
    import onnxruntime

    session = onnxruntime.InferenceSession(FOLDER / "speech.onnx")
    rest = {"state": np.zeros((2, 1, 128), np.float32), "sr": np.array(16_000)}
    each = (np.array([row["input"]], np.float32) for row in rows)
    return named(value=[numbers(session.run(None, {"input": x, **rest})[0][0, 0]) for x in each])


def of_words(_, rows):
    """What WordLlama answers, to each text alone."""
    from wordllama import WordLlama

    model = WordLlama.load(cache_dir=package("wordllama"), disable_download=True)
    return named(value=[numbers(model.embed([row["text"]])[0]) for row in rows])


if __name__ == "__main__":
    if sys.argv[1] == "make":
        made = (calibrated, custom, files, mixed, odd, quantile, ranker, several, speech, text)
        for each in (*made, tumours, words):
            each()
    else:
        of = {"ranker": of_ranker, "tumours": of_tumours, "files": of_files}
        of |= {"speech": of_speech, "words": of_words}
        print(json.dumps(of.get(sys.argv[3], of_sklearn)(sys.argv[3], json.load(sys.stdin))))
